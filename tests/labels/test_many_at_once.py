"""What a GPU would do, on the processor: networks look at many samples in one pass and measure the same."""

import numpy as np
import pytest
from small_sets import crops, rated

from glint_data.dataset.dataset import Dataset
from glint_data.embedding import stages
from glint_data.errors import GlintError
from glint_data.labels import label_dataset
from glint_data.labels.stage import measuring
from glint_data.labels.stage.measuring import MeasuringTask, gpu_for, kept_file, measure_photo
from glint_data.labels.stage.samples import read_samples

DEEP = frozenset({"pairs/plain-1", "pairs/network-1", "pairs/early-1"})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return Dataset(rated(tmp_path_factory.mktemp("many") / "d", crops(1), method=None))


def task(dataset, device, cache=None, seen="fit"):
    rows = np.arange(len(dataset))
    return MeasuringTask(0, read_samples(dataset).photos[0], tuple(dataset), rows, DEEP, cache, seen, device)


def test_pictures_in_one_pass_give_what_they_give_alone():
    pictures = list(crops(3).values())
    network = stages.network()
    for together, picture in zip(network.outputs_of(pictures), pictures, strict=True):
        for one, alone in zip(together, network.outputs(picture), strict=True):
            assert one == pytest.approx(alone, abs=1e-3)


def test_a_photos_samples_measured_together_or_one_by_one(dataset, monkeypatch):
    monkeypatch.setattr(measuring, "_TOGETHER", 4)  # 15 samples: the last pass is not full
    alone, together = measure_photo(task(dataset, None)), measure_photo(task(dataset, "cpu"))
    assert alone.refused == together.refused == {}
    for name in DEEP:
        assert np.isfinite(together.blocks[name]).all()
        assert together.blocks[name] == pytest.approx(alone.blocks[name], abs=2e-3), name


def test_an_exchanged_sample_in_a_pass_is_refused_alone(tmp_path):
    dataset = Dataset(rated(tmp_path / "d", crops(1), method=None))
    (dataset.folder / dataset[2].path).write_bytes((dataset.folder / dataset[5].path).read_bytes())
    found = measure_photo(task(dataset, "cpu"))
    assert list(found.refused) == [2] and np.isnan(found.blocks["pairs/network-1"][2]).all()
    assert np.isfinite(np.delete(found.blocks["pairs/network-1"], 2, axis=0)).all()


def test_what_a_gpu_measured_is_kept_apart(dataset, tmp_path):
    files = {
        kept_file(task(dataset, device, tmp_path), "pairs/network-1") for device in (None, "cuda:0", "cuda:1")
    }
    assert len(files) == 2


def test_a_device_that_is_not_there_is_refused(dataset):
    assert gpu_for("cpu", DEEP) is None and gpu_for("cuda:99", frozenset({"pairs/plain-1"})) is None
    with pytest.raises(GlintError, match="device cuda:99: not usable here"):
        label_dataset(dataset, method="deep", device="cuda:99", workers=1)
