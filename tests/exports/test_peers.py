"""The tools that an export is for read it: every image by its hash, every score."""

import json

import numpy as np
import pytest

from glint_data import images
from glint_data.dataset import manifest
from glint_data.exports import export_dataset, webdataset


@pytest.fixture(scope="module")
def rows(pair):
    """The manifest, by sample."""
    return manifest.read(pair[0]).set_index("sample_id")


def peer(name: str):
    """The package, or a loud skip."""
    return pytest.importorskip(
        name, reason=f"NOT TESTED: {name} is not installed; pip install 'glint-data[test]'"
    )


def test_hugging_face_reads_images_references_and_nulls(pair, rows, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = peer("datasets")
    split = tmp_path / "split.csv"
    split.write_text("source,part\ncat,train\ncup.v2,val\n")
    export_dataset(pair[1], "hf", tmp_path / "hf", 1, split, licence="cc-by-4.0")
    loaded = datasets.load_dataset(str(tmp_path / "hf"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(part) for name, part in loaded.items()} == {"train": 4, "validation": 4}
    for sample in (*loaded["train"], *loaded["validation"]):
        row = rows.loc[sample["sample_id"]]
        assert images.pixel_hash(np.asarray(sample["image"])) == row["image_hash"]
        assert images.pixel_hash(np.asarray(sample["reference"])) == row["source_hash"]
        assert int(sample["seed"]) == row["seed"]
        assert (
            sample["mos"] == pytest.approx(row["mos"]) if np.isfinite(row["mos"]) else sample["mos"] is None
        )
    assert loaded["validation"][3]["label_note"] == "no label: a reason"
    assert loaded["train"][0]["label_references"] == ["I01", "I02"]
    features = loaded["train"].features
    assert isinstance(features["type"], datasets.ClassLabel)
    assert {sample["type"] for sample in loaded["train"]} == {1, 11}  # the suite's own numbers
    named = {features["type"].int2str(sample["type"]) for sample in loaded["train"]}
    assert named == {"gaussian_blur", "white_noise"}
    assert all(isinstance(features[name], datasets.Image) for name in ("image", "reference"))
    assert not isinstance(features["label_references"], (datasets.Value, datasets.Image))
    assert (tmp_path / "hf" / "README.md").read_text().startswith("---\nlicense: cc-by-4.0\n")


def test_webdataset_reads_the_shards(pair, rows, tmp_path, monkeypatch):
    reader = peer("webdataset")
    monkeypatch.setattr(webdataset.Webdataset, "rows_a_chunk", (3, 3))
    summary = export_dataset(pair[1], "webdataset", tmp_path / "w", 1)
    index = json.loads((tmp_path / "w" / "shards.json").read_text())["shards"]
    assert summary.written == 8 and [shard["samples"] for shard in index] == [3, 3, 2]
    urls = [str(tmp_path / "w" / shard["shard"]) for shard in index]
    samples = list(reader.WebDataset(urls, shardshuffle=False).decode("rgb8"))
    assert [sample["json"]["sample_id"] for sample in samples] == rows.index.tolist()
    photos = [str(file) for file in sorted((tmp_path / "w" / "references").iterdir())]
    pristine = {s["__key__"]: s["png"] for s in reader.WebDataset(photos, shardshuffle=False).decode("rgb8")}
    assert len(pristine) == 2
    for sample in samples:
        row = rows.loc[sample["json"]["sample_id"]]
        assert images.pixel_hash(sample["png"]) == sample["json"]["image_hash"] == row["image_hash"]
        assert images.pixel_hash(pristine[sample["json"]["reference"]]) == row["source_hash"]
        assert sample["json"]["mos"] == (pytest.approx(row["mos"]) if np.isfinite(row["mos"]) else None)


def test_mlcroissant_reads_the_records(exported, rows):
    reader = peer("mlcroissant")
    dataset = reader.Dataset(str(exported["croissant"] / "croissant.json"))
    assert not dataset.metadata.issues.errors
    assert "H. Lin" in dataset.metadata.cite_as
    records = list(dataset.records("samples"))
    assert [record["samples/sample_id"].decode() for record in records] == rows.index.tolist()
    for record in records:
        row = rows.loc[record["samples/sample_id"].decode()]
        assert images.pixel_hash(np.asarray(record["samples/image"])) == row["image_hash"]
    photos = {record["photos/file_name"]: record["photos/image"] for record in dataset.records("photos")}
    for record in records:
        row = rows.loc[record["samples/sample_id"].decode()]
        photo = photos[record["samples/reference_file_name"]]
        assert images.pixel_hash(np.asarray(photo)) == row["source_hash"]
