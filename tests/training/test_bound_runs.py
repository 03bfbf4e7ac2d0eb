"""A run goes on with what it was given and with nothing else; a damaged state is a sentence, never a result."""

import json
import shutil

import numpy as np
import pandas
import pytest
from contents import contents
from test_training import TWO, photo, write_dataset

import glint_data as glint
from glint_data import images, training
from glint_data.dataset import manifest, runs
from glint_data.errors import GlintError
from glint_data.training.run import losses
from glint_data.training.run import train as train_module
from glint_data.training.run.train import build_network
from glint_data.training.settings import settings_from
from glint_data.work import only_run

pytestmark = pytest.mark.usefixtures("one_thread")


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


def test_labels_that_are_all_alike_are_refused(tmp_path):
    alike = write_dataset(tmp_path / "alike", photos=3, mos=0.5)
    with pytest.raises(GlintError, match=r"all 5 training samples have the label 0\.500: there is nothing"):
        training.train([alike], "glintiqa", tmp_path / "run", **TWO)
    assert not (tmp_path / "run").exists()


def test_a_validation_photo_whose_labels_are_alike_has_no_correlation_and_no_nan(tmp_path):
    dataset = write_dataset(tmp_path / "data", photos=4)
    frame = manifest.read(dataset)
    manifest.write(
        dataset, frame.assign(mos=frame["source"].astype(str).str[1:].astype(int) / 10)
    )  # a photo's
    done = training.train([dataset], "glintiqa", tmp_path / "run", **TWO)
    assert done.best_srocc is None and "best validation SROCC –" in done.text()
    evaluation = training.evaluate(tmp_path / "run", dataset, split="val")
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
