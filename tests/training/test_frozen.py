"""The frozen network with a small head: solved at once, a run like any other, the baseline beside every network."""

import json
import os

import cv2
import numpy as np
import PIL.Image
import pytest
import torch
from published import published_state
from safetensors.torch import load_file, save_file
from test_training import FAST, photo, write_dataset

from glint_data import models, training
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.training.run import closed_form, trained

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"model_options": {"input_size": 64}, "split_seed": 1, "validation_crops": 1}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("frozen") / "noise", photos=6)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    out = tmp_path_factory.mktemp("frozen") / "run"
    done = training.train([dataset], "frozen", out, **SMALL)
    assert done.best_srocc > 0.8 and "trained a head on" in done.text()
    return out


def test_it_is_a_run_like_any_other(run, dataset):
    record = runs.read(run)
    assert record["verb"] == "train" and record["head"]["head"] in ("ridge", "kernel")
    assert len(record["head"]["tried"]) == len(closed_form.RIDGE_STRENGTHS) + len(closed_form.KERNEL_CHOICES)
    assert [entry["epoch"] for entry in runs.history(run)] == [1]
    evaluation = training.evaluate(run, dataset)
    assert evaluation["split"] == "test" and evaluation["srocc"] > 0.8
    rows = training.score(run, [dataset / "images/P0.png", dataset / "images/P0_11_05.png"])
    assert rows[0]["score"] > rows[1]["score"] + 0.3
    assert training.train([dataset], "frozen", run, **SMALL).was_finished
    json.dumps(record, allow_nan=False)


def test_its_head_is_scikit_learns(dataset, tmp_path):
    """The arrays that are kept compute what the fitted objects predict."""
    from sklearn.linear_model import Ridge
    from sklearn.svm import SVR

    rng = np.random.default_rng(0)
    network = models.create("frozen", input_size=64)
    known, labels = rng.normal(size=(60, network.features)), rng.random(60)
    plain = {"centre": np.zeros(network.features), "scale": np.ones(network.features)}
    fitted = [Ridge(alpha=strength) for strength in closed_form.RIDGE_STRENGTHS]
    fitted += [
        SVR(C=c, gamma=width / network.features, epsilon=closed_form.EPSILON)
        for c, width in closed_form.KERNEL_CHOICES
    ]
    choices = list(closed_form._choices(known, labels, np.ones(60)))
    assert len(choices) == len(fitted)
    for (arrays, _), regression in zip(choices, fitted, strict=True):
        network.set_head(plain | arrays)
        expected = regression.fit(known, labels).predict(known)
        scores = network.from_features((torch.from_numpy(known).float(),))
        np.testing.assert_allclose(scores.numpy(), expected, atol=1e-3)


def test_statistics_are_of_the_network_as_published(dataset):
    """Means and deviations of the very activations that timm's network has, before its norms were folded."""
    from glint_data.models.backbones import build_backbone

    network = models.create("frozen", input_size=64)
    plain, normalise = build_backbone("tf_efficientnet_lite0")
    plain.load_state_dict(published_state("tf_efficientnet_lite0"))
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        features = plain.eval().bn1(plain.conv_stem(normalise(image)))
        expected = []
        for group in plain.blocks[:5]:
            features = group(features)
            expected += [features.mean((2, 3)), (features.std((2, 3), correction=0) + 1e-3).log()]
        torch.testing.assert_close(
            network.frozen_features(image)[0], torch.cat(expected, 1), atol=1e-3, rtol=1e-3
        )


@pytest.mark.parametrize("damage", ["support", "dual", "centre"])
def test_a_head_that_does_not_fit_is_refused(run, tmp_path, damage):
    import shutil

    copy = shutil.copytree(run, tmp_path / "copy")
    tensors = load_file(copy / "model.safetensors")
    tensors[damage] = torch.zeros(3, 2)
    save_file(tensors, copy / "model.safetensors", {"counters": "{}"})
    with pytest.raises(GlintError, match="do not fit each other"):
        trained.open_trained(copy, "cpu")


