"""Both networks in small: every default is a switch, frozen means frozen, nothing is computed in vain."""

import numpy as np
import pytest
import torch
from torch import nn

from glint_data import models
from glint_data.errors import GlintError
from glint_data.models import ahiq, backbones, glintiqa
from glint_data.models.ahiq import AHIQConfig
from glint_data.models.attention import ChannelAttention
from glint_data.models.deformable import DeformableConv2d
from glint_data.models.glintiqa import GlintIQAConfig
from glint_data.models.normalise import Normalise


def inputs(network, batch=2, seed=0) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    size = network.input_size
    images = [torch.rand(batch, 3, size, size, generator=rng) * 2 - 1 for _ in range(2)]
    return images if network.needs_reference else images[:1]


def small(name: str, **options):
    torch.manual_seed(0)
    return models.create(name, size="tiny", input_size=64, **options)


SWITCHES = [
    *[("glintiqa", switch) for switch, value in vars(GlintIQAConfig()).items() if isinstance(value, bool)],
    *[("ahiq", switch) for switch, value in vars(AHIQConfig()).items() if isinstance(value, bool)],
    ("glintiqa", "attention_heads"),
    ("ahiq", "deform_width"),
]
AS_PUBLISHED = {"attention_heads": 1, "deform_width": 0}


@pytest.mark.parametrize(("name", "switch"), SWITCHES)
def test_every_difference_is_a_switch(name, switch):
    """Turned over alone, the network still trains: gradients reach every trained parameter."""
    now = getattr(small(name).config, switch)
    network = small(name, **{switch: AS_PUBLISHED.get(switch, not now)}).train()
    network(*inputs(network)).sum().backward()
    trained = {label: p for label, p in network.named_parameters() if p.requires_grad}
    # Offsets that begin at zero are no reason for a missing gradient, and a missing one shows as None.
    assert all(parameter.grad is not None for parameter in trained.values())


@pytest.mark.parametrize("module", [glintiqa, ahiq])
def test_exact_is_exact_in_every_size(module):
    for size in ("full", "tiny"):
        with torch.device("meta"):
            config = models.create(
                module.__name__.split(".")[-1], "exact", size=size, pretrained=False
            ).config
        assert {name: getattr(config, name) for name in module.PUBLISHED} == module.PUBLISHED


