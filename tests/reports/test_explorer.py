"""The explorable page: its data, its lists, its pictures."""

import json
import math
import re
import shutil

import numpy as np
import pytest
import skimage.data

from glint_data import images
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.labels.in_short import evidence_in_short
from glint_data.reports import explorer, write_report
from glint_data.reports.attention import SampleColumns, look_at
from glint_data.reports.dataset import cell_means
from glint_data.reports.explorer import as_script
from glint_data.reports.tiles import largest_difference


def data_of(page: str) -> dict:
    return json.loads(re.search(r"window\.REPORT = (\{.*\});", page)[1])


@pytest.mark.parametrize("name", ["real", "virtual"])
def test_every_photo_and_sample_is_on_the_page(made, name):
    page = write_report(made / name).read_text()
    data = data_of(page)
    rows = manifest.read(made / name)
    assert data["ids"] == rows["sample_id"].tolist()
    np.testing.assert_allclose(data["mos"], rows["mos"], atol=1e-4)
    assert data["type"] == rows["type"].tolist() and data["level"] == rows["level"].tolist()
    assert [photo for photo, _first, _end in data["photos"]] == ["cat", "cup"]
    assert all(part["thumbnails"].startswith("data:image/jpeg") for part in data["parts"])
    titles = {title: rows for title, _text, rows, _total in data["lists"]}
    assert titles["Widest intervals"][0] == 2
    assert titles["Labels that rise with the level"] == [1]
    assert titles["Unlike everything rated"] == [3]
    for row in (1, 2, 3):  # the listed have crops, pixel for pixel
        crops = data["parts"][0]["crops"][data["ids"][row]]
        assert all(crop.startswith("data:image/jpeg") for crop in crops)
    assert "Can I trust it?" in page and "1 of 2" in page
    assert "Below are photos unlike every reference" in page


def test_a_sample_unlike_every_pair_is_not_called_a_photo_unlike_every_reference(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made / "real", folder)
    rows = manifest.read(folder)
    rows.loc[3, "label_note"] = "unlike every measured pair: wide interval; smaller than the references: 1:1"
    manifest.write(folder, rows, manifest.facts(folder))
    page = write_report(folder).read_text()
    assert "Below are photos unlike every reference" not in page
    assert {title: rows for title, _t, rows, _n in data_of(page)["lists"]}["Unlike everything rated"] == [3]
    assert "smaller than the references: 1:1</" in page, "each note is counted by itself"


