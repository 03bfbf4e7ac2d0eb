"""Every format: the same bytes from recipes and from files, whole or not there, and nothing but what it holds."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas
import pytest
from contents import contents, csv_lines

from glint_data import images
from glint_data.dataset import manifest
from glint_data.dataset.split import split_of_file
from glint_data.errors import GlintError
from glint_data.exports import FORMATS, export_dataset
from glint_data.training.samples import read_samples

ALL = sorted(set(FORMATS) - {"coco"})  # which takes regional samples only: test_region_masks.py


def split_file(tmp_path: Path, **parts: str) -> Path:
    file = tmp_path / "split.csv"
    file.write_text(
        "source_hash,source,part\n" + "".join(f"x,{name},{part}\n" for name, part in parts.items())
    )
    return file


@pytest.mark.parametrize("to", ALL)
def test_recipes_and_files_give_the_same_bytes(pair, exported, tmp_path, to):
    export_dataset(pair[0], to, tmp_path / "out", 2)
    first, second = contents(exported[to]), contents(tmp_path / "out")
    assert first == second and len(first) >= 4
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "something was left beside it"


@pytest.mark.parametrize("to", ALL)
def test_no_place_of_this_machine_leaves_it(pair, exported, to):
    told = [file for file in exported[to].rglob("*") if file.is_file() and file.suffix != ".png"]
    assert len(told) >= 2
    for file in told:
        assert str(pair[1].parent).encode() not in file.read_bytes(), file


@pytest.mark.parametrize("to", ALL)
def test_an_unlabelled_dataset_is_taken_or_refused_by_name(pair, tmp_path, to):
    rows = manifest.read(pair[0])
    columns = [name for name in rows if name.startswith(("mos", "label_"))]
    dataset = tmp_path / "plain"
    dataset.mkdir()
    manifest.write(dataset, manifest.read(pair[1]).drop(columns=columns))
    if FORMATS[to].needs_label:
        with pytest.raises(GlintError, match="glint-data label"):
            export_dataset(dataset, to, tmp_path / "out", 1)
        assert not (tmp_path / "out").exists()
    else:
        assert export_dataset(dataset, to, tmp_path / "out", 1).written == 8
        assert "have no scores" in (tmp_path / "out" / "README.md").read_text()


def test_kadid_scores_and_names(pair, exported):
    folder = exported["kadid"]
    assert [row["error"] for row in csv_lines(folder / "failures.csv")] == [
        "cup.v2_11_05: no label: a reason"
    ]
    lines_read = csv_lines(folder / "dmos.csv")
    assert list(lines_read[0]) == ["dist_img", "ref_img", "dmos", "var"]
    rows = manifest.read(pair[0]).iloc[:7]
    assert [row["dist_img"] for row in lines_read] == [f"{name}.png" for name in rows["sample_id"]]
    assert [row["ref_img"] for row in lines_read] == [f"{name}.png" for name in rows["source"]]
    np.testing.assert_allclose([float(row["dmos"]) for row in lines_read], 1 + 4 * rows["mos"], rtol=1e-5)
    np.testing.assert_allclose([float(row["var"]) for row in lines_read], 0.2, rtol=1e-5)
    for row, expected in zip(lines_read, rows["image_hash"], strict=True):
        assert images.pixel_hash(images.read_rgb(folder / "images" / row["dist_img"])) == expected
        assert (folder / "images" / row["ref_img"]).is_file()


def test_kadid_refuses_names_that_meet(pair, tmp_path, copy):
    rows = manifest.read(copy)
    manifest.write(copy, rows.assign(source=rows["source"].replace("cup.v2", "cat_01_02")))
    with pytest.raises(GlintError, match="cannot share the one folder"):
        export_dataset(copy, "kadid", tmp_path / "k", 1)


def test_pyiqa_with_and_without_pristine_photos(exported, tmp_path, copy):
    lines_read = csv_lines(exported["pyiqa"] / "meta_info.csv")
    assert list(lines_read[0]) == ["ref_name", "dist_name", "mos", "std"]
    assert all(
        (exported["pyiqa"] / row[name]).is_file() for row in lines_read for name in ("ref_name", "dist_name")
    )
    rows = manifest.read(copy)
    manifest.write(copy, rows.assign(reference_path=None))
    export_dataset(copy, "pyiqa", tmp_path / "nr", 1)
    assert list(csv_lines(tmp_path / "nr" / "meta_info_nr.csv")[0]) == ["img_name", "mos", "std"]
    assert not (tmp_path / "nr" / "references").exists()
    assert not (tmp_path / "nr" / "meta_info.csv").exists()
    manifest.write(copy, rows.assign(reference_path=[None] * 4 + rows["reference_path"].tolist()[4:]))
    export_dataset(copy, "pyiqa", tmp_path / "mixed", 1)
    assert len(csv_lines(tmp_path / "mixed" / "meta_info.csv")) == 3  # the rows that have a pristine photo
    assert len(csv_lines(tmp_path / "mixed" / "meta_info_nr.csv")) == 7
    with pytest.raises(GlintError, match="no pristine photos"):
        manifest.write(copy, rows.assign(reference_path=None))
        export_dataset(copy, "kadid", tmp_path / "k", 1)


def test_whole_photos_go_to_one_split(pair, tmp_path):
    parts = split_file(tmp_path, cat="val", **{"cup.v2": "train"})
    for to in set(ALL) - {"hf"}:  # which is read back by its own loader in test_peers.py
        export_dataset(pair[0], to, tmp_path / to, 1, parts, licence="cc-by-4.0")
    assert {row["ref_img"]: row["part"] for row in csv_lines(tmp_path / "kadid" / "split.csv")} == {
        "cat.png": "val",
        "cup.v2.png": "train",
    }
    assert [row["split"] for row in csv_lines(tmp_path / "pyiqa" / "meta_info.csv")] == ["val"] * 4 + [
        "train"
    ] * 3
    with tarfile.open(tmp_path / "webdataset" / "val-000000.tar") as shard:
        assert all(name.startswith("cat_") for name in shard.getnames()) and len(shard.getnames()) == 8
    assert "Split by photo: 1 train, 1 val." in (tmp_path / "pairs" / "README.md").read_text()
    assert "`references/`" in (tmp_path / "pairs" / "README.md").read_text()
    assert json.loads((tmp_path / "croissant" / "croissant.json").read_text())["license"] == "cc-by-4.0"
    samples = pandas.read_parquet(tmp_path / "croissant" / "samples.parquet")
    assert samples.groupby("source")["split"].unique().str[0].to_dict() == {"cat": "val", "cup.v2": "train"}


def test_the_card_says_what_a_score_is_and_whom_to_cite(exported, copy, tmp_path):
    for folder in exported.values():
        card = (folder / "README.md").read_text()
        for sentence in ("on 0 to 1, higher is better", "own scale is 1 to 5", "not ratings of these images"):
            assert sentence in card, folder
        assert "QoMEX 2019" in card and "research community" in card and "Noted on 1 image:" in card
    rows = manifest.read(copy)
    manifest.write(copy, rows.assign(label_method="rated"), {"label": {"citation": "Somebody 1999"}})
    export_dataset(copy, "pyiqa", tmp_path / "out", 1)
    assert "people's ratings of these very images" in (tmp_path / "out" / "README.md").read_text()
    with pytest.raises(GlintError, match="name it in one word"):
        export_dataset(copy, "pyiqa", tmp_path / "o", 1, licence="mine: all\nrights")


def test_a_split_file_with_other_names_and_with_twins_apart_is_told(pair, tmp_path):
    twins = tmp_path / "twins"
    shutil.copytree(pair[0], twins)
    rows = manifest.read(twins)
    names = rows["source"].where(rows["source"] == "cat", "cat_again")
    rows = rows.assign(source=names, sample_id=[f"{a}_{b}" for b, a in enumerate(names)])
    photo = rows.loc[0, ["reference_path", "source_hash"]]
    manifest.write(twins, rows.assign(**photo))
    split = split_file(tmp_path, cat="train", cat_again="test", dog="val")
    summary = export_dataset(twins, "csv", tmp_path / "o", 1, split)
    assert summary.notes == [
        f"{split} names dog, of which there are no samples here",
        f"{split} parts photos that look alike, so a test knows what was learned: cat (train) and cat_again (test)",
    ]
    assert all(note in summary.text() for note in summary.notes)
    assert not export_dataset(pair[0], "csv", tmp_path / "p", 1, split_file(tmp_path, cat="val")).notes


def test_a_split_that_was_written_for_other_photos_of_these_names_is_refused(pair, tmp_path):
    keys = manifest.read(pair[0]).groupby("source")["source_hash"].first()
    lines = [f"{keys[name]},{name},{part}" for name, part in (("cat", "train"), ("cup.v2", "test"))]
    (tmp_path / "own.csv").write_text("\n".join(["source_hash,source,part", *lines]) + "\n")
    assert export_dataset(pair[0], "csv", tmp_path / "o", 1, tmp_path / "own.csv").written == 8
    (tmp_path / "other.csv").write_text(
        (tmp_path / "own.csv").read_text().replace(keys["cat"], keys["cup.v2"])
    )
    for command in (
        lambda: export_dataset(pair[0], "csv", tmp_path / "p", 1, tmp_path / "other.csv"),
        lambda: split_of_file(read_samples([pair[0]]), tmp_path / "other.csv"),
    ):
        with pytest.raises(GlintError, match=r"cat is another photo here than the one it was written for"):
            command()


def test_the_manifests_own_split_is_used_unless_another_is_given(copy, tmp_path):
    rows = manifest.read(copy)
    manifest.write(copy, rows.assign(split=rows["source"].map({"cat": "test"})))
    summary = export_dataset(copy, "deqa", tmp_path / "deqa", 1)
    assert summary.notes == [
        "split as the manifest records it: photos 1 train, 0 val, 1 test; 1 without a part are in train"
    ]
    assert summary.notes[0] in summary.text() and summary.outside_split == 0
    train, test = (json.loads((tmp_path / "deqa" / f"{part}.json").read_text()) for part in ("train", "test"))
    assert {"cat" in entry["image"] for entry in test} == {True} and len(test) == 4
    assert {"cat" in entry["image"] for entry in train} == {False} and len(train) == 3
    split = split_file(tmp_path, cat="train", **{"cup.v2": "train"})
    assert not export_dataset(copy, "deqa", tmp_path / "other", 1, split).notes
    assert json.loads((tmp_path / "other" / "test.json").read_text()) == []
    manifest.write(copy, rows.assign(split=["train", "test"] * 4))
    (note,) = export_dataset(copy, "csv", tmp_path / "torn", 1).notes
    assert "several parts (cat, cup.v2), so it was not used" in note
    assert {row["split"] for row in csv_lines(tmp_path / "torn" / "samples.csv")} == {"train"}


def test_photos_outside_the_split_are_counted(pair, tmp_path):
    summary = export_dataset(pair[0], "hf", tmp_path / "o", 1, split_file(tmp_path, cat="test"))
    assert (summary.written, summary.outside_split) == (4, 4) and "left out" in summary.text()
    for parts, sentence in (({"cat": "maybe"}, "part 'maybe'"), ({"dog": "train"}, "none of its photos")):
        with pytest.raises(GlintError, match=sentence):
            export_dataset(pair[0], "hf", tmp_path / "p", 1, split_file(tmp_path, **parts))
