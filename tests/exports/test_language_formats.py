"""Exports for language-vision quality models and for losses that compare pairs."""

import json
from pathlib import Path

import numpy as np
import pytest

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.exports import Options, export_dataset, soft_labels
from glint_data.exports.deviation import Deviations, RatingSpread
from glint_data.exports.drawing import draw_pairs
from glint_data.exports.pairs import first_better
from glint_data.exports.soft_labels import Scale

SHARED = Path(__file__).resolve().parents[3] / "shared" / "golden" / "exports" / "soft_labels.json"
CARRIED = Path(__file__).with_name("soft_labels.json")


@pytest.mark.parametrize("method", ["pdf", "cdf"])
def test_soft_labels_are_those_of_the_original(method):
    golden = json.loads((SHARED if SHARED.is_file() else CARRIED).read_text())
    scale = Scale(golden["minimum"], golden["maximum"])
    assert len(golden[method]) >= 15
    for row in golden[method]:
        mos, std = scale.score(row["mos"]), scale.deviation(row["std"])
        found = soft_labels.probabilities(mos, std, method)
        np.testing.assert_allclose(found, row["level_probs"], atol=1e-6)
        assert scale.word(row["mos"]) == row["word"]


def test_soft_labels_without_spread_are_the_two_neighbours():
    assert soft_labels.probabilities(3.25, 0.0) == [0, 0.25, 0.75, 0, 0]
    assert soft_labels.raw_weights(3.25, 0.0) == [0, 0.25, 0.75, 0, 0]
    assert Scale(0.5, 0.5).score(0.5) == 3.0 and Scale(0.5, 0.5).word(0.5) == "fair"


@pytest.fixture(scope="module")
def written(pair, tmp_path_factory):
    """Each format of the virtual dataset, cat for training and the cup held out."""
    folder = tmp_path_factory.mktemp("language")
    split = folder / "split.csv"
    split.write_text("source,part\ncat,train\ncup.v2,test\n")
    for to in ("deqa", "qalign", "vqr1", "qinsight", "csv"):
        export_dataset(pair[1], to, folder / to, 1, split_file=split)
        export_dataset(pair[1], to, folder / f"{to}-undivided", 1)
    return folder


def rows_of(file: Path) -> list:
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text().splitlines()]
    return json.loads(file.read_text())


def test_deqa(written):
    train, test = rows_of(written / "deqa" / "train.json"), rows_of(written / "deqa" / "test.json")
    assert (len(train), len(test)) == (4, 3)
    both = train + test
    low, high = min(row["gt_score"] for row in both), max(row["gt_score"] for row in both)
    for row in both:
        assert (written / "deqa" / row["image"]).is_file()
        assert row["id"] == f"{Path(row['image']).name}->{row['gt_score']:g}"
        assert row["gt_score_norm"] == pytest.approx(1 + 4 * (row["gt_score"] - low) / (high - low))
        assert row["std_norm"] == pytest.approx(4 * row["std"] / (high - low))
    for row in train:
        assert sum(row["level_probs"]) == pytest.approx(1, abs=0.25)
        human, answer = row["conversations"]
        assert human["value"].endswith("\n<|image|>")
        assert answer["value"].rstrip(".").split()[-1] in soft_labels.WORDS
    assert all("conversations" not in row and "level_probs" not in row for row in test)
    assert sorted(file.name for file in (written / "deqa-undivided").glob("*.json")) == ["train.json"]
    assert len(rows_of(written / "deqa-undivided" / "train.json")) == 7


def test_qalign(written):
    train, test = (rows_of(written / "qalign" / f"{part}.json") for part in ("train", "test"))
    assert set(train[0]) == {"id", "image", "conversations", "gt_score"}
    assert set(test[0]) == {"img_path", "gt_score"}
    assert (written / "qalign" / test[0]["img_path"]).is_file()
    best = max(train + rows_of(written / "qalign-undivided" / "train.json"), key=lambda row: row["gt_score"])
    assert best["conversations"][1]["value"] == "The quality of the image is excellent."


def test_vqr1(written):
    train = rows_of(written / "vqr1" / "train.jsonl")
    assert [row["id"] for row in train] == [1, 2, 3, 4]
    assert {row["dataset_name"] for row in train} == {"vqr1"}
    for row in train:
        assert len(row["image"]) == 1 and (written / "vqr1" / row["image"][0]).is_file()
        assert 1 <= row["conversations"][1]["value"] <= 5
    listed = (written / "vqr1" / "train.txt").read_text().split()
    assert listed == [row["image"][0] for row in train]
    table = [line.split(" ") for line in (written / "vqr1" / "scores.txt").read_text().splitlines()]
    assert len(table) == 7 and all(len(fields) == 4 for fields in table)


def test_qinsight(written):
    rows = rows_of(written / "qinsight-undivided" / "train.jsonl")
    assert {row["distortion"] for row in rows} == {"gaussian blur", "white noise, rgb"} or len(
        {row["distortion"] for row in rows}
    ) == 2
    assert all(row["severity"] for row in rows)
    assert len({row["severity"] for row in rows}) == 2


