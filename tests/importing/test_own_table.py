"""Own pictures by a table: pairs or single ones, with scores or without."""

import json

import numpy as np
import pandas as pd
import pytest
from pictures import picture
from PIL import Image

from glint_data import images
from glint_data.dataset import failures, manifest, verify
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.importing import import_table
from glint_data.reports.explain import explain


@pytest.fixture(autouse=True)
def mostly_in_process(request):
    if request.function is not test_pairs_with_scores:
        request.getfixturevalue("in_process")


def test_pairs_with_scores(tmp_path, pairs):
    summary = import_table(tmp_path / "pairs.csv", tmp_path / "out_set", range=(1, 5))
    assert (summary.imported, summary.rows, summary.rated, summary.references) == (6, 6, 6, 2)
    assert not summary.refusals and "6 of 6 pictures of 2 references" in summary.text()
    rows = manifest.read(tmp_path / "out_set")
    assert rows["sample_id"].tolist() == [f"p{p}_q{q}" for p in (1, 2) for q in (10, 50, 90)]
    assert rows["path"].tolist() == [f"images/{name}.jpg" for name in rows["sample_id"]]
    assert rows["mos"].tolist() == pytest.approx([(1 + q / 25 - 1) / 4 for q in (10, 50, 90)] * 2)
    assert rows["mos_std"].tolist() == pytest.approx([0.1] * 6)
    assert rows["source"].tolist() == ["photo1"] * 3 + ["photo2"] * 3
    assert set(rows["label_method"]) == {"rated"} and set(rows["label_set"]) == {"pairs"}
    assert set(rows["reference_path"]) == {"references/photo1.png", "references/photo2.png"}
    facts = manifest.facts(tmp_path / "out_set")["label"]
    assert (facts["low"], facts["high"], facts["higher_is_better"]) == (1, 5, True)
    assert verify.verify(tmp_path / "out_set", 1).problems == []
    dataset = Dataset(tmp_path / "out_set")
    assert np.array_equal(dataset[0].pixels(), images.read_rgb(tmp_path / "out/p1_q10.jpg"))
    assert np.array_equal(dataset[0].pristine(), images.read_rgb(tmp_path / "ref/photo1.png"))
    again = import_table(tmp_path / "pairs.csv", tmp_path / "out_set", range="1,5")
    assert again.imported == 6, "the same command again is no error"
    with pytest.raises(GlintError):
        import_table(tmp_path / "pairs.csv", tmp_path / "out_set", range=(0, 5))


def test_without_scores_and_without_references(tmp_path, pairs):
    pairs[["distorted"]].rename(columns={"distorted": "image"}).to_csv(tmp_path / "a.csv", index=False)
    summary = import_table(tmp_path / "a.csv", tmp_path / "a")
    rows = manifest.read(tmp_path / "a")
    assert summary.imported == 6 and summary.scale is None and "glint-data label" in summary.text()
    assert rows["mos"].isna().all() and rows["label_set"].isna().all() and rows["path"].notna().all()
    assert (rows["source"] == rows["sample_id"]).all() and (rows["source_hash"] == rows["image_hash"]).all()
    assert "label" not in manifest.facts(tmp_path / "a")
    assert verify.verify(tmp_path / "a", 1).problems == []
    assert json.dumps(summary.record(), allow_nan=False)


def test_partly_rated_and_lower_is_better(tmp_path, pairs):
    pairs.loc[1, ["mos", "mos_std"]] = np.nan
    pairs.to_csv(tmp_path / "p.csv", index=False)
    summary = import_table(tmp_path / "p.csv", tmp_path / "p", range=(0, 10), lower_is_better=True)
    rows = manifest.read(tmp_path / "p")
    assert summary.rated == 5 and np.isnan(rows["mos"][1]) and pd.isna(rows["label_method"][1])
    assert rows["mos"][0] == pytest.approx(1 - 1.4 / 10)
    assert not manifest.facts(tmp_path / "p")["label"]["higher_is_better"]


