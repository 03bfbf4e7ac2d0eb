"""Published checkpoints as people hold them: older names, wrappers, AHIQ's two parts; trained on and scored with."""

import numpy as np
import pytest
import torch

from glint_data import images, models, training
from glint_data.errors import GlintError
from glint_data.models.ahiq import PARTS
from glint_data.models.glintiqa import GlintIQA
from glint_data.models.published import open_published

TAG = "augreg_in21k_ft_in1k"


@pytest.fixture(scope="module")
def glintiqa() -> torch.nn.Module:
    torch.manual_seed(3)
    network = models.create("glintiqa", "exact", pretrained=False)
    for parameter in network.parameters():
        parameter.data.add_(0.01 * torch.randn_like(parameter))
    return network.eval()


def later_names(network) -> dict[str, torch.Tensor]:
    """A network's tensors as the authors' 2026 release calls them."""
    found = {}
    for name, value in network.state_dict().items():
        theirs = next(
            (
                there + name[len(here) :]
                for there, here in network.published_names.items()
                if name.startswith(here)
            ),
            name,
        )
        found[theirs] = value
    return found


def older_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same as the first release called them."""
    backwards = {later: older for older, later in GlintIQA.earlier_names.items()}
    return {
        next(
            (older + name[len(later) :] for later, older in backwards.items() if name.startswith(later)), name
        ): value
        for name, value in state.items()
    }


@pytest.mark.parametrize("wrapped", ["plain", "state_dict", "model", "module."])
@pytest.mark.parametrize("release", ["later", "older"])
def test_glintiqa_files_of_both_releases_give_the_same_scores(glintiqa, tmp_path, release, wrapped):
    state = later_names(glintiqa)
    if release == "older":
        state = older_names(state)
        assert {
            "transformer.cls_token",
            "att_cnn.c_q.weight",
            "fusion1.c_q.weight",
            "conv1.weight",
            "out.0.weight",
        } <= set(state)
        assert "patch_embed1.proj.weight" in state and not any(name.startswith("vgfe") for name in state)
    if wrapped == "module.":
        state = {f"module.{name}": value for name, value in state.items()}
    torch.save(
        {wrapped: state, "epoch": 3} if wrapped in ("state_dict", "model") else state, tmp_path / "g.pth"
    )
    network = open_published(tmp_path / "g.pth").eval()
    image = torch.rand(1, 3, 224, 224) * 2 - 1
    with torch.inference_mode():
        torch.testing.assert_close(network(image), glintiqa(image), atol=1e-5, rtol=1e-5)
    assert "published checkpoint, local file g.pth (sha256" in network.provenance["weights"]


def test_contract_load_published_takes_both(glintiqa):
    network = models.create("glintiqa", variant="exact", pretrained=False)
    assert network.load_published(older_names(later_names(glintiqa))) == []


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The backbones of AHIQ in the hub's cache, under the tags of the authors' time."""
    import sys

    sys.path.insert(0, str((__import__("pathlib").Path(__file__).parents[1] / "embedding").resolve()))
    from test_hub_files import put

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    from glint_data.models.backbones import build_backbone

    for name in (f"vit_base_patch16_224.{TAG}", "resnet50.tv_in1k"):
        torch.manual_seed(1)
        put(tmp_path / "hub", f"timm/{name}", "model.safetensors", build_backbone(name)[0].state_dict())


def test_ahiqs_two_parts_are_joined_with_timms_backbones(hub, tmp_path):
    torch.manual_seed(2)
    donor = models.create("ahiq", "exact", patch_size=16)  # its backbones from the cache
    parts = {
        part: {
            name.removeprefix(f"{here}."): value
            for name, value in donor.state_dict().items()
            if name.startswith(f"{here}.")
        }
        for part, here in PARTS.items()
    }
    torch.save({"epoch": 7, "loss": 0.1, **parts}, tmp_path / "ahiq.pth")
    network = open_published(tmp_path / "ahiq.pth", patch_size=16)
    for name, value in donor.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name
    assert f"timm timm/vit_base_patch16_224.{TAG}" in network.provenance.values()
    with pytest.raises(GlintError, match=r"vit_base_patch8_224.augreg_in21k_ft_in1k.*not on this machine"):
        open_published(tmp_path / "ahiq.pth")  # patch 8 is the default, whose backbone is not in this cache
    del parts["regressor_model_state_dict"]["conv.0.bias"]
    torch.save(parts, tmp_path / "cut.pth")
    with pytest.raises(GlintError, match="lacks 1 tensors"):
        open_published(tmp_path / "cut.pth", patch_size=16)


def test_tags_are_pinned():
    assert models.configuration_class("glintiqa")().vit == f"vit_small_patch16_224.{TAG}"
    assert models.configuration_class("ahiq")().vit == f"vit_base_patch8_224.{TAG}"
    with torch.device("meta"):
        assert (
            models.create("ahiq", pretrained=False, patch_size=16).config.vit == f"vit_base_patch16_224.{TAG}"
        )


def test_what_is_no_published_file_is_refused(glintiqa, tmp_path):
    torch.save({"encoder.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(
        GlintError, match=r"no published weights of glintiqa or ahiq \(first tensor encoder.w"
    ):
        open_published(tmp_path / "other.pth")
    state = later_names(glintiqa)
    del state["siem3.conv.weight"]
    torch.save(state, tmp_path / "cut.pth")
    with pytest.raises(GlintError, match="lacks 1 tensors"):
        open_published(tmp_path / "cut.pth")


def test_a_published_file_scores_and_is_trained_on(glintiqa, tmp_path, monkeypatch):
    torch.save({"state_dict": older_names(later_names(glintiqa))}, tmp_path / "g.pth")
    photo = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    images.write_png(tmp_path / "p.png", photo)
    (row,) = training.score(tmp_path / "g.pth", [tmp_path / "p.png"], out=tmp_path / "s.json")
    with torch.inference_mode():
        expected = glintiqa(torch.from_numpy(photo).permute(2, 0, 1)[None] / 127.5 - 1)
    assert row["score"] == pytest.approx(expected.item(), abs=1e-4)
    assert '"low": null' in (tmp_path / "s.json").read_text()
    from glint_data.training.run.train import build_network
    from glint_data.training.settings import settings_from

    network = build_network(settings_from({"model": "glintiqa", "start_from": str(tmp_path / "g.pth")}))
    assert network.config.mixing_reshape and torch.equal(
        network.siem1.conv.weight, glintiqa.siem1.conv.weight
    )
    with pytest.raises(GlintError, match="begin with --model glintiqa"):
        build_network(settings_from({"model": "ahiq", "start_from": str(tmp_path / "g.pth")}))


def test_without_a_judge_it_says_so(tmp_path, monkeypatch):
    from glint_data import judge

    monkeypatch.setattr(judge, "__file__", str(tmp_path / "__init__.py"))
    for source in (None, "judge"):
        with pytest.raises(GlintError, match="carries no judge; name a run of your own"):
            training.scorer(source)
