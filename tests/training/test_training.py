"""Training learns, resumes to the bit, keeps examined photos apart; evaluation and scores say what was trained."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas
import pytest
import torch

from glint_data import images, models, training
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.training.judge import evaluation
from glint_data.training.run import checkpoints, trained

pytestmark = pytest.mark.usefixtures("one_thread")

FAST = {
    "size": "tiny",
    "model_options": {"input_size": 32},
    "batch_size": 16,
    "learning_rate": 2e-3,
    "validation_crops": 2,
    "split_seed": 1,
    "baseline": False,
}
TWO = FAST | {"epochs": 2, "epoch_samples": 16}


def photo(number: int) -> np.ndarray:
    """A smooth coloured scene of its own, 96 x 80."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(20, 236, (6, 7, 3), dtype=np.uint8)
    return cv2.resize(coarse, (96, 80), interpolation=cv2.INTER_CUBIC)


def noisy(pristine: np.ndarray, level: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 10 * level, pristine.shape)
    return np.clip(pristine + noise, 0, 255).astype(np.uint8)


def write_dataset(folder: Path, photos: int = 8, **columns) -> Path:
    """Photos with five levels of noise each, labelled by the level."""
    rows = []
    (folder / "images").mkdir(parents=True)
    for number in range(photos):
        pristine = photo(number)
        images.write_png(folder / f"images/P{number}.png", pristine)
        for level in range(1, 6):
            sample = noisy(pristine, level, 10 * number + level)
            path = f"images/P{number}_11_{level:02d}.png"
            images.write_png(folder / path, sample)
            rows.append(
                {
                    "sample_id": f"P{number}_11_{level:02d}",
                    "source": f"P{number}",
                    "source_path": str(folder / f"images/P{number}.png"),
                    "source_hash": images.pixel_hash(pristine),
                    "reference_path": f"images/P{number}.png",
                    "suite": "kadid10k",
                    "type": 11,
                    "level": level,
                    "distortion": "white_noise",
                    "seed": level,
                    "path": path,
                    "width": 96,
                    "height": 80,
                    "status": "ok",
                    "mos": 1.1 - 0.2 * level,
                    "mos_std": 0.05,
                }
                | columns
            )
    manifest.write(folder, pandas.DataFrame(rows))
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("set") / "noise")


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    training.train([dataset], "glintiqa", out, epochs=12, epoch_samples=64, **FAST)
    return out


def test_it_learns(run):
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert [entry["epoch"] for entry in history] == list(range(1, 13))
    assert max(entry["val_srocc"] for entry in history) > 0.8
    assert history[-1]["train_loss"] < 0.6 * history[0]["train_loss"]


def test_a_run_says_what_it_is(run):
    record = json.loads((run / "run.json").read_text())
    assert record["backbone"] == {"test_vit": "from scratch", "test_resnet": "from scratch"}
    assert record["scale"]["direction"] == "higher is better"
    assert sum(record["photos"].values()) == 8
    assert record["settings"]["learning_rate"] == 2e-3


def test_evaluation_uses_the_test_photos_alone(run, dataset, tmp_path):
    found = training.evaluate(run, dataset, predictions=tmp_path / "p.csv", plot=tmp_path / "p.png")
    assert (found["split"], found["samples"], found["photos"]) == ("test", 5, 1)
    lines = pandas.read_csv(tmp_path / "p.csv")
    record = evaluation.read_split(run)
    examined = {record.names[source] for source, part in record.part.items() if part == "test"}
    assert set(lines["source"]) == examined and len(lines) == 5
    kept = run / f"predictions_{dataset.name}_test.csv"  # the report shows it by itself
    assert kept.read_bytes() == (tmp_path / "p.csv").read_bytes()
    from scipy.stats import spearmanr

    assert found["srocc"] == pytest.approx(spearmanr(lines["score"], lines["mos"]).statistic, abs=1e-9)
    assert found["by_level"]["5"]["samples"] == 1
    assert images.read_rgb(tmp_path / "p.png").shape[2] == 3
    assert "SROCC" in training.evaluate_text(found)
    assert training.evaluate(run, dataset, split="all")["samples"] == 40


