"""What rows and summaries say of labels: of exchanged files, rated neighbours, scaled pictures, your own raters."""

import cv2
import numpy as np
import pytest
from small_sets import CELLS, crops, rated

from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels import label_dataset
from glint_data.labels.ratings import read_ratings


@pytest.fixture
def folder(tmp_path):
    return rated(tmp_path / "d", crops(2), CELLS[:6], method=None)


def by_id(folder):
    return manifest.read(folder).set_index("sample_id")


def exchange(folder, name, other):
    """One file in another's place, of its time; returns the bytes that were there."""
    file = folder / f"images/{name}.png"
    right, stamp = file.read_bytes(), file.stat().st_mtime_ns
    file.write_bytes((folder / f"images/{other}.png").read_bytes())
    import os

    os.utime(file, ns=(stamp, stamp))
    return right


@pytest.mark.parametrize("method", ["pair", "content", "mean"])
def test_an_image_exchanged_after_it_was_measured_loses_its_label_till_it_is_repaired(
    folder, tmp_path, method
):
    """Whatever the cache remembers of the right pixels, and whether the method looks at pixels or not."""

    def labelled():
        return label_dataset(folder, method=method, cache=tmp_path / "cache", workers=1)

    labelled()
    before = by_id(folder)
    right = exchange(folder, "p00_01_05", "p00_10_02")
    assert labelled().unlabelled == 1
    row = by_id(folder).loc["p00_01_05"]
    assert np.isnan(row["mos"]) and "other pixels" in row["label_note"]
    assert by_id(folder).drop("p00_01_05")["mos"].equals(before.drop("p00_01_05")["mos"])
    (folder / "images/p00_01_05.png").write_bytes(right)
    assert labelled().unlabelled == 0 and by_id(folder)["mos"].equals(before["mos"])


def test_rated_rows_keep_their_scores_and_are_not_counted_as_labelled(tmp_path):
    folder = rated(tmp_path / "d", crops(2), CELLS[:6], typed=False)
    frame = manifest.read(folder)
    people = frame.index % 2 == 0
    frame.loc[~people, ["mos", "label_method", "label_set"]] = None
    scaled = "scaled from 64x48 to 128x96, its reference's size"
    frame.loc[~people, "label_note"] = scaled
    manifest.write(folder, frame)
    for _ in range(2):  # the second time notes are read that the first wrote
        summary = label_dataset(folder, cache=tmp_path / "cache", workers=1)
        assert (summary.labelled, summary.unlabelled, summary.samples) == (6, 0, 12)
        assert "6 of 6 unrated samples labelled" in summary.text()
        assert any(note.startswith("6 samples by any") for note in summary.notes)
        after = manifest.read(folder)
        assert after["mos"][people].equals(frame["mos"][people]) and after["mos"].notna().all()
        assert after["label_note"][~people].str.endswith(scaled).all()
        assert after["label_note"][people].isna().all()


@pytest.mark.parametrize("suite", ["kadid10k", None], ids=["synthesized", "imported"])
def test_what_is_seen_whole_says_so_with_and_without_a_rated_cell(tmp_path, suite):
    photo = crops(1)["p00"]
    photos = {"large": cv2.resize(photo, (896, 672)), "near": cv2.resize(photo, (512, 384)), "small": photo}
    folder = rated(tmp_path / "d", photos, [(10, 2)], typed=suite is not None, method=None)

    def notes(viewing):
        label_dataset(folder, cache=tmp_path / "cache", workers=1, viewing=viewing)
        assert manifest.read(folder)["mos"].notna().all()
        return manifest.read(folder).set_index("source")["label_note"].fillna("").to_dict()

    said = notes("auto")
    assert "larger than the references: label of the picture seen whole" in said["large"]
    assert "larger" not in said["near"]
    said = notes("pixels")
    assert "seen pixel by pixel" in said["large"] and "seen whole" not in said["large"]
    assert "larger" not in said["near"]
    said = notes("fit")  # looks at no pixels that are not there
    assert "larger" not in said["small"] and "smaller than the references" in said["small"]


def ratings_of(folder, tmp_path, turned=False):
    scores = by_id(folder)["mos"]
    file = tmp_path / "few.csv"
    lines = [f"{name},{6 - mos if turned else mos:.2f},ann" for name, mos in (1 + 4 * scores).items()]
    file.write_text("\n".join(["sample_id,score,rater", *lines]))
    return file


def test_labels_on_own_raters_scale_say_so_and_go_back_with_a_word(folder, tmp_path):
    def labelled(**more):
        return label_dataset(folder, method="mean", cache=tmp_path / "cache", workers=1, **more)

    labelled()
    file = ratings_of(folder, tmp_path)
    labelled(ratings=[file])
    assert by_id(folder)["label_note"].str.contains("on the scale of your own raters").all()
    again = labelled()
    assert any("--ratings maps them again" in note for note in again.notes)
    assert not by_id(folder)["label_note"].str.contains("own raters").any()
    assert not any("--ratings" in note for note in labelled().notes)


def test_ratings_that_fall_where_labels_rise_are_refused_and_the_labels_stay(folder, tmp_path):
    label_dataset(folder, method="mean", cache=tmp_path / "cache", workers=1)
    before = by_id(folder)
    file = ratings_of(folder, tmp_path, turned=True)
    with pytest.raises(GlintError, match=r"fall where the labels rise \(rank correlation -1.00 over 12"):
        label_dataset(folder, method="mean", cache=tmp_path / "cache", workers=1, ratings=[file])
    assert by_id(folder).equals(before)


def test_ratings_without_order_are_taken_with_a_warning(folder, tmp_path):
    label_dataset(folder, method="mean", cache=tmp_path / "cache", workers=1)
    names = by_id(folder)["mos"].sort_values().index
    file = tmp_path / "few.csv"
    for scores, said in (([1, 5] * 6, "hardly follow"), ([3] * 12, "every rating is the same")):
        lines = [f"{name},{score},ann" for name, score in zip(names, scores, strict=True)]
        file.write_text("\n".join(["sample_id,score,rater", *lines]))
        summary = label_dataset(folder, method="mean", cache=tmp_path / "cache", workers=1, ratings=[file])
        assert any(said in note for note in summary.notes)


def test_wrong_ratings_are_refused_before_anything_is_measured(folder, tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("sample_id,score,rater\nnobody,3,ann\n")
    with pytest.raises(GlintError, match="no sample 'nobody'"):
        label_dataset(folder, cache=tmp_path / "cache", workers=1, ratings=[file])
    assert not (tmp_path / "cache").exists()
    assert Dataset(folder)[0].label is None


def test_a_rater_rates_a_sample_once(tmp_path):
    file, other = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("sample_id,score,rater\na,5,ann\na,1,ann\n")
    with pytest.raises(GlintError, match=r"line 3: ann has rated a already"):
        read_ratings([file], frozenset("a"))
    file.write_text("sample_id,score,rater\na,5,rater1\n")  # the page's own name for somebody
    other.write_text("sample_id,score\na,3\na,1\n")
    assert read_ratings([file, other, file], frozenset("a")).count.tolist() == [3]
