"""A run that ships: stored in half precision in the package, scored with, and begun with, where no run is named."""

import shutil

import numpy as np
import pytest
import torch
from test_training import FAST, photo, write_dataset

from glint_data import images, judge, training
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.training.run import checkpoints, trained

pytestmark = pytest.mark.usefixtures("one_thread")

ONE = FAST | {"epochs": 1, "epoch_samples": 16}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    dataset = write_dataset(folder / "data", photos=3)
    training.train([dataset], "glintiqa", folder / "run", **ONE)
    return dataset, folder / "run"


@pytest.fixture
def shipped(run, tmp_path, monkeypatch):
    """The run as it would lie in the package: weights as float16, hash and probe of these."""
    dataset, made = run
    folder = tmp_path / "judge"
    folder.mkdir()
    shutil.copy(made / "run.json", folder)
    monkeypatch.setattr(judge, "__file__", str(folder / "__init__.py"))
    opened = trained.open_trained(made, "cpu").network
    half = {name: v.half() if v.is_floating_point() else v for name, v in opened.state_dict().items()}
    checkpoints.write_tensors(folder / checkpoints.WEIGHTS, half)
    opened.load_state_dict(half)
    record = runs.read(folder) | {"probe": trained.probe(opened)}
    runs.write(folder, record | {"weights_sha256": trained.digest(folder / checkpoints.WEIGHTS)})
    return dataset, made, folder


def test_it_scores_where_no_run_is_named(shipped, tmp_path):
    _, made, folder = shipped
    images.write_png(tmp_path / "p.png", photo(5))
    (row,) = training.score(None, [tmp_path / "p.png"])
    assert row["score"] == pytest.approx(training.score(made, [tmp_path / "p.png"])[0]["score"], abs=5e-3)
    assert training.scorer()(tmp_path / "p.png") == pytest.approx(row["score"], abs=1e-6)
    assert training.scorer("judge").trained.folder == folder
    (folder / checkpoints.WEIGHTS).write_bytes((folder / checkpoints.WEIGHTS).read_bytes()[:-9])
    with pytest.raises(GlintError, match="cut short or damaged"):
        training.scorer()


def test_training_begins_with_it_and_is_bound_to_it(shipped, tmp_path):
    dataset, *_ = shipped
    options = {key: value for key, value in ONE.items() if key not in ("model_options", "size")}
    done = training.train([dataset], "glintiqa", tmp_path / "run", start_from="judge", **options)
    assert done.backbones["weights"] == "run judge"
    network = trained.open_trained(tmp_path / "run", "cpu").network
    assert all(value.dtype != torch.float16 for value in network.state_dict().values())
    assert network.config.input_size == 32, "its own configuration goes with it"
    assert "model.safetensors" in runs.read(tmp_path / "run")["settings"]["start"]
    with pytest.raises(GlintError, match="holds the network glintiqa"):
        training.train([dataset], "ahiq", tmp_path / "other", start_from="judge", **options)
    with pytest.raises(GlintError, match="--size nano: judge holds a network of size tiny"):
        training.train(
            [dataset], "glintiqa", tmp_path / "other", start_from="judge", **options | {"size": "nano"}
        )
    assert not (tmp_path / "other").exists()


def test_a_folder_of_that_name_is_meant_where_there_is_one(shipped, tmp_path, monkeypatch):
    _, made, _ = shipped
    (tmp_path / "here").mkdir()
    shutil.copytree(made, tmp_path / "here/judge")
    monkeypatch.chdir(tmp_path / "here")
    assert training.scorer("judge").trained.folder.resolve() == tmp_path / "here/judge"
    assert np.isfinite(training.scorer("judge")(photo(1)))
