"""Full reference, repeated splits, and runs against other datasets."""

import hashlib
import json

import numpy as np
import pytest
from test_training import FAST, write_dataset

from glint_data import training
from glint_data.dataset import manifest
from glint_data.errors import GlintError

pytestmark = pytest.mark.usefixtures("one_thread")


def test_full_reference_training_learns_and_needs_its_reference(tmp_path):
    dataset, out = write_dataset(tmp_path / "a"), tmp_path / "run"
    training.train([dataset], "ahiq", out, epochs=6, epoch_samples=64, **FAST)
    history = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    assert max(entry["val_srocc"] for entry in history) > 0.7
    worst, best = dataset / "images/P0_11_05.png", dataset / "images/P0_11_01.png"
    rows = training.score(out, [best, worst], references=[dataset / "images/P0.png"])
    assert rows[0]["score"] > rows[1]["score"]
    with pytest.raises(GlintError, match="compares each image with its pristine original"):
        training.score(out, [best])
    evaluation = training.evaluate(out, dataset)
    assert np.isfinite(evaluation["srocc"]) and evaluation["split"] == "test"


def test_repeated_splits_and_the_cross_table(tmp_path):
    first, second = write_dataset(tmp_path / "first"), write_dataset(tmp_path / "second", photos=3)
    frame = manifest.read(second)
    frame["source_hash"] = [hashlib.sha256(name.encode()).hexdigest() for name in frame["source"]]
    manifest.write(second, frame)
    report = training.repeat_splits([first], "glintiqa", tmp_path / "runs", 2, epochs=1, **FAST)
    runs = [tmp_path / "runs/split_00", tmp_path / "runs/split_01"]
    single = [json.loads((run / "evaluation_first_test.json").read_text())["srocc"] for run in runs]
    assert report["srocc"]["values"] == single
    assert report["srocc"]["median"] == pytest.approx(np.median(single))
    seeds = [json.loads((run / "run.json").read_text())["settings"]["split_seed"] for run in runs]
    assert seeds == [1, 2]
    table = training.cross_table(runs[:1], [first, second])
    row = table[str(runs[0])]
    assert row[str(first)]["split"] == "test" and row[str(second)]["split"] == "all"
    assert row[str(second)]["samples"] == 15
    assert "first" in training.cross_text(table) and "*" in training.cross_text(table)
    with pytest.raises(GlintError, match="the run never saw these photos"):
        training.evaluate(runs[0], second, split="test")