def test_csv_opens_as_a_table(written):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(written / "csv" / "samples.csv")
    assert len(table) == 7 or len(table) == 8
    assert table["sample_id"].is_unique and table["mos"].dropna().between(0, 1).all()
    assert all((written / "csv" / name).is_file() for name in table["file_name"])


def test_fiftyone_is_laid_out_as_documented(pair, tmp_path):
    export_dataset(pair[1], "fiftyone", tmp_path / "out", 1)
    samples = json.loads((tmp_path / "out" / "samples.json").read_text())["samples"]
    fields = json.loads((tmp_path / "out" / "metadata.json").read_text())["sample_fields"]
    assert len(samples) == 8
    for sample in samples:
        assert set(sample) == set(fields) and (tmp_path / "out" / sample["filepath"]).is_file()
        assert sample["distortion"]["_cls"] == "Classification" and sample["tags"] == ["train"]
    assert samples[0]["interval"][0] < samples[0]["mos"] < samples[0]["interval"][1]
    assert samples[-1]["mos"] is None and samples[-1]["interval"] is None


def test_deviation_of_raters_is_in_quadrature_with_the_labels_own():
    row = {
        **{"suite": "kadid10k", "type": 10, "level": 3, "mos": 0.7, "mos_std": 0.05},
        **{"label_method": "deep", "label_set": "kadid", "sample_id": "a"},
    }
    spread = RatingSpread("kadid").cells[10, 3]
    assert 0.05 < spread < 0.4
    assert Deviations("raters").of(row) == pytest.approx(np.hypot(0.05, spread))
    assert Deviations("auto").of(row) == Deviations("raters").of(row)
    assert Deviations("label").of(row) == 0.05
    assert Deviations("raters").of(row | {"label_method": "rated"}) == 0.05


def test_deviation_elsewhere_follows_the_score():
    """Raters agree at the ends of the scale and differ in the middle."""
    spread = RatingSpread("kadid")
    row = {"suite": "modern", "type": 1, "level": 1}
    assert spread.of(row | {"mos": 0.5}) > spread.of(row | {"mos": 0.99})


def test_deviation_of_a_set_without_spreads():
    row = {
        **{"suite": "own", "type": 1, "level": 1, "mos": 0.5, "mos_std": 0.1, "label_method": "any"},
        **{"label_set": "somebody's", "sample_id": "a"},
    }
    assert Deviations("auto").of(row) == 0.1
    with pytest.raises(GlintError, match="no rating spreads"):
        Deviations("raters").of(row)


def test_pairs_export(pair, tmp_path):
    for number in (1, 2):
        options = Options(pairs=9, paired="photo", seed=4)
        export_dataset(pair[1], "pairs", tmp_path / str(number), 1, options=options)
    once, again = ((tmp_path / str(number) / "pairs.jsonl").read_text() for number in (1, 2))
    assert once == again
    lines = [json.loads(line) for line in once.splitlines()]
    assert len(lines) == 9  # cat has four labelled samples, the cup three: 6 + 3 pairs
    for line in lines:
        assert line["first_source"] == line["second_source"]
        better = line["first_mos"] > line["second_mos"]
        assert (line["probability"] > 0.5) == better
        assert (tmp_path / "1" / line["first"]).is_file()
    export_dataset(pair[1], "pairs", tmp_path / "across", 1, options=Options(pairs=5, paired="across"))
    across = [json.loads(line) for line in (tmp_path / "across" / "pairs.jsonl").read_text().splitlines()]
    assert len(across) == 5 and all(line["first_source"] != line["second_source"] for line in across)


@pytest.mark.parametrize("inside", [True, False])
def test_drawn_pairs_are_balanced_and_different(inside):
    photo = np.repeat(np.arange(60), 125)
    pairs = draw_pairs(photo, 30_000, inside, np.random.default_rng(0))
    assert pairs.shape == (30_000, 2)
    keys = np.sort(pairs, axis=1)
    assert len(np.unique(keys, axis=0)) == len(pairs) and (keys[:, 0] != keys[:, 1]).all()
    assert ((photo[pairs[:, 0]] == photo[pairs[:, 1]]) == inside).all()
    times = np.bincount(pairs.ravel(), minlength=len(photo))
    assert times.min() >= 4 and times.max() <= 12  # 8 on the average
    assert abs((pairs[:, 0] < pairs[:, 1]).mean() - 0.5) < 0.02


def test_a_split_of_one_photo_has_no_pairs_across(pair, tmp_path):
    split = tmp_path / "split.csv"
    split.write_text("source,part\ncat,train\ncup.v2,test\n")
    with pytest.raises(GlintError, match=r"no pair of two photos can be made .* take --paired photo"):
        export_dataset(pair[1], "pairs", tmp_path / "no", 1, split, options=Options(paired="across"))
    assert not (tmp_path / "no").exists()
    export_dataset(pair[1], "pairs", tmp_path / "out", 1, split, options=Options(pairs=100))
    counts = [
        len((tmp_path / "out" / f"pairs_{part}.jsonl").read_text().splitlines()) for part in ("train", "test")
    ]
    assert counts == [6, 3]


