"""KADID-10k, imported from its published files and exported again, is KADID-10k."""

import csv
from pathlib import Path

import pytest

from glint_data.exports import export_dataset
from glint_data.importing import import_dataset


def lines(file: Path) -> dict[str, dict]:
    with file.open(newline="", encoding="utf-8") as stream:
        return {row["dist_img"]: row for row in csv.DictReader(stream)}


def test_published_images_and_scores_come_back(shared, tmp_path):
    root = shared / "data" / "kadid10k"
    if not (root / "dmos.csv").is_file():
        pytest.skip("NOT TESTED: no KADID-10k images beside the checkout")
    import_dataset("kadid", root, tmp_path / "dataset", 1)
    summary = export_dataset(tmp_path / "dataset", "kadid", tmp_path / "out", 1)
    published, lines_read = lines(root / "dmos.csv"), lines(tmp_path / "out" / "dmos.csv")
    assert (
        len(lines_read) == summary.written >= 60
        and next(iter(lines_read.values())).keys() == published["I01_01_01.png"].keys()
    )
    for name, row in lines_read.items():
        assert row["ref_img"] == published[name]["ref_img"]
        assert float(row["dmos"]) == float(published[name]["dmos"])
        assert float(row["var"]) == float(published[name]["var"])
        for image in (name, row["ref_img"]):
            written = tmp_path / "out" / "images" / image
            assert written.read_bytes() == (root / "images" / image).read_bytes()
