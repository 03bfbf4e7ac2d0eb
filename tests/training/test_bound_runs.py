"""A run goes on with what it was given and with nothing else; a damaged state is a sentence, never a result."""

import json
import shutil

import numpy as np
import pandas
import pytest
import torch
from contents import contents
from safetensors.torch import load_file, save_file
from test_training import FAST, photo, write_dataset

import glint_data as glint
from glint_data import images, training
from glint_data.dataset import manifest, runs
from glint_data.errors import GlintError
from glint_data.training.run import losses
from glint_data.training.run import train as train_module
from glint_data.training.run.loop import TrainingLoop
from glint_data.training.run.train import build_network
from glint_data.training.settings import settings_from
from glint_data.work import only_run

pytestmark = pytest.mark.usefixtures("one_thread")

TWO = FAST | {"epochs": 2, "epoch_samples": 16}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
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


def relabelled(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame = frame.copy()
    frame.loc[3, "mos"] = 0.123
    return frame


def one_photo_less(frame: pandas.DataFrame) -> pandas.DataFrame:
    return frame[frame["source"] != "P4"]


def other_recipe(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame = frame.copy()
    frame["image_hash"] = frame["image_hash"].astype(object)
    frame.loc[3, ["image_hash", "seed"]] = ["0" * 64, 12345]
    return frame


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (relabelled, r"labels: '25 labels, mean 0\.5000.*there, '25 labels, mean 0\.\d+.*now"),
        (one_photo_less, r"photos: '5 photos.*there, '4 photos.*now"),
        (other_recipe, r"pixels: '25 samples.*there, '25 samples.*now"),
    ],
)
@pytest.mark.parametrize("which", ["run", "finished"])
def test_other_content_is_refused_with_the_difference(case, changed, said, which):
    dataset, run, finished, frame = case
    manifest.write(dataset, changed(frame))
    folder = {"run": run, "finished": finished}[which]
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with pytest.raises(GlintError, match=said):
        training.train([dataset], "glintiqa", folder, **TWO)
    assert before == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_finished_run_says_so_and_stays(case, capsys):
    dataset, _, finished, _ = case
    before = {file: file.read_bytes() for file in finished.rglob("*") if file.is_file()}
    again = training.train([dataset], "glintiqa", finished, **TWO)
    assert again.was_finished and "was finished before, nothing was trained: 2 epochs" in again.text()
    assert "trained 2 epochs" not in again.text()
    assert before == {file: file.read_bytes() for file in finished.rglob("*") if file.is_file()}
    record = again.record()
    kept = runs.read(finished)["result"] | {"folder": str(finished)}
    assert json.loads(json.dumps(record, allow_nan=False)) == kept


def test_a_split_is_not_dealt_anew(case):
    """Whatever would be dealt today, a run goes on with the photos that it set aside when it began."""
    dataset, run, _, _ = case
    rows = pandas.read_csv(run / "split.csv")
    rows["part"] = rows["part"].replace({"train": "train", "val": "test", "test": "val"})
    rows.to_csv(run / "split.csv", index=False)
    training.train([dataset], "glintiqa", run, **TWO)
    kept = pandas.read_csv(run / "split.csv")
    assert dict(zip(kept["source"], kept["part"], strict=True)) == dict(
        zip(rows["source"], rows["part"], strict=True)
    )


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


def not_finite(found):
    found["network/quality_head.3.bias"][0] = float("nan")


def other_shape(found):
    found["optimizer/quality_head.3.weight/exp_avg"] = torch.zeros(3, 3)


def other_parameters(found):
    del found["optimizer/quality_head.3.weight/exp_avg"], found["optimizer/quality_head.3.weight/exp_avg_sq"]
    del found["optimizer/quality_head.3.weight/step"]


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


def test_a_loss_that_is_not_finite_stops_the_run(case, tmp_path, monkeypatch):
    dataset, *_ = case
    monkeypatch.setitem(
        losses.LOSSES._entries, "l1", lambda predicted, labels, weights: predicted.sum() * float("nan")
    )
    with pytest.raises(
        GlintError, match=r"epoch 1, step 1: the loss or its gradient is not finite.*--learning-rate"
    ):
        training.train([dataset], "glintiqa", tmp_path / "new", **(TWO | {"loss": "l1"}))
    assert not (tmp_path / "new/model.safetensors").exists()


def test_labels_that_are_all_alike_have_no_correlation_and_no_nan(tmp_path):
    dataset = write_dataset(tmp_path / "data", photos=4)
    frame = manifest.read(dataset)
    manifest.write(dataset, frame.assign(mos=0.5))
    done = training.train([dataset], "glintiqa", tmp_path / "run", **TWO)
    assert done.best_srocc is None and "best validation SROCC –" in done.text()
    evaluation = training.evaluate(tmp_path / "run", dataset, split="all")
    for file in (*(tmp_path / "run").glob("*.json"), *(tmp_path / "run").glob("*.jsonl")):
        for line in file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]:
            json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} in a record"))
    assert evaluation["srocc"] is None and "–" in training.evaluate_text(evaluation)