@pytest.mark.parametrize("name", models.NAMES)
def test_frozen_parts_stay_as_they_are(name):
    network = small(name, freeze_backbones=True).train()
    frozen = [module for part in network.frozen_modules() for module in part.modules()]
    assert frozen and not any(module.training for module in frozen)
    before = {label: value.clone() for label, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    network(*inputs(network)).sum().backward()
    optimizer.step()
    held = {
        id(tensor) for part in network.frozen_modules() for tensor in (*part.parameters(), *part.buffers())
    }
    changed = 0
    for label, value in network.state_dict(keep_vars=True).items():
        same = torch.equal(value, before[label])
        assert same or id(value) not in held, label
        changed += not same
    assert changed > 10


def test_published_batch_norms_drift_and_ours_do_not():
    for drift in (True, False):
        network = small("glintiqa", freeze_backbones=True, frozen_norms_drift=drift).train()
        statistics = network.local_features.taps.backbone.bn1.running_mean
        before = statistics.clone()
        network(*inputs(network))
        assert torch.equal(before, statistics) != drift


def test_nothing_is_kept_beyond_the_last_tap():
    with torch.device("meta"):
        network = models.create("glintiqa", pretrained=False)
        ahiq = models.create("ahiq", pretrained=False, patch_size=16)
    assert len(network.global_features.backbone.blocks) == 10
    names = set(network.state_dict())
    assert not any("layer4" in name or ".fc." in name or "backbone.norm." in name for name in names)
    assert len(ahiq.vit_taps.backbone.blocks) == 5


def test_parameters_are_the_published_number():
    """45.14 M with the dead blocks, norms and heads of both backbones, of which we keep none."""
    with torch.device("meta"):
        exact = models.create("glintiqa", variant="exact", pretrained=False)
        ahiq = models.create("ahiq", variant="exact", pretrained=False)
    dead = 2 * 1_774_464 + 768 + 385_000  # two blocks, the final norm, the classifier
    assert (sum(p.numel() for p in exact.parameters()) + dead) / 1e6 == pytest.approx(45.14, abs=0.01)
    trained = sum(p.numel() for p in ahiq.parameters() if p.requires_grad)
    assert trained / 1e6 == pytest.approx(27.17, abs=0.01)


def test_each_backbone_gets_its_own_normalisation():
    pixels = torch.rand(1, 3, 8, 8)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    expected = (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    torch.testing.assert_close(Normalise(mean, std)(pixels * 2 - 1), expected, atol=1e-5, rtol=1e-5)
    network = models.create("glintiqa", pretrained=False)
    assert network.global_features.normalise.is_identity
    assert not network.local_features.taps.normalise.is_identity


def test_published_attention_is_uniform_and_ours_is_not():
    tokens = torch.randn(1, 196, 48)
    spread = {}
    for learned in (False, True):
        torch.manual_seed(0)
        attention = ChannelAttention(196, 1, learned, False, 0.0)
        query, key = (
            nn.functional.normalize(layer(tokens.transpose(1, 2)), dim=-1)
            for layer in (attention.c_q, attention.c_q)
        )
        scale = attention.log_temperature.exp() if learned else 1 / 14
        logits = scale * query @ key.transpose(1, 2)
        spread[learned] = logits.softmax(-1).max().item() * 48
    assert spread[False] < 1.1 and spread[True] > 5


def brute_force_deformable(features, offsets, weight, bias):
    """The definition, one output at a time."""
    _, channels, height, width = features.shape
    out = np.zeros((weight.shape[0], height, width))

    def at(channel, row, column):
        inside = 0 <= row < height and 0 <= column < width
        return features[0, channel, row, column] if inside else 0.0

    for y, x in np.ndindex(height, width):
        column = np.zeros((channels, 9))
        for tap in range(9):
            row_at = y + tap // 3 - 1 + offsets[0, 2 * tap, y, x]
            column_at = x + tap % 3 - 1 + offsets[0, 2 * tap + 1, y, x]
            top, left = int(np.floor(row_at)), int(np.floor(column_at))
            down, right = row_at - top, column_at - left
            for channel in range(channels):
                column[channel, tap] = (
                    at(channel, top, left) * (1 - down) * (1 - right)
                    + at(channel, top, left + 1) * (1 - down) * right
                    + at(channel, top + 1, left) * down * (1 - right)
                    + at(channel, top + 1, left + 1) * down * right
                )
        out[:, y, x] = (
            weight.reshape(weight.shape[0], channels, 9).transpose(0, 1, 2).reshape(-1, channels * 9)
            @ (column.reshape(-1))
            + bias
        )
    return out


def test_deformable_convolution_is_its_definition():
    rng = np.random.default_rng(1)
    module = DeformableConv2d(3, 4, 3, padding=1)
    features, offsets = rng.standard_normal((1, 3, 5, 7)), 2 * rng.standard_normal((1, 18, 5, 7))
    with torch.no_grad():
        output = module(torch.tensor(features).float(), torch.tensor(offsets).float())
        straight = module(torch.tensor(features).float(), torch.zeros(1, 18, 5, 7))
        plain = nn.functional.conv2d(torch.tensor(features).float(), module.weight, module.bias, padding=1)
    weight, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
    np.testing.assert_allclose(output[0], brute_force_deformable(features, offsets, weight, bias), atol=1e-4)
    torch.testing.assert_close(straight, plain, atol=1e-5, rtol=1e-5)


def test_missing_weights_are_named_with_the_ways_on(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        GlintError, match=r"timm/test_vit.*GLINT_DATA_DOWNLOAD=1.*--backbone-weights FILE.*--from-scratch"
    ):
        models.create("glintiqa", size="tiny", pretrained=True)


def test_pretrained_weights_come_from_the_hub_cache(monkeypatch, tmp_path):
    from safetensors.torch import save_file

    donors = {name: backbones.build_backbone(name)[0] for name in ("test_vit", "test_resnet")}
    for name, donor in donors.items():
        save_file(donor.state_dict(), tmp_path / f"{name}.safetensors")
    requested = []

    def cached(repository, file, **_options):
        requested.append((repository, file))
        return str(tmp_path / f"{repository.removeprefix('timm/').partition('.')[0]}.safetensors")

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", cached)
    network = models.create("glintiqa", size="tiny", pretrained=True)
    weights = network.local_features.taps.backbone.state_dict()
    assert all(
        torch.equal(value, donors["test_resnet"].state_dict()[name]) for name, value in weights.items()
    )
    assert network.provenance == {
        "test_vit": "timm timm/test_vit.r160_in1k",
        "test_resnet": "timm timm/test_resnet.r160_in1k",
    }
    assert len(requested) == 2 and network.config.freeze_backbones


def test_local_weights_are_loaded_and_recorded(tmp_path):
    from safetensors.torch import save_file

    donors = [backbones.build_backbone(name)[0] for name in ("test_vit", "test_resnet")]
    files = [tmp_path / "vit.safetensors", tmp_path / "cnn.pth"]
    save_file(donors[0].state_dict(), files[0])
    torch.save(donors[1].state_dict(), files[1])
    network = models.create("glintiqa", size="tiny", backbone_weights=files)
    for ours, donor in zip((network.global_features, network.local_features.taps), donors, strict=True):
        kept = {name: v for name, v in ours.backbone.state_dict().items() if name != "pos_embed"}
        assert kept and all(torch.equal(value, donor.state_dict()[name]) for name, value in kept.items())
    assert all("local file" in origin and "sha256" in origin for origin in network.provenance.values())
    assert network.config.freeze_backbones
    with pytest.raises(GlintError, match="lacks"):
        models.create("glintiqa", size="tiny", backbone_weights=files[::-1])
    with pytest.raises(GlintError, match="two are needed"):
        models.create("glintiqa", size="tiny", backbone_weights=files[:1])


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("vgg", {}, "there is no network 'vgg'.*glintiqa"),
        ("glintiqa", {"variant": "best"}, "default, exact"),
        ("glintiqa", {"size": "huge"}, "full, lite, nano, tiny"),
        ("glintiqa", {"depth": 3, "pretrained": False}, "no option depth"),
        ("ahiq", {"patch_size": 14, "pretrained": False}, "8 or 16"),
        ("glintiqa", {"cnn": "resnet5", "pretrained": False}, "near it: resnet"),
    ],
)
def test_wrong_names_are_answered_with_the_right_ones(name, options, said):
    with pytest.raises(GlintError, match=said):
        models.create(name, **options)