def test_every_network_is_told_beside_it(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(models.network_class("frozen").Config, "input_size", 64)
    options = FAST | {"baseline": True, "epochs": 1, "epoch_samples": 16}
    done = training.train([dataset], "glintiqa", tmp_path / "run", **options)
    assert "beside it, a frozen network with a small head: SROCC" in done.text()
    beside = trained.open_trained(tmp_path / "run/baseline", "cpu")
    assert beside.network.name == "frozen" and done.record()["baseline"]["val_srocc"] is not None
    evaluation = training.evaluate(tmp_path / "run", dataset)
    alone = training.evaluate(tmp_path / "run/baseline", dataset, crops=4)
    assert evaluation["baseline"]["srocc"] == pytest.approx(alone["srocc"]) and evaluation["split"] == "test"
    assert "beside it, a frozen network with a small head" in training.evaluate_text(evaluation)
    again = training.train([dataset], "glintiqa", tmp_path / "run", **options)
    assert again.was_finished and again.baseline == done.baseline


def test_it_never_has_random_features(dataset, tmp_path):
    for size in ("tiny", "lite", "full"):
        assert "package" in models.create("frozen", size=size).provenance["tf_efficientnet_lite0"]
    with pytest.raises(GlintError, match="needs a pretrained backbone"):
        training.train([dataset], "frozen", tmp_path / "run", from_scratch=True, **SMALL)
    assert not (tmp_path / "run").exists()


def test_a_scorer_takes_paths_pictures_and_arrays(run, dataset, tmp_path):
    scorer = training.scorer(run)
    file = dataset / "images/P0_11_02.png"
    pixels = np.asarray(PIL.Image.open(file))
    listed = training.score(run, [file])[0]["score"]
    for picture in (file, str(file), PIL.Image.open(file), pixels, pixels[:, ::-1][:, ::-1]):
        assert isinstance(scorer(picture), float) and scorer(picture) == pytest.approx(listed, abs=1e-6)
    grey = cv2.cvtColor(photo(1), cv2.COLOR_RGB2GRAY)
    assert scorer(grey) == pytest.approx(scorer(PIL.Image.fromarray(grey)))
    for wrong in (
        pixels.astype(float),
        pixels[:, :, :2],
        pixels[None],
        np.zeros((0, 4, 3), np.uint8),
        None,
        3,
    ):
        with pytest.raises(GlintError, match="no picture"):
            scorer(wrong)
    with pytest.raises(GlintError, match="transparent"):
        scorer(PIL.Image.new("RGBA", (80, 80)))
    for mode in (
        "I;16",
        "I",
        "F",
    ):  # more bits than converting to RGB keeps: the path is read with all of them
        with pytest.raises(GlintError, match=f"mode {mode} .* or the file's path"):
            scorer(PIL.Image.new(mode, (80, 80)))
    moving = [PIL.Image.fromarray(pixels), PIL.Image.fromarray(255 - pixels)]
    moving[0].save(tmp_path / "moving.gif", save_all=True, append_images=moving[1:])
    with pytest.raises(GlintError, match="with 2 frames"):
        scorer(PIL.Image.open(tmp_path / "moving.gif"))
    with pytest.raises(GlintError, match=r"none\.png"):
        scorer(tmp_path / "none.png")


def test_slivers_are_marked_and_odd_names_are_text(tmp_path):
    strange = tmp_path / os.fsdecode(b"bad\xff.png")
    PIL.Image.fromarray(photo(0)[:20]).save(strange, "PNG")
    (row,) = training.score(None, [strange], out=tmp_path / "s.csv")
    assert row["unlike_training"] and row["height"] == 20
    assert "bad\\udcff.png" in (tmp_path / "s.csv").read_text(encoding="utf-8")


def test_scores_are_not_clipped(run, monkeypatch):
    scorer = training.scorer(run)
    scorer.trained.network.intercept += 3
    assert scorer(photo(0)) > 2


def test_which_word_is_the_run(run, dataset, tmp_path):
    image = str(dataset / "images/P0.png")
    assert training.run_and_images([str(run), image], None) == (str(run), [image])
    assert training.run_and_images([image, image], run) == (run, [image, image])
    assert training.run_and_images([str(dataset), image], None) == (None, [str(dataset), image])
    assert training.run_and_images([str(run), image], run) == (run, [str(run), image])
    with pytest.raises(GlintError, match="name images"):
        training.run_and_images([str(run)], None)
