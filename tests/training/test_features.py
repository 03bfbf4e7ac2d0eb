"""Cached features: the same loss as from pixels, computed once, refused where they would be wrong."""

import json

import numpy as np
import pytest
import torch
from test_training import FAST, write_dataset

from glint_data import models, training
from glint_data.errors import GlintError
from glint_data.training.feed import features
from glint_data.training.feed.features import FeatureStore

pytestmark = pytest.mark.usefixtures("one_thread")

FROZEN = {"input_size": 32, "freeze_backbones": True, "attention_dropout": 0.3}
OPTIONS = FAST | {"model_options": FROZEN, "epochs": 2, "epoch_samples": 32, "crop_places": 2}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("features") / "noise", photos=5)


def options(model: str) -> dict:
    fields = {field for field in FROZEN if hasattr(models.configuration_class(model)(), field)}
    return OPTIONS | {"model_options": {name: FROZEN[name] for name in fields}}


def numbers(run) -> list[tuple[float, float, float]]:
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [(line["train_loss"], line["val_plcc"], line["val_rmse"]) for line in lines]


@pytest.mark.parametrize("model", models.NAMES)
def test_training_on_cached_features_is_training_on_pixels(dataset, tmp_path, model, monkeypatch):
    found = {}
    for precision in ("", "float32"):
        run = tmp_path / f"run{precision}"
        cache = tmp_path / "cache" if precision == "float32" else None
        training.train([dataset], model, run, cache_features=precision, cache=cache, **options(model))
        found[precision] = numbers(run)
        assert not (run / "features").exists()
    np.testing.assert_allclose(found["float32"], found[""], rtol=1e-3, atol=1e-4)
    assert (
        json.loads((tmp_path / "runfloat32/run.json").read_text())["settings"]["cache_features"] == "float32"
    )
    # A second run with the same backbones computes no feature again, and decodes nothing in its epochs.
    written = []
    monkeypatch.setattr(features, "write_atomically", lambda *given: written.append(given))
    again = tmp_path / "again"
    training.train(
        [dataset], model, again, cache_features="float32", cache=tmp_path / "cache", **options(model)
    )
    assert not written and numbers(again) == found["float32"]


@pytest.mark.parametrize(
    ("size", "precision"), [("tiny", "float32"), ("tiny", "float16"), ("lite", "float32")]
)
@pytest.mark.parametrize("model", models.NAMES)
def test_one_step_from_features_is_one_step_from_pixels(tmp_path, model, size, precision):
    """Loss and every gradient, crop by crop the same; in half precision up to what it rounds.

    In size lite only the CNN is frozen: the transformer's pixels are kept with the CNN's features.
    """
    network = models.create(model, size=size, pretrained=False, **options(model)["model_options"]).train()
    crops = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    images = [crops, crops.flip(0)] if network.needs_reference else [crops]
    store = FeatureStore(tmp_path, network, precision, amp=False)
    kept = [store.read(store.keep(image)) for image in images]
    floats = [tuple(part.float() for part in image) for image in kept]
    gradients = []
    for run in (
        lambda: network(*(image / 127.5 - 1 for image in images)),
        lambda: network.from_features(*floats),
    ):
        network.zero_grad()
        torch.manual_seed(0)
        loss = (run() - torch.arange(4)).abs().mean()
        loss.backward()
        gradients.append([loss.detach()[None], *(p.grad for p in network.parameters() if p.requires_grad)])
    assert len(gradients[0]) > 10
    pixels, cached = (torch.cat([part.flatten() for part in found]) for found in gradients)
    exact = precision == "float32"
    assert abs(pixels[0] - cached[0]) <= (1e-5 if exact else 1e-3) * pixels[0]
    assert (pixels - cached).norm() <= (1e-4 if exact else 2e-2) * pixels.norm()


def test_other_weights_and_other_crops_are_other_files(tmp_path):
    crops = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    crops[1] += 9
    torch.manual_seed(0)
    network = models.create("ahiq", size="tiny", **options("ahiq")["model_options"])
    store = FeatureStore(tmp_path, network, "float16", amp=False)
    names = store.keep(crops)
    assert len(set(names)) == 2 and store.keep(crops.flip(0)) == names[::-1]
    half, whole = store.read(names), FeatureStore(tmp_path, network, "float32", amp=False)
    exact = whole.read(whole.keep(crops))
    assert whole.folder != store.folder and half[0].dtype == torch.float16
    torch.testing.assert_close(half[0].float(), exact[0], rtol=1e-3, atol=1e-3)
    (store.folder / names[0][:2] / names[0]).write_bytes(b"cut short")
    torch.testing.assert_close(store.read(store.keep(crops)), half)
    next(network.cnn_taps.parameters()).data.add_(1)
    assert FeatureStore(tmp_path, network, "float16", amp=False).folder != store.folder


def test_features_that_would_change_are_refused(dataset, tmp_path):
    for model, switched, said in (
        ("ahiq", {"freeze_backbones": False}, "its backbones are trained"),
        ("glintiqa", {"freeze_backbones": True, "train_embeddings": True}, "position embedding"),
        ("glintiqa", {"freeze_backbones": True, "frozen_norms_drift": True}, "drift"),
    ):
        other = OPTIONS | {"model_options": {"input_size": 32, **switched}}
        with pytest.raises(GlintError, match=said):
            training.train([dataset], model, tmp_path / "run", cache_features="float16", **other)
    with pytest.raises(GlintError, match="--crop-places"):
        training.train([dataset], "ahiq", tmp_path / "run", cache_features="float16")
    with pytest.raises(GlintError, match="float16, float32"):
        training.train([dataset], "ahiq", tmp_path / "run", cache_features="int8", crop_places=2)
    monkey = options("ahiq") | {"cache_features": "float16"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features.shutil, "disk_usage", lambda index: type("Disk", (), {"free": 1000})())
        with pytest.raises(GlintError, match="free are"):
            training.train([dataset], "ahiq", tmp_path / "full", **monkey)