def test_a_label_s_set_did_not_publish_the_picture(tmp_path, pairs):
    """It is named as the publisher of what it holds, not of what is labelled by it."""
    pairs.loc[1, ["mos", "mos_std"]] = np.nan
    pairs.assign(type="jpeg", level=[1, 2, 3] * 2).to_csv(tmp_path / "p.csv", index=False)
    import_table(tmp_path / "p.csv", tmp_path / "p", range=(0, 10))
    assert "published  p type 1, jpeg, level 1" in explain(tmp_path / "p", "p1_q10")
    assert "imported   own picture, type 1, jpeg, level 2" in explain(tmp_path / "p", "p1_q50")
    label = {"mos": 0.5, "label_method": "any", "label_set": "theirs"}
    Dataset(tmp_path / "p").rewrite({"p1_q50": label})
    said = explain(tmp_path / "p", "p1_q50")
    assert "imported   own picture, type 1, jpeg, level 2" in said and "any on theirs" in said
    pairs[["distorted"]].to_csv(tmp_path / "alone.csv", index=False)
    import_table(tmp_path / "alone.csv", tmp_path / "alone")
    assert "imported   without reference" in explain(tmp_path / "alone", "p1_q50")


def test_sizes_differ(tmp_path, pairs):
    big = picture(tmp_path / "out/p1_q50.jpg", 7, (80, 60))
    with_big = import_table(tmp_path / "pairs.csv", tmp_path / "a", range=(1, 5))
    assert with_big.imported == 5
    assert "p1_q50.jpg: is 80x60, its reference 64x48; --resize" in with_big.refusals[0].error
    assert "80x60" in failures.read(tmp_path / "a")[0].error
    assert "p1_q50" not in set(manifest.read(tmp_path / "a")["sample_id"])
    summary = import_table(tmp_path / "pairs.csv", tmp_path / "b", range=(1, 5), resize=True)
    assert summary.imported == 6 and summary.resized == 1 and not summary.refusals
    row = manifest.read(tmp_path / "b").set_index("sample_id").loc["p1_q50"]
    assert row["label_note"] == "scaled from 80x60 to 64x48, its reference's size"
    assert row["path"] == "images/p1_q50.png" and json.loads(row["parameters"])["resized_from"] == [80, 60]
    read = images.read_rgb(tmp_path / "out/p1_q50.jpg")
    right = np.asarray(Image.fromarray(read).resize((64, 48), Image.Resampling.LANCZOS))
    assert np.array_equal(
        Dataset(tmp_path / "b").rows() and images.read_rgb(tmp_path / "b" / row["path"]), right
    )
    assert big.shape == (60, 80, 3)


def test_equal_pictures_are_rows_like_others(tmp_path):
    pixels = picture(tmp_path / "ref.png", 1)
    for name in ("same.png", "again.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "t.csv").write_text(
        "distorted,reference,mos\nsame.png,ref.png,5\nagain.png,ref.png,5\nref.png,ref.png,5\nsame.png,ref.png,5\n"
    )
    summary = import_table(tmp_path / "t.csv", tmp_path / "d", range=(1, 5))
    rows = manifest.read(tmp_path / "d")
    assert "1 lines name a picture of an earlier line again (line 5 first)" in summary.text()
    assert summary.imported == 4 and rows["sample_id"].tolist() == ["same", "again", "ref", "same-2"]
    assert rows["image_hash"].nunique() == 1 and verify.verify(tmp_path / "d", 1).problems == []


def test_stems_and_names(tmp_path):
    names = ["a b.png", "x/a b.png", "Füße (1).png", "A B.png", "a b-2.png", ".dot.png"]
    for seed, name in enumerate(names):
        picture(tmp_path / name, seed)
    (tmp_path / "t.csv").write_text(
        "image\n" + "\n".join(f'"{name}"' for name in names) + "\n", encoding="utf-8"
    )
    import_table(tmp_path / "t.csv", tmp_path / "d")
    rows = manifest.read(tmp_path / "d")
    stems = [path.removeprefix("images/").removesuffix(".png") for path in rows["path"]]
    for stem, name in zip(stems[:5], names, strict=False):
        assert stem.startswith(name.rpartition("/")[2].removesuffix(".png")), (stem, name)
    assert len({stem.lower() for stem in stems}) == 6
    assert verify.verify(tmp_path / "d", 1).problems == []


def test_types_levels_sources_splits_licences(tmp_path, pairs):
    pairs = pairs.assign(
        type=["jpeg", "blur", "jpeg"] * 2,
        level=[1, 2, 3] * 2,
        source=["sea"] * 3 + ["hill"] * 3,
        split=["Training"] * 3 + ["test"] * 3,
        licence=["CC0"] * 6,
    )
    pairs.to_csv(tmp_path / "t.csv", index=False)
    summary = import_table(tmp_path / "t.csv", tmp_path / "d", range=(1, 5))
    rows = manifest.read(tmp_path / "d")
    assert (
        rows["type"].tolist() == [2, 1, 2] * 2 and rows["distortion"].tolist() == ["jpeg", "blur", "jpeg"] * 2
    )
    assert rows["level"].tolist() == [1, 2, 3] * 2 and set(rows["licence"]) == {"CC0"}
    assert rows["source"].tolist() == ["sea"] * 3 + ["hill"] * 3
    assert rows["split"].tolist() == ["train"] * 3 + ["test"] * 3
    assert "1 blur, 2 jpeg" in summary.text()
    assert (tmp_path / "d/split.csv").read_text() == "source,part\nsea,train\nhill,test\n"
    assert set(rows["reference_path"]) == {"references/sea.png", "references/hill.png"}


