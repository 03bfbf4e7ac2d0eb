"""The whole job by its verbs on small real photos, each verb its own process, as a user runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import skimage.data

from glint_data import images


def glint(folder: Path, *arguments: str) -> str:
    """Run a verb in a folder; what it printed. Fails with its errors when it fails."""
    command = [sys.executable, "-m", "glint_data", *arguments]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{arguments}: {answer.stderr}"
    return answer.stdout


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A folder in which every verb has run, and what each printed."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "photos").mkdir()
    for name, pixels in {
        "astronaut": skimage.data.astronaut()[20:212, 120:376],
        "cat": skimage.data.chelsea()[50:242, 90:346],
        "coffee": skimage.data.coffee()[90:282, 180:436],
        "rocket": skimage.data.rocket()[100:292, 200:456],
    }.items():
        images.write_png(folder / "photos" / f"{name}.png", pixels)
    small = ["--size", "tiny", "--from-scratch", "--epochs", "2", "--batch-size", "8"]
    said = {
        "synthesize": glint(folder, "synthesize", "photos", "--out", "dataset", "--types", "1,10,11"),
        "label": glint(folder, "label", "dataset", "--reference", "kadid"),
        "train": glint(folder, "train", "dataset", "--model", "glintiqa", "--out", "run", *small),
        "evaluate": glint(folder, "evaluate", "run", "dataset", "--json", "e.json", "--predictions", "p.csv"),
        "score": glint(folder, "score", "run", "photos", "--out", "scores.csv"),
        "score again": glint(folder, "score", "run", "photos", "--out", "again.csv"),
        "report": glint(folder, "report", "dataset", "--run", "run"),
        "verify": glint(folder, "verify", "dataset"),
        "explain": glint(folder, "explain", "dataset", "cat_10_05"),
    }
    return folder, said


def test_labels_fall_with_the_level(job):
    samples = pd.read_parquet(job[0] / "dataset" / "manifest.parquet")
    assert len(samples) == 60 and samples["mos"].between(0, 1).all()
    assert (samples["mos_low"] <= samples["mos"]).all() and (samples["mos"] <= samples["mos_high"]).all()
    assert samples["label_references"].str.len().min() >= 1
    for _, rows in samples[samples["type"] != 11].groupby(["source", "type"]):
        by_level = rows.sort_values("level")["mos"].to_numpy()
        assert by_level[0] > by_level[4] + 0.3, "a barely visible and a crushing level must not score alike"


def test_evaluation_is_on_photos_never_trained_on(job):
    folder = job[0]
    record = json.loads((folder / "e.json").read_text())
    split = pd.read_csv(folder / "run" / "split.csv").set_index("source")["part"]
    predicted = pd.read_csv(folder / "p.csv")
    assert set(predicted["source"]) == set(split[split == "test"].index)
    assert len(predicted) == record["samples"]
    assert -1 <= record["srocc"] <= 1 and record["rmse"] >= 0


def test_scores_repeat_to_the_digit(job):
    assert (job[0] / "scores.csv").read_bytes() == (job[0] / "again.csv").read_bytes()
    scores = pd.read_csv(job[0] / "scores.csv")
    assert len(scores) == 4 and scores["score"].nunique() == 4, "one number for all is no score"


def test_report_is_self_contained(job):
    page = (job[0] / "dataset" / "report.html").read_text()
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)", page), "the page needs something beside itself"
    assert len(re.findall("data:image/jpeg", page)) > 15 and "Labels" in page and "Training" in page


def test_every_verb_says_where_and_what_next(job):
    said = job[1]
    assert "manifest.parquet" in said["synthesize"] and "glint-data label" in said["synthesize"]
    assert "60 of 60 samples labelled" in said["label"]
    assert "model.safetensors" in said["train"] and "SROCC" in said["train"]
    assert "SROCC" in said["evaluate"] and "report.html" in said["report"]
    assert "in order" in said["verify"]
    for fact in ("JPEG, level 5, 4 (quality)", "90 % certainty", "resembles  I"):
        assert fact in said["explain"]