def test_the_trained_weights_are_the_ones_used(run, dataset):
    """The best epoch's validation numbers come out again from the file on disk."""
    record = json.loads((run / "run.json").read_text())
    evaluation = training.evaluate(run, dataset, split="val", crops=FAST["validation_crops"])
    assert evaluation["srocc"] == pytest.approx(record["best"]["val_srocc"], abs=1e-6)
    assert evaluation["rmse"] == pytest.approx(record["best"]["val_rmse"], abs=1e-6)


@pytest.fixture
def copied(run, tmp_path) -> Path:
    import shutil

    return Path(shutil.copytree(run, tmp_path / "copy"))


def test_exchanged_weights_are_refused(copied):
    tensors, _ = checkpoints.read_tensors(copied / checkpoints.WEIGHTS)
    tensors["quality_head.3.bias"] += 1
    checkpoints.write_tensors(copied / checkpoints.WEIGHTS, tensors)
    with pytest.raises(GlintError, match="is not the file this run wrote"):
        trained.open_trained(copied, "cpu")


def test_weights_that_do_not_take_effect_are_noticed(run, monkeypatch):
    monkeypatch.setattr(trained, "load_strictly", lambda network, tensors, file: None)
    with pytest.raises(GlintError, match="scores the probe images"):
        trained.open_trained(run, "cpu")


def test_truncated_and_foreign_checkpoints_are_refused(copied, tmp_path):
    weights = copied / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(GlintError, match="cut short or damaged"):
        trained.open_trained(copied, "cpu")
    checkpoints.write_tensors(weights, {"encoder.weight": torch.zeros(3)})
    with pytest.raises(GlintError, match="weights of another network"):
        trained.open_trained(copied, "cpu")
    weights.unlink()
    with pytest.raises(GlintError, match="is not there"):
        trained.open_trained(copied, "cpu")
    with pytest.raises(GlintError, match="no such folder"):
        trained.open_trained(tmp_path / "nowhere", "cpu")


def test_scores_are_the_same_alone_and_in_company(run, dataset, tmp_path):
    places = [dataset / "images/P0.png", dataset / "images/P0_11_05.png"]
    grey = tmp_path / "small_grey.png"
    cv2.imwrite(str(grey), cv2.cvtColor(photo(3), cv2.COLOR_RGB2GRAY)[:20, :25])
    (tmp_path / "broken.png").write_bytes(places[0].read_bytes()[:200])
    rows = training.score(run, [*places, grey, tmp_path / "broken.png"], out=tmp_path / "scores.csv")
    assert rows[0]["score"] > rows[1]["score"]
    assert training.score(run, [places[1]])[0] == rows[1]
    assert np.isfinite(rows[2]["score"]) and rows[2]["crops"] == 1
    assert rows[3]["score"] is None and "broken.png" in rows[3]["error"]
    assert len(pandas.read_csv(tmp_path / "scores.csv")) == 4
    training.score(run, [str(dataset / "images/*_05.png")], out=tmp_path / "scores.json")
    kept = json.loads((tmp_path / "scores.json").read_text())
    assert len(kept["scores"]) == 8 and kept["scale"]["direction"] == "higher is better"
    with pytest.raises(GlintError, match="no such image"):
        training.score(run, [tmp_path / "none.png"])


RESUMED = FAST | {"epochs": 3, "epoch_samples": 64, "ema": 0.9, "checkpoint_seconds": 0.0}
SCRIPT = """
import sys, torch
torch.set_num_threads(1)
from glint_data import training
from test_training import RESUMED
training.train([sys.argv[1]], "glintiqa", sys.argv[2], **RESUMED)
"""


def start(dataset: Path, out: Path) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(dataset), str(out)], env=environment, stderr=subprocess.DEVNULL
    )


