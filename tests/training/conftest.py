"""What tests of training share."""

import shutil

import pytest
import torch
from test_training import TWO, write_dataset

from glint_data import training
from glint_data.dataset import manifest
from glint_data.training.run.loop import TrainingLoop


@pytest.fixture(scope="module")
def one_thread():
    """Bits that are compared must not depend on how many threads summed them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def begun(tmp_path_factory, one_thread):
    """A dataset, and a run on it that stopped after its first epoch; the run of both epochs is `finished`."""
    folder = tmp_path_factory.mktemp("bound")
    dataset = write_dataset(folder / "data", photos=5)
    close = TrainingLoop._close_epoch

    def stop_after_the_first(loop, progress, meter):
        close(loop, progress, meter)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingLoop, "_close_epoch", stop_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            training.train([dataset], "glintiqa", folder / "run", **TWO)
    shutil.copytree(folder / "run", folder / "finished")
    training.train([dataset], "glintiqa", folder / "finished", **TWO)
    return dataset, folder / "run", folder / "finished"


@pytest.fixture
def case(begun, tmp_path):
    """Copies of run and finished run that may be changed, and a function that writes other rows into the dataset."""
    dataset, run, finished = begun
    frame = manifest.read(dataset)
    manifest_bytes = (dataset / "manifest.parquet").read_bytes()
    yield (
        dataset,
        shutil.copytree(run, tmp_path / "run"),
        shutil.copytree(finished, tmp_path / "finished"),
        frame,
    )
    (dataset / "manifest.parquet").write_bytes(manifest_bytes)
