"""The verbs train and evaluate as typed: switches, repeated splits, tables, and sentences for wrong names."""

import json

import pytest
from test_training import write_dataset
from typer.testing import CliRunner

from glint_data.cli import app, table
from glint_data.errors import GlintError
from glint_data.models.glintiqa import GlintIQAConfig
from glint_data.training import read_switches
from glint_data.training.run import checkpoints

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = ("--size", "tiny", "--set", "input_size=32", "--set", "validation_crops=1", "--batch-size", "8")
QUICK += ("--no-baseline", "--epochs", "1", "--epoch-samples", "16", "--split-seed", "1")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("cli") / "noise")


def glint(*arguments) -> str:
    """What the command prints; its error where it fails."""
    table.register(app)
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_switches_reach_the_network_and_the_training(dataset, tmp_path):
    more = ("--variant", "exact", "--set", "learned_temperature=true", "--set", "vit_taps=0,1,2,3")
    glint("train", dataset, "--out", tmp_path / "run", *QUICK, *more, "--set", "weight_decay=0")
    record = json.loads((tmp_path / "run/run.json").read_text())
    config = record["network"]["config"]
    assert config["learned_temperature"] and config["mixing_reshape"] and not config["balanced_branches"]
    assert config["vit_taps"] == [0, 1, 2, 3] and config["input_size"] == 32
    assert record["settings"]["weight_decay"] == 0 and record["settings"]["validation_crops"] == 1


def test_checkpoints_within_an_epoch(dataset, tmp_path, monkeypatch):
    saved, save_state = [], checkpoints.save_state
    monkeypatch.setattr(
        checkpoints, "save_state", lambda *all: (saved.append(all[-1]["step"]), save_state(*all))
    )
    for seconds, steps in (("0", [1, 0]), ("1000", [0])):
        glint("train", dataset, "--out", tmp_path / seconds, *QUICK, "--checkpoint-seconds", seconds)
        assert saved == steps
        saved.clear()


def test_repeated_splits_then_tables(dataset, tmp_path):
    said = glint("train", dataset, "--out", tmp_path / "runs", *QUICK, "--repeat", "2")
    report = json.loads((tmp_path / "runs/repeated.json").read_text())
    assert report["rounds"] == 2 and f"median {report['srocc']['median']:.3f}" in said
    first, second = (tmp_path / f"runs/split_0{number}" for number in range(2))
    other = write_dataset(tmp_path / "other", photos=3, source_hash=None)
    kept = tmp_path / "table.json"
    said = glint("evaluate", first, dataset, other, "--also", second, "--crops", "1", "--json", kept)
    table = json.loads(kept.read_text())
    assert set(table) == {str(first), str(second)}
    cell = table[str(second)][str(other)]
    assert (cell["split"], cell["samples"]) == ("all", 15) and f"{cell['srocc']:.3f}" in said
    assert table[str(first)][str(dataset)]["split"] == "test" and "*" in said
    everything = ("evaluate", first, dataset, other, "--split", "all", "--crops", "1", "--json", kept)
    glint(*everything)
    assert json.loads(kept.read_text())[str(first)][str(dataset)]["samples"] == 40
    with pytest.raises(GlintError, match="one run and one dataset"):
        glint(*everything, "--plot", tmp_path / "plot.png")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        (
            "temperature=1",
            r"--set temperature: no such switch; glintiqa has .*learned_temperature.*training has",
        ),
        ("mixing_reshape=2", "must be true or false"),
        ("attention_heads=many", "must be a whole number"),
        ("weight_decay=x", "must be a number"),
        ("vit_taps=1;2", "whole numbers joined by commas"),
        ("mixing_reshape", "NAME=VALUE"),
        ("epochs=3", "--epochs"),
    ],
)
def test_wrong_switches_are_answered_with_the_right_ones(dataset, tmp_path, assignment, said):
    with pytest.raises(GlintError, match=said):
        glint("train", dataset, "--out", tmp_path / "run", "--set", assignment)
    assert not (tmp_path / "run").exists()


def test_every_field_can_be_set():
    """What a configuration holds, written as text, is read back as what it was."""
    for name, value in vars(GlintIQAConfig()).items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        assert read_switches("glintiqa", [f"{name}={text}"], ()) == {"model_options": {name: value}}
    with pytest.raises(GlintError, match="given twice"):
        read_switches("ahiq", ["zero_offsets=off", "zero_offsets=on"], ())
    assert read_switches("ahiq", ["learning_rate=none"], ()) == {"learning_rate": None}


def test_repeated_splits_need_dealing(dataset, tmp_path):
    with pytest.raises(GlintError, match="dealt by seed"):
        glint("train", dataset, "--out", tmp_path / "r", *QUICK, "--repeat", "2", "--split-file", "a.csv")


def test_features_are_cached_on_request(dataset, tmp_path):
    cached = (
        "--model",
        "ahiq",
        "--set",
        "freeze_backbones=on",
        "--crop-places",
        "2",
        "--cache-features",
        "float16",
    )
    for _ in range(2):
        said = glint(
            "train", dataset, "--out", tmp_path / "run", *QUICK, *cached, "--cache", tmp_path / "cache"
        )
    assert "best validation SROCC" in said and any((tmp_path / "cache").rglob("*/*/*"))
    assert json.loads((tmp_path / "run/run.json").read_text())["settings"]["crop_places"] == 2