def test_sources_that_differ_stay_apart(tmp_path, pairs):
    pairs[["distorted"]].assign(source=["day/1"] * 3 + ["night/1"] * 2 + ["Day/1"]).to_csv(
        tmp_path / "t.csv", index=False
    )
    import_table(tmp_path / "t.csv", tmp_path / "d")
    rows = manifest.read(tmp_path / "d")["source"].tolist()
    assert rows == ["day-1"] * 3 + ["night-1"] * 2 + ["Day-1-2"]


def test_several_pictures_of_one_photo_without_reference(tmp_path, pairs):
    pairs[["distorted"]].assign(source=["sea"] * 3 + ["hill"] * 3).to_csv(tmp_path / "t.csv", index=False)
    import_table(tmp_path / "t.csv", tmp_path / "d")
    rows = manifest.read(tmp_path / "d")
    assert rows["source_hash"].isna().all() and rows["source"].nunique() == 2
    assert verify.verify(tmp_path / "d", 1).problems == []


def test_a_line_without_the_reference_that_others_have_is_told(tmp_path, pairs):
    pairs.loc[2, "reference"] = ""
    pairs.to_csv(tmp_path / "t.csv", index=False)
    summary = import_table(tmp_path / "t.csv", tmp_path / "d", range=(1, 5))
    assert f"1 of {len(pairs)} lines name no reference (line 4 first)" in summary.text()


def test_types_are_one_whatever_their_case(tmp_path, pairs):
    pairs["type"] = ["JPEG", "jpeg ", "Jpeg"] * (len(pairs) // 3)
    pairs.to_csv(tmp_path / "t.csv", index=False)
    import_table(tmp_path / "t.csv", tmp_path / "d", range=(1, 5))
    rows = manifest.read(tmp_path / "d")
    assert set(rows["type"]) == {1} and set(rows["distortion"]) == {"JPEG"}


def test_what_is_missing_or_damaged_is_refused_by_name_and_the_rest_taken(tmp_path, pairs):
    (tmp_path / "out/p1_q10.jpg").unlink()
    intact = (tmp_path / "out/p2_q90.jpg").read_bytes()
    (tmp_path / "out/p2_q90.jpg").write_bytes(intact[: len(intact) // 2] + b"\xff\xd9")
    (tmp_path / "ref/photo1.png").write_bytes(b"no picture")
    summary = import_table(tmp_path / "pairs.csv", tmp_path / "d", range=(1, 5))
    assert manifest.read(tmp_path / "d")["sample_id"].tolist() == ["p2_q10", "p2_q50"]
    errors = " ".join(refusal.error for refusal in summary.refusals)
    assert "photo1.png: not an image" in errors and "p2_q90.jpg: damaged" in errors
    assert "p1_q50.jpg: its reference" in errors and len(summary.refusals) == 5


def test_addresses(tmp_path, pairs):
    from glint_data.storage.places import place

    store = place("memory://own-pictures")
    for file in [*tmp_path.glob("out/*"), *tmp_path.glob("ref/*"), tmp_path / "pairs.csv"]:
        target = store / str(file.relative_to(tmp_path))
        target.fs.pipe_file(target.path, file.read_bytes())
    summary = import_table(store / "pairs.csv", tmp_path / "d", range=(1, 5))
    assert summary.imported == 6
    local = import_table(tmp_path / "pairs.csv", tmp_path / "e", range=(1, 5))
    hashes = [manifest.read(tmp_path / name)["image_hash"].tolist() for name in ("d", "e")]
    assert hashes[0] == hashes[1] and local.imported == 6
    addressed = pairs.assign(distorted=[f"memory://own-pictures/{name}" for name in pairs["distorted"]])
    addressed.to_csv(tmp_path / "addressed.csv", index=False)
    assert import_table(tmp_path / "addressed.csv", tmp_path / "f", range=(1, 5)).imported == 6
