"""Any chain of convolutions as the CNN branch: timm's own features, cut, frozen and cached by stage."""

import copy

import pytest
import torch

from glint_data import models
from glint_data.errors import GlintError
from glint_data.models.backbones import build_backbone
from glint_data.models.cnn_taps import CnnTaps, JoinedMaps, NarrowedMaps

FAMILIES = [
    "test_resnet",
    "test_efficientnet",
    "tf_efficientnet_lite0",
    "mobilenetv3_small_050",
    "test_convnext",
    "regnetx_002",
    "densenet121",
]


@pytest.mark.parametrize("name", FAMILIES)
def test_taps_are_what_timm_computes_there(name):
    """Compared with the whole, uncut network by hooks on the modules that timm names."""
    torch.manual_seed(0)
    network, normalise = build_backbone(name)
    whole, found = copy.deepcopy(network).eval(), {}
    known = getattr(whole.feature_info, "info", whole.feature_info)
    for entry in known:
        module = whole.get_submodule(entry["module"])
        module.register_forward_hook(
            lambda _module, _inputs, output, stride=entry["reduction"]: found.__setitem__(stride, output)
        )
    taps = CnnTaps(network, 3, normalise).eval()
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        whole.forward_features(normalise(image))
        ours = taps(image)
        assert taps.widths() == [features.shape[1] for features in ours]
        for stride, features in zip((4, 8, 16), ours, strict=True):
            torch.testing.assert_close(features, found[stride])
        for frozen in range(4):  # begun and finished is the same as at once
            taps.freeze_first(frozen)
            for now, before in zip(taps.finish(taps.begin(image)), ours, strict=True):
                torch.testing.assert_close(now, before)
    kept = sum(p.numel() for p in taps.parameters())
    assert kept < sum(p.numel() for p in whole.parameters())


@pytest.mark.parametrize("name", ["test_vit", "test_mambaout", "hrnet_w18_small"])
def test_other_networks_are_refused(name):
    with pytest.raises(GlintError, match=r"take (a convolutional|another)"):
        models.create("glintiqa", size="tiny", cnn=name)


def test_blocks_of_a_stage_are_joined():
    network, normalise = build_backbone("tf_efficientnet_lite0")
    assert CnnTaps(network, 3, normalise, every_block=True).widths() == [2 * 24, 2 * 40, 3 * 80 + 3 * 112]


def test_narrowing_before_enlarging_is_narrowing_after():
    torch.manual_seed(0)
    maps = [torch.randn(2, 5, 8, 8), torch.randn(2, 3, 4, 4), torch.randn(2, 7, 2, 2)]
    narrowed = NarrowedMaps([5, 3, 7], 4)
    expected = torch.nn.functional.conv2d(JoinedMaps()(maps), narrowed.weight, narrowed.bias)
    torch.testing.assert_close(narrowed(maps), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", models.NAMES)
def test_the_pretrained_branch_alone_is_held(name):
    """In size lite the CNN's first stages keep their weights and statistics; the transformer learns."""
    network = models.create(name, size="lite", input_size=32).train()
    held = {
        id(tensor) for part in network.frozen_modules() for tensor in (*part.parameters(), *part.buffers())
    }
    before = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1.0)
    images = [torch.rand(4, 3, 32, 32) * 2 - 1 for _ in range(1 + network.needs_reference)]
    network(*images).sum().backward()
    optimizer.step()
    changed = {
        key
        for key, value in network.state_dict(keep_vars=True).items()
        if not torch.equal(value, before[key])
    }
    kept = {key for key, value in network.state_dict(keep_vars=True).items() if id(value) in held}
    assert kept and not changed & kept
    assert any("blocks.5.mlp" in key for key in changed)
    assert any("conv_stem" in key for key in kept) and not any("attn" in key for key in kept)


def test_unknown_branches_are_refused():
    with pytest.raises(GlintError, match="known are vit, cnn"):
        models.create("ahiq", size="tiny", pretrained_branches=("resnet",))