def test_the_page_names_no_place_and_runs_nothing_from_files(made):
    page = write_report(made / "real").read_text()
    assert str(made) not in page
    assert "<script>alert" not in page and "<b>I02" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_too_much_for_one_page_lies_beside_it(made, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    shutil.copytree(made / "real", folder)
    monkeypatch.setattr(explorer, "ONE_FILE", 1000)
    page = write_report(folder).read_text()
    data = data_of(page)
    for part in data["parts"]:
        assert set(part) == {"script", "thumbnails", "detail", "photo"}
        for name in part.values():
            assert (folder / name).is_file() and ".." not in name
        assert (folder / part["script"]).read_text().startswith("window.REPORT_PART(")
    assert len(page) < 150_000


def test_a_photo_that_is_gone_is_said(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made / "real", folder)
    next((folder / "images").rglob("cat_01_01.png")).unlink()
    data = data_of(write_report(folder).read_text())
    assert "cat_01_01" in data["parts"][0]["errors"]["0"]
    assert data["parts"][0]["places"][0] is None


def test_scores_of_a_network_beside_the_labels(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made / "real", folder)
    rows = manifest.read(folder)
    table = tmp_path / "scores.csv"
    scores = rows["mos"].to_numpy() - np.where(np.arange(len(rows)) == 5, 0.3, 0.01)
    lines = [f"{name},{score:.4f}" for name, score in zip(rows["sample_id"], scores, strict=True)]
    table.write_text("sample_id,score\n" + "\n".join(lines) + "\n")
    page = write_report(folder, predictions=table).read_text()
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text('{"verb": "train", "settings": {}}')
    shutil.copy(table, run / f"predictions_{folder.name}_test.csv")
    assert write_report(folder, run=run).read_text() == page, (
        "what evaluate kept in the run is shown by itself"
    )
    data = data_of(page)
    assert data["score"][5] == pytest.approx(scores[5], abs=1e-3)
    assert {title: rows for title, _t, rows, _n in data["lists"]}["Network and label apart"][0] == 5
    assert "The network beside the labels" in page and "Of 2 photos" in page


def test_the_largest_difference_is_found():
    photo = np.full((200, 300, 3), 90, np.uint8)
    sample = photo.copy()
    sample[150:180, 220:260] = 250
    left, top = largest_difference(sample, photo, (64, 48))
    assert left <= 220 and left + 64 >= 260 and top <= 150 and top + 48 >= 180
    assert largest_difference(photo, photo, (64, 48)) == (118, 76)
    assert largest_difference(sample, None, (64, 48)) == (118, 76)
    assert largest_difference(photo[:10, :10], photo[:10, :10], (64, 48)) == (0, 0)


def test_lists_are_in_order_of_what_is_remarkable():
    nan = math.nan
    ones = np.ones(4, int)
    samples = SampleColumns(
        photo=ones, suite=ones, type=ones.astype(float), level=np.array([3.0, 1.0, 2.0, 4.0]),
        mos=np.array([0.5, 0.8, 0.4, nan]), low=np.array([0.4, 0.7, 0.0, nan]), high=np.array([0.6, 0.9, 0.9, nan]),
        score=np.full(4, nan), unlike=np.zeros(4, bool),
    )  # fmt: skip
    lists = {one.title: one.rows for one in look_at(samples)}
    assert lists["Widest intervals"][0] == 2 and 3 not in lists["Widest intervals"]
    assert lists["Labels that rise with the level"] == (0,)  # level 3 after level 2
    assert set(lists) == {"Widest intervals", "Labels that rise with the level"}


def test_a_script_cannot_be_ended_by_its_data():
    text = as_script({"note": "</script><!--", "line": "\u2028"})
    assert "</" not in text and "<!" not in text and json.loads(text)["note"] == "</script><!--"


@pytest.mark.slow
def test_the_labels_of_the_listed_are_taken_apart(made, tmp_path, monkeypatch):
    monkeypatch.setenv("GLINT_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(explorer, "EXPLAINED", 1)
    data = data_of(write_report(made / "real", explain=evidence_in_short).read_text())
    first = {data["ids"][rows[0]] for _title, _text, rows, _total in data["lists"]}
    assert set(data["evidence"]) == first and len(first) == 3
    for lines in data["evidence"].values():
        assert "mean of the cell" in lines[0]
        assert any("not made by what is here now" in line for line in lines)  # these labels are made up


def test_what_cannot_be_taken_apart_says_why(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made / "real", folder)
    manifest.write(folder, manifest.read(folder).assign(label_set="somebody's"), manifest.facts(folder))
    told = data_of(write_report(folder, explain=evidence_in_short).read_text())["evidence"]
    assert len(told) > 2
    for lines in told.values():
        assert len(lines) == 1 and "cannot be taken apart" in lines[0]


def test_recipes_beyond_what_is_rendered_have_their_crops(made, monkeypatch):
    monkeypatch.setattr(explorer, "RENDERED", 0)
    data = data_of(write_report(made / "virtual").read_text())
    cat, cup = data["parts"]
    listed = {data["ids"][row] for _title, _text, rows, _total in data["lists"] for row in rows}
    assert set(cat["crops"]) | set(cup["crops"]) == listed
    assert not {"thumbnails", "detail"} & (set(cat) | set(cup))


def test_references_that_photos_lean_on(made, tmp_path):
    page = write_report(made / "real").read_text()
    assert "References that photos lean on" in page and "--reference-root PLACE" in page
    assert "I01: 2 photos, similarity 0.50" in page and "&lt;b&gt;I02" in page
    images.write_png(tmp_path / "I01.png", skimage.data.coffee()[:120, :160])
    shown = write_report(made / "real", reference_root=tmp_path).read_text()
    assert "--reference-root PLACE" not in shown
    figures = re.findall(r'<figure>(<img src="data:image/jpeg[^>]*>)?<figcaption>(I01|&lt;b)', shown)
    assert [(bool(picture), name) for picture, name in figures] == [(True, "I01"), (False, "&lt;b")]
    with pytest.raises(GlintError, match="no pristine image of KADID-10k"):
        write_report(made / "real", reference_root=made / "photos")


def test_mean_labels_of_several_suites_stand_apart():
    import pandas

    rows = pandas.DataFrame(
        {
            "suite": ["kadid10k", "kadid10k", "live", None],
            "type": [1, 1, 1, None],
            "level": [1, 3, 3, None],
            "distortion": ["gaussian_blur", "gaussian_blur", "jpeg2000_at_rate", None],
            "mos": [0.5, 0.25, 0.75, 0.9],
        }
    )
    cells = cell_means(rows)
    assert cells.levels == (1, 3)
    assert dict(cells.rows) == {
        "1 gaussian blur (kadid10k)": (0.5, 0.25),
        "1 jpeg2000 at rate (live)": (None, 0.75),
    }
    assert list(cells.shades())[1][1] == [("", "transparent"), ("0.75", "hsl(90 48% 68%)")]
