"""Pictures that only moved or bent are aligned with their photo before they are measured; distorted ones are not."""

import cv2
import numpy as np
import pytest
import skimage.data
from small_sets import rated
from test_label_stage import plan

import distortions
from glint_data.dataset.dataset import Dataset
from glint_data.images import pixel_hash, write_png
from glint_data.labels import label_dataset
from glint_data.labels.evidence.alignment import Alignment
from glint_data.labels.stage.measuring import MeasuringTask, measure_photo
from glint_data.labels.stage.samples import read_samples
from glint_data.labels.stage.unrated import MOVED


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(skimage.data.coffee()[:192, 100:356])


def error(first, second):
    inner = np.s_[16:-16, 16:-16]
    return float(np.mean((first[inner].astype(float) - second[inner]) ** 2))


def moved(photo, across, down):
    return cv2.warpAffine(photo, np.float32([[1, 0, across], [0, 1, down]]), photo.shape[1::-1], borderMode=4)


@pytest.mark.parametrize("ways", [(3, 0), (-1.5, 1), (0, 6)])
def test_a_moved_picture_is_brought_back(photo, ways):
    sample = moved(photo, *ways)
    aligned = Alignment(photo)(sample)
    assert error(photo, aligned) < 0.3 * error(photo, sample)


def test_a_rolling_shutter_at_another_size_is_brought_back(photo):
    large = cv2.resize(photo, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    sample = distortions.suite("camera").render(distortions.Photo(large), 10, 4, seed=5).pixels
    assert error(large, Alignment(large)(sample)) < 0.3 * error(large, sample)


def test_distorted_pictures_stay_as_they_are(photo):
    align, suite, prepared = Alignment(photo), distortions.suite("kadid10k"), distortions.Photo(photo)
    for number in (1, 2, 5, 9, 10, 11, 13, 16, 20, 21, 23, 24):
        assert align(suite.render(prepared, number, 5, seed=2).pixels) is None, number
    assert align(photo) is None and align(moved(photo, 0.4, 0)) is None
    assert Alignment(photo[:40, :40])(photo[5:45, :40]) is None  # too small to say


def test_what_was_aligned_is_known_from_the_cache_too(tmp_path, photo):
    folder = rated(tmp_path / "d", {"a": photo}, [(11, 1), (10, 1)], method=None)
    dataset = Dataset(folder)
    sample = moved(photo, 4, 0)
    write_png(folder / dataset[0].path, sample)
    dataset.rewrite({dataset[0].id: {"image_hash": pixel_hash(sample)}})
    plain = frozenset({"pairs/plain-1"})
    task = MeasuringTask(
        0, read_samples(dataset).photos[0], tuple(dataset), np.arange(2), plain, tmp_path / "cache"
    )
    first, again = measure_photo(task), measure_photo(task)
    assert first.moved.tolist() == again.moved.tolist() == [True, False] and not first.refused
    assert again.blocks["pairs/plain-1"] == pytest.approx(first.blocks["pairs/plain-1"])


@pytest.mark.slow
def test_a_bent_picture_is_labelled_as_aligned_and_says_so(tmp_path, photo):
    cells = [(10, 3), (1, 3)]
    dataset = plan(tmp_path / "camera", {"coffee": photo}, cells, suite="camera")
    summary = label_dataset(dataset, cache=tmp_path / "cache", workers=1)
    bent, noisy = sorted(Dataset(dataset), key=lambda sample: -sample.type)
    assert bent.label.note == MOVED and "moved or bent" in summary.text()
    assert noisy.label.note is None and bent.label.mos > 0.6
    assert bent.label.high - bent.label.low > 0.4
