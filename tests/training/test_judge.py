"""The judge that ships, by itself: its record, its size, photos it never saw, and what it should not be asked."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from numpy.random import default_rng

import distortions
import glint_data as glint
from glint_data import images, judge
from glint_data.training.run import trained

pytestmark = pytest.mark.usefixtures("one_thread")

DATA = Path(skimage.__file__).parent / "data"


def unseen(name: str) -> np.ndarray:
    """One of scikit-image's photos, no part of any training, 512 pixels wide at most."""
    pixels = images.read_rgb(DATA / name)
    scale = min(512 / max(pixels.shape[:2]), 1)
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def scorer():
    return glint.scorer()


def test_its_record_is_complete_and_it_is_small():
    folder = judge.folder()
    assert sum(file.stat().st_size for file in folder.glob("*.safetensors")) <= 12e6
    record = json.loads((folder / "run.json").read_text())
    for name in (
        "about",
        "terms",
        "versions",
        "seeds",
        "splits",
        "scores",
        "command",
        "probe",
        "weights_sha256",
    ):
        assert record[name], name
    for name in ("KADID-10k", "CID22", "CBSD68"):
        assert record["terms"][name]
    assert "Kodak" not in record["about"]["trained_on"]
    assert "BIQ2021" not in json.dumps(record["terms"])
    assert record["familiar_sha256"] == trained.digest(folder / "familiar.safetensors")


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
def test_untouched_photos_score_high(scorer, name):
    assert scorer(unseen(name)) > 0.6


@pytest.mark.parametrize("kind", ["gaussian_blur", "jpeg", "white_noise"])
def test_scores_fall_as_an_unseen_photo_is_distorted_more(scorer, kind):
    photo = unseen("coffee.png")
    scores = [
        scorer(distortions.apply(photo, kind, level=level, suite="kadid10k", seed=0)) for level in range(1, 6)
    ]
    assert all(np.diff(scores[1:]) < 0), scores
    assert scores[0] > scores[2]
    assert scores[0] < scorer(photo) + 0.06, "the faintest may hardly differ: its blur is a tenth of a pixel"


def test_the_command_says_what_its_scores_mean_and_flags_what_it_does_not_know(tmp_path):
    images.write_png(tmp_path / "noise.png", default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8))
    images.write_png(tmp_path / "photo.png", unseen("astronaut.png"))
    rows = glint.score([tmp_path / "noise.png", tmp_path / "photo.png"])
    assert [row["unlike_training"] for row in rows.rows] == [True, False]
    assert rows.text().count("do not rely on it") == 1
    for word in ("0 worst to 1 best", "KADID-10k", "not for:", "not clipped"):
        assert word in rows.text()
    assert rows.record()["about"]["trained_on"]
    (tmp_path / "noise.png").write_bytes(b"no picture")
    refused = glint.score([tmp_path / "noise.png"])
    assert refused.refused and "not for:" not in refused.text(), (
        "nothing was scored that this would be said of"
    )


def test_large_pictures_are_seen_whole(scorer):
    photo = unseen("astronaut.png")
    large = cv2.resize(photo, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    half = large.copy()
    half[:, : large.shape[1] // 2] = cv2.GaussianBlur(half, (0, 0), 40)[:, : large.shape[1] // 2]
    assert scorer(half) < scorer(large) - 0.02