def test_a_split_without_a_pair_is_an_empty_file_beside_others(pair, tmp_path):
    rows = manifest.read(pair[1])
    alone = rows["source"].eq("cup.v2") & rows.index.to_series().gt(4)
    rows.loc[alone, ["mos", "mos_std", "mos_low", "mos_high"]] = np.nan
    (tmp_path / "set").mkdir()
    manifest.write(tmp_path / "set", rows, manifest.facts(pair[1]))
    split = tmp_path / "split.csv"
    split.write_text("source,part\ncat,train\ncup.v2,test\n")
    export_dataset(tmp_path / "set", "pairs", tmp_path / "out", 1, split, options=Options(pairs=100))
    assert (tmp_path / "out" / "pairs_test.jsonl").read_text() == ""
    assert len((tmp_path / "out" / "pairs_train.jsonl").read_text().splitlines()) == 6


def test_drawing_says_what_cannot_be_drawn():
    with pytest.raises(GlintError, match="no pair inside one photo"):
        draw_pairs(np.arange(5), 3, True, np.random.default_rng(0))
    with pytest.raises(GlintError, match=r"\(1\); export two labelled samples or more"):
        draw_pairs(np.zeros(1, int), 3, True, np.random.default_rng(0))
    assert len(draw_pairs(np.array([0, 0, 1]), 100, False, np.random.default_rng(0))) == 2


def test_the_better_one_is_likelier():
    mos, std = np.array([[0.6, 0.5], [0.5, 0.6], [0.7, 0.5]]), np.full((3, 2), 0.1)
    first, second, third = first_better(mos, std)
    assert first == pytest.approx(0.7602, abs=1e-4) and second == pytest.approx(1 - first)
    assert third > first
    assert first_better(np.array([[0.4, 0.5]]), np.zeros((1, 2)))[0] == 0


@pytest.mark.parametrize("wrong", [{"deviation": "x"}, {"soft_labels": "x"}, {"pairs": 0}, {"paired": "x"}])
def test_options_say_what_there_is(wrong):
    with pytest.raises(GlintError, match=r"choose one of|at least one"):
        Options(**wrong)


def test_photos_are_dealt_by_shares(pair, tmp_path):
    from glint_data.exports.origins import origins_of
    from glint_data.exports.split import deal_photos, shares_of

    only = origins_of([pair[1]])
    dealt = deal_photos(only, shares_of("50,0,50"), 3)
    assert sorted(dealt) == ["cat", "cup.v2"] and sorted(dealt.values()) == ["test", "train"]
    assert deal_photos(only, shares_of("50,0,50"), 3) == dealt
    with pytest.raises(GlintError, match="2 photos of different content cannot be dealt to 3 splits"):
        deal_photos(only, shares_of("80,10,10"), 0)
    export_dataset(pair[1], "pyiqa", tmp_path / "out", 1, split="50,0,50", split_seed=3)
    named = {
        line.split(",")[0].rsplit("/", 1)[-1].split("_")[0]: line.split(",")[-2:]
        for line in (tmp_path / "out" / "meta_info_nr.csv").read_text().splitlines()[1:]
    }
    assert {name: part for name, (part, _index) in named.items()} == dealt
    assert {index for _part, index in named.values()} == {"0", "2"}


@pytest.mark.parametrize("text", ["", "80", "80,20", "a,b,c", "-1,1,1", "0,0,0", "nan,1,1", "1,1,1,1"])
def test_shares_that_are_none(text):
    from glint_data.exports.split import shares_of

    with pytest.raises(GlintError, match="three shares"):
        shares_of(text)


@pytest.mark.parametrize("to", ["csv", "webdataset"])
def test_a_position_is_said_and_can_be_left_behind(to, tmp_path):
    from PIL import Image

    from glint_data.dataset.dataset import Dataset
    from glint_data.images import metadata, read_rgb
    from glint_data.importing.own_pictures import import_table

    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "A maker"
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif, quality=95)
    (tmp_path / "own.csv").write_text("image,mos\na.jpg,3\n")
    import_table(tmp_path / "own.csv", tmp_path / "dataset", range=(1, 5))
    kept = export_dataset(tmp_path / "dataset", to, tmp_path / "kept", 1)
    assert "(GPS)" in kept.text() and "--strip" in kept.text()
    cut = export_dataset(tmp_path / "dataset", to, tmp_path / "cut", 1, options=Options(strip=True))
    assert "(GPS)" not in cut.text()
    for folder, private in (("kept", True), ("cut", False)):
        (file,) = [f for f in (tmp_path / folder).rglob("*") if f.suffix in (".jpg", ".tar")]
        content = file.read_bytes()
        assert (b"A maker" in content) == private
        if to == "csv":
            assert bool(metadata.private(content)) == private
            np.testing.assert_array_equal(read_rgb(file), Dataset(tmp_path / "dataset")[0].pixels())