def test_killed_in_mid_epoch_it_goes_on_to_the_same_bits(dataset, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    victim = start(dataset, killed)
    while True:
        assert victim.poll() is None, "it ended before it could be killed"
        state = killed / checkpoints.CHECKPOINT
        with contextlib.suppress(GlintError):  # not there yet, or exchanged while it was being read
            counters = checkpoints.read_tensors(state)[1]
            if counters["epoch"] >= 1 and counters["step"] >= 1:
                break
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    for folder in (whole, killed):
        training.train([dataset], "glintiqa", folder, **RESUMED)
    for name in (checkpoints.WEIGHTS, checkpoints.CHECKPOINT):
        expected, resumed = (checkpoints.read_tensors(folder / name)[0] for folder in (whole, killed))
        assert expected.keys() == resumed.keys()
        assert all(torch.equal(expected[key], resumed[key]) for key in expected), name
    numbers = [
        [
            {k: v for k, v in json.loads(line).items() if not k.startswith(("images_per", "waiting"))}
            for line in (folder / "history.jsonl").read_text().splitlines()
        ]
        for folder in (whole, killed)
    ]
    assert numbers[0] == numbers[1]


def test_other_settings_do_not_mix_into_a_run(run, dataset):
    with pytest.raises(GlintError, match="learning_rate"):
        training.train(
            [dataset], "glintiqa", run, epochs=12, epoch_samples=64, **(FAST | {"learning_rate": 1e-3})
        )


def test_a_refusal_leaves_no_folder_that_refuses_the_next_call(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(GlintError, match="--from-scratch"):
        training.train([dataset], "glintiqa", tmp_path / "run", size="full")
    assert not (tmp_path / "run").exists()


def test_a_run_may_begin_with_an_earlier_one(run, dataset, tmp_path):
    options = {key: value for key, value in FAST.items() if key != "model_options"} | {"learning_rate": 3e-4}
    training.train([dataset], "glintiqa", tmp_path / "next", epochs=1, start_from=str(run), **options)
    record = json.loads((tmp_path / "next/run.json").read_text())
    assert record["backbone"]["weights"] == "run run"
    assert record["best"]["val_srocc"] > 0.7
    with pytest.raises(GlintError, match="holds the network glintiqa"):
        training.train([dataset], "ahiq", tmp_path / "other", start_from=str(run), **options)


def test_tensorboard_shows_what_the_history_says(run):
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="NOT TESTED: tensorboard is missing"
    )
    events = reader.EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert set(events.Tags()["scalars"]) == set(history[0])
    for name in ("train_loss", "val_srocc", "learning_rate"):
        shown = [(event.step, event.value) for event in events.Scalars(name)]
        assert shown == [(entry["epoch"], pytest.approx(entry[name], rel=1e-6)) for entry in history]


def test_a_network_begins_where_it_is_told():
    for model in models.NAMES:
        torch.manual_seed(0)
        network = models.create(model, size="tiny", input_size=32).eval()
        images = [torch.rand(8, 3, 32, 32) * 2 - 1 for _ in range(1 + network.needs_reference)]
        with torch.no_grad():
            before = network(*images)
            network.start_at(0.0)
            zero = network(*images)
            network.start_at(0.7)
            torch.testing.assert_close(network(*images), zero + 0.7, atol=1e-5, rtol=1e-5)
        assert not torch.allclose(before, zero)


def test_training_begins_at_the_mean_label(dataset, tmp_path, monkeypatch):
    """With a rate of next to nothing the predictions of the first epoch lie around the labels' mean."""
    errors = {}
    for start in (True, False):
        options = FAST | {"learning_rate": 1e-12, "epochs": 1, "epoch_samples": 16, "start_at_mean": start}
        shifted = tmp_path / f"run{start}"
        training.train([dataset], "ahiq", shifted, **options)
        weights, _ = checkpoints.read_tensors(shifted / checkpoints.WEIGHTS)
        errors[start] = abs(float(weights["prediction.conv.0.bias"]) - 0.5)
    assert errors[True] < 1e-6 < errors[False]
