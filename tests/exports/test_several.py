"""Several datasets in one export: names that stay apart, photos that stay together, and what each file says of it."""

import csv
import json
import shutil
from pathlib import Path

import pandas
import pytest

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.exports import FORMATS, Options, export_dataset
from glint_data.exports.origins import origins_of
from glint_data.exports.split import deal_photos


@pytest.fixture(scope="module")
def both(pair, tmp_path_factory) -> list[Path]:
    """The same samples as files and as recipes, in folders of one name: every name comes twice."""
    folder = tmp_path_factory.mktemp("several")
    return [
        Path(shutil.copytree(pair[0], folder / "a" / "set")),
        Path(shutil.copytree(pair[1], folder / "b" / "set")),
    ]


TAKES = [name for name, entry in FORMATS.items() if entry.takes_several and name != "coco"]


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("to", TAKES)
def test_every_format_that_takes_several_names_files_that_are_there(both, tmp_path, to):
    summary = export_dataset(both, to, tmp_path / "out", 1)
    assert summary.written + summary.refused == 16
    pictures = [file for file in (tmp_path / "out").rglob("*.png") if "references" not in file.parts]
    assert len(pictures) == summary.written
    assert {file.parent.name for file in pictures} == {"set", "set-2"}
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Of set:" in card and "Of set-2:" in card


def test_a_format_of_one_dataset_says_so(both, tmp_path):
    for to in sorted(set(FORMATS) - set(TAKES) - {"coco"}):
        with pytest.raises(GlintError, match=r"holds one dataset; several go into one of"):
            export_dataset(both, to, tmp_path / "out", 1)
    with pytest.raises(GlintError, match="named twice"):
        export_dataset([both[0], both[0]], "csv", tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


def test_names_and_datasets_stay_apart(both, tmp_path):
    export_dataset(both, "csv", tmp_path / "csv", 1)
    with (tmp_path / "csv" / "samples.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["sample_id"] for row in rows}) == 16
    assert {row["dataset_name"] for row in rows} == {"set", "set-2"}
    assert all((tmp_path / "csv" / row["file_name"]).is_file() for row in rows)
    export_dataset(both, "vqr1", tmp_path / "vqr1", 1)
    entries = lines(tmp_path / "vqr1" / "train.jsonl")
    assert [line["dataset_name"] for line in entries] == ["set"] * 7 + ["set-2"] * 7
    assert [line["id"] for line in entries] == list(range(1, 15))
    export_dataset(both, "hf", tmp_path / "hf", 1)
    table = pandas.read_parquet(tmp_path / "hf" / "train" / "metadata.parquet")
    assert table["sample_id"].is_unique and set(table["dataset_name"]) == {"set", "set-2"}
    assert all((tmp_path / "hf" / "train" / name).is_file() for name in table["file_name"])
    failures = (tmp_path / "vqr1" / "failures.csv").read_text()
    assert "set/cup.v2_11_05" in failures and "set-2/cup.v2_11_05" in failures


def test_a_photo_of_both_goes_to_one_side(both, tmp_path):
    origins = origins_of(both)
    dealt = deal_photos(origins, (0.5, 0.0, 0.5), 1)
    assert sorted(dealt) == ["set-2/cat", "set-2/cup.v2", "set/cat", "set/cup.v2"]
    assert dealt["set/cat"] == dealt["set-2/cat"] != dealt["set/cup.v2"] == dealt["set-2/cup.v2"]
    named = tmp_path / "split.csv"
    named.write_text("source,part\ncat,train\nset/cup.v2,val\nset-2/cup.v2,test\n")
    export_dataset(both, "csv", tmp_path / "out", 1, split_file=named)
    table = pandas.read_csv(tmp_path / "out" / "samples.csv")
    assert dict(zip(table["source"], table["split"], strict=True)) == {
        "set/cat": "train", "set-2/cat": "train", "set/cup.v2": "val", "set-2/cup.v2": "test",
    }  # fmt: skip


def test_pairs_of_one_photo_may_come_from_two_datasets(both, tmp_path):
    export_dataset(both, "pairs", tmp_path / "out", 1, options=Options(pairs=1000, paired="photo"))
    entries = lines(tmp_path / "out" / "pairs.jsonl")
    assert len(entries) == 28 + 15  # 8 samples of the cat, 6 of the cup
    assert any(line["first_source"].split("/")[0] != line["second_source"].split("/")[0] for line in entries)
    assert all(line["first_source"].split("/")[1] == line["second_source"].split("/")[1] for line in entries)


def test_one_scale_for_all_that_is_exported(both, tmp_path):
    rows = manifest.read(both[0])
    lower = tmp_path / "lower"
    shutil.copytree(both[0], lower)
    halved = {name: rows[name] / 2 for name in ("mos", "mos_low")}
    manifest.write(lower, rows.assign(**halved), manifest.facts(both[0]))
    export_dataset([both[1], lower], "deqa", tmp_path / "out", 1)
    record = json.loads((tmp_path / "out" / "train.json").read_text())
    norms = [line["gt_score_norm"] for line in record]
    assert min(norms) == pytest.approx(1) and max(norms) == pytest.approx(5)
    assert norms.index(min(norms)) >= 7  # the lowest is of the second dataset
