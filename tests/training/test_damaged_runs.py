"""A damaged state of a run is a sentence, never a result: checkpoint, history, record, split, weights."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from test_training import TWO

from glint_data import training
from glint_data.dataset import runs
from glint_data.errors import GlintError

pytestmark = pytest.mark.usefixtures("one_thread")


def counters(change: dict):
    def damage(run):
        file = run / "checkpoint.safetensors"
        tensors = load_file(file)
        from safetensors import safe_open

        with safe_open(file, "pt") as opened:
            held = json.loads(opened.metadata()["counters"])
        save_file(tensors, file, {"counters": json.dumps(held | change)})

    return damage


def tensors(change):
    def damage(run):
        file = run / "checkpoint.safetensors"
        from safetensors import safe_open

        with safe_open(file, "pt") as opened:
            held = opened.metadata()
        tensors = load_file(file)
        change(tensors)
        save_file(tensors, file, held)

    return damage


def not_finite(held):
    held["network/quality_head.3.bias"][0] = float("nan")


def other_shape(held):
    held["optimizer/quality_head.3.weight/exp_avg"] = torch.zeros(3, 3)


def other_parameters(held):
    del held["optimizer/quality_head.3.weight/exp_avg"], held["optimizer/quality_head.3.weight/exp_avg_sq"]
    del held["optimizer/quality_head.3.weight/step"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (counters({"epoch": "1"}), "counter epoch is '1'"),
        (counters({"epoch": -1}), "counter epoch is -1"),
        (counters({"step": 1.5}), "counter step is 1.5"),
        (counters({"step": 7}), "contradict each other"),
        (counters({"losses": ["x"]}), "counter losses"),
        (counters({"seconds": None}), "counter seconds is None"),
        (counters({"other": 1}), "other counters"),
        (tensors(not_finite), "not finite"),
        (tensors(other_shape), r"exp_avg of quality_head.3.weight has shape \(3, 3\)"),
        (tensors(other_parameters), "of other parameters"),
        (tensors(lambda found: found.pop("network/quality_head.3.bias")), "weights of another network"),
    ],
)
def test_a_damaged_checkpoint_is_a_sentence(case, damage, said):
    dataset, run, _, _ = case
    damage(run)
    with pytest.raises(GlintError, match=said):
        training.train([dataset], "glintiqa", run, **TWO)


def test_a_broken_history_loses_its_broken_lines_alone(case):
    dataset, run, *_ = case
    good = (run / "history.jsonl").read_text()
    (run / "history.jsonl").write_text('{"epoch": 1, "train' + "\n[1]\n\n" + good + '{"epoch": 9}\n{"epo')
    assert [entry["epoch"] for entry in runs.history(run)] == [1, 9]
    training.train([dataset], "glintiqa", run, **TWO)
    assert [entry["epoch"] for entry in runs.history(run)] == [1, 2]
    assert runs.history(run)[0] == json.loads(good)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network": {"name": "glintiqa"}}, "describes no network"),
        ({"network": {"name": "none", "config": {}}}, "there is no network 'none'"),
        ({"network": {"name": "glintiqa", "config": {"depth": 3}}}, "describes no network that can be built"),
        (
            {"network": {"name": "glintiqa", "config": {"vit_taps": "x"}}},
            "describes no network that can be built",
        ),
        ({"probe": "x"}, "probe is no list"),
        ({"probe": [None, 1]}, "probe is no list"),
        ({"weights_sha256": 3}, "is not the file this run wrote"),
    ],
)
def test_a_damaged_record_is_a_sentence(case, change, said):
    dataset, _, finished, _ = case
    runs.write(finished, runs.read(finished) | change)
    with pytest.raises(GlintError, match=said):
        training.score(finished, [dataset / "images/P0.png"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "pointer of Git LFS"),
        (b"", "is empty"),
    ],
)
def test_weights_that_are_none_say_what_they_are(case, content, said):
    dataset, _, finished, _ = case
    (finished / "model.safetensors").write_bytes(content)
    with pytest.raises(GlintError, match=said):
        training.score(finished, [dataset / "images/P0.png"])


def test_a_run_whose_split_is_gone_is_not_judged_on_what_it_was_trained_on(case):
    """Its test photos cannot be told from the others; all samples are judged only where that is asked for."""
    dataset, _, finished, _ = case
    (finished / "split.csv").unlink()
    for split in ("auto", "test"):
        with pytest.raises(GlintError, match=r"split.csv: is gone, .* by --split all"):
            training.evaluate(finished, dataset, split)
    assert training.evaluate(finished, dataset, "all", crops=1)["photos"] == 5
