"""An image exchanged in the dataset, of the same size and time: nobody learns from it, judges it or shows it."""

import json
import os
import re

import pytest
from test_training import FAST, write_dataset

from glint_data import images, training
from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.reports import write_report

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A dataset that records its pixels, and a run on it."""
    folder = tmp_path_factory.mktemp("exchanged")
    dataset = write_dataset(folder / "data", photos=3)
    frame = manifest.read(dataset)
    hashes = [images.pixel_hash(images.read_rgb(dataset / path)) for path in frame["path"]]
    manifest.write(dataset, frame.assign(image_hash=hashes))
    training.train([dataset], "glintiqa", folder / "run", **FAST | {"epochs": 1, "epoch_samples": 16})
    return dataset, folder / "run"


@pytest.fixture(params=["image", "reference"])
def exchanged(sound, request):
    """One file in another's place; the name that is then refused."""
    dataset, run = sound
    name = {"image": "images/P1_11_04.png", "reference": "images/P1.png"}[request.param]
    file, other = dataset / name, dataset / "images/P1_11_01.png"
    right, stamp = file.read_bytes(), file.stat()
    file.write_bytes(other.read_bytes())
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    yield dataset, run, file
    file.write_bytes(right)


def test_its_pixels_are_refused(exchanged):
    dataset, _, file = exchanged
    sample = next(Dataset(dataset).samples(sample_id="P1_11_04"))
    with pytest.raises(GlintError, match=r"other pixels|is not the photo"):
        sample.pristine() if file.name == "P1.png" else sample.pixels()


def test_evaluate_refuses_it(exchanged, tmp_path):
    dataset, run, file = exchanged
    scores = tmp_path / "scores.csv"
    manifest.read(dataset)[["sample_id", "mos"]].rename(columns={"mos": "score"}).to_csv(scores, index=False)
    with pytest.raises(GlintError, match=re.escape(file.name) + ".*other pixels"):
        training.evaluate_scores(scores, dataset)
    if file.name != "P1.png":  # this network looks at no reference
        with pytest.raises(GlintError, match=r"P1_11_04.*other pixels"):
            training.evaluate(run, dataset, "all", crops=1)


def test_train_refuses_it(exchanged, tmp_path):
    dataset, _, file = exchanged
    model = "ahiq" if file.name == "P1.png" else "glintiqa"
    with pytest.raises(GlintError, match=re.escape(file.name) + ".*other pixels"):
        training.train([dataset], model, tmp_path / "run", **FAST | {"epochs": 1})


def test_a_report_says_so_in_its_place(exchanged):
    dataset, _, file = exchanged
    page = write_report(dataset).read_text()
    shown = json.loads(re.search(r"window\.REPORT = (\{.*\});", page)[1])
    errors = [error for part in shown["parts"] for error in part["errors"].values()]
    assert len(errors) == (5 if file.name == "P1.png" else 1)
    assert all(file.name in error and "other pixels" in error for error in errors)


def test_a_report_tells_notes_apart_and_has_no_nan(sound):
    """Photos with a note are not all unlike the references; labels without intervals have no mean one."""
    dataset, _ = sound
    frame = manifest.read(dataset)
    notes = frame["source"].map({"P0": "smaller than the references", "P1": "unlike every reference: wide"})
    labels = {"label_method": "pair", "label_set": "kadid", "label_note": notes, "mos_std": None}
    before = (dataset / manifest.FILE).read_bytes()
    manifest.write(dataset, frame.assign(**labels))
    page = write_report(dataset).read_text()
    (dataset / manifest.FILE).write_bytes(before)
    assert "photos unlike every reference</dt><dd>1<" in page
    assert "nan wide" not in page and ">nan<" not in page