def test_three_photos_are_enough(tmp_path):
    dataset = write_dataset(tmp_path / "data", photos=3)
    done = training.train([dataset], "glintiqa", tmp_path / "run", **(TWO | {"epochs": 1}))
    assert done.photos == {"train": 1, "val": 1, "test": 1}


@pytest.mark.slow
def test_contract_three_photos_and_no_option_but_the_network(tmp_path, monkeypatch):
    """As a notebook says it: size lite, twenty epochs, the baseline beside it; then judged and scored with."""
    monkeypatch.chdir(tmp_path)
    folder = write_dataset(tmp_path / "data", photos=3)
    manifest.write(folder, manifest.read(folder).query("level != 2 and level != 4"))
    dataset = glint.open("data")
    run = glint.train(dataset, model="glintiqa", out="run")
    assert run.photos == {"train": 1, "val": 1, "test": 1} and run.epochs == 20
    assert any("efficientnet_lite0" in origin for origin in run.record()["backbones"].values())
    assert "beside it, a frozen network" in run.text()
    numbers = glint.evaluate(run, dataset).record()
    json.dumps(numbers, allow_nan=False)
    assert numbers["samples"] == 3 and numbers["intervals_95"]["srocc"] is None
    assert np.isfinite(glint.scorer("run")(folder / "images/P0.png"))


@pytest.mark.parametrize("device", ["mps", "meta", "hpu", "nonsense"])
def test_devices_that_are_not_here_are_one_sentence(case, tmp_path, device):
    with pytest.raises(GlintError) as raised:
        training.train([case[0]], "glintiqa", tmp_path / "run", device=device, **TWO)
    assert str(raised.value).startswith(f"device {device}: not usable here") and len(str(raised.value)) < 300


def test_options_that_are_gone_say_why(case, tmp_path):
    from glint_data.training import read_switches

    with pytest.raises(GlintError, match="onednn_products: is gone: torch multiplies by itself again"):
        read_switches("glintiqa", ["onednn_products=false"], ())
    with pytest.raises(GlintError, match="onednn_products: is gone"):
        build_network(
            settings_from({"model": "ahiq", "size": "tiny", "model_options": {"onednn_products": True}})
        )
    _, _, finished, _ = case  # a run of the first release, which records it, opens as it is
    record = runs.read(finished)
    record["network"]["config"]["onednn_products"] = True
    runs.write(finished, record)
    images.write_png(tmp_path / "photo.png", photo(3))
    assert np.isfinite(training.score(finished, [tmp_path / "photo.png"])[0]["score"])


def test_two_processes_never_train_one_run(case, monkeypatch):
    dataset, run, finished, _ = case
    before = contents(run)
    with only_run(run), pytest.raises(GlintError, match="another glint-data process is writing here"):
        training.train([dataset], "glintiqa", run, **TWO)
    assert contents(run) == before
    looked = []

    def finished_meanwhile(folder):  # looked, was not finished; the other ends before the lock is free
        looked.append(folder)
        if len(looked) == 1:
            return None
        shutil.copytree(finished, run, dirs_exist_ok=True)
        return original(folder)

    original = train_module._finished
    monkeypatch.setattr(train_module, "_finished", finished_meanwhile)
    assert training.train([dataset], "glintiqa", run, **TWO).was_finished


def test_a_run_whose_split_is_gone_is_not_judged_on_what_it_was_trained_on(case):
    """Its test photos cannot be told from the others; all samples are judged only where that is asked for."""
    dataset, _, finished, _ = case
    (finished / "split.csv").unlink()
    for split in ("auto", "test"):
        with pytest.raises(GlintError, match=r"split.csv: is gone, .* by --split all"):
            training.evaluate(finished, dataset, split)
    assert training.evaluate(finished, dataset, "all", crops=1)["photos"] == 5


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


def test_a_folder_is_scored_without_what_systems_leave_in_it(case, tmp_path, monkeypatch):
    dataset, _, finished, _ = case
    pictures = tmp_path / "pictures"
    for name in ("a.png", "sub/b.png", "._a.png", ".cache/c.png", "@eaDir/a.png/d.png"):
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(dataset / "images/P0.png", pictures / name)
    monkeypatch.chdir(tmp_path)
    rows = training.score(finished, ["pictures"], crops=1)
    assert [row["image"] for row in rows] == ["pictures/a.png", "pictures/sub/b.png"]
    with pytest.raises(GlintError, match=r"s.txt: scores are written as .csv or .json"):
        training.score(finished, ["pictures"], out="s.txt")
