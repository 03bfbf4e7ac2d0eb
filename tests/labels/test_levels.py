"""Levels that rise where they should fall, and pictures that equal their photo."""

import numpy as np
import pytest
from small_sets import crops
from test_label_stage import plan

import distortions
from glint_data.dataset import manifest
from glint_data.labels import label_dataset
from glint_data.labels.audit import within_cell_r
from glint_data.labels.calibration import Intervals
from glint_data.labels.levels import SMOOTHED, rising, smooth
from glint_data.labels.rated import rated_set
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.labels.undistorted import NOTE, UNDISTORTED, Undistorted, unchanged


def made(series, suite="kadid10k", method="deep"):
    """(labels, samples) of (photo, type, level, mos) rows."""
    photo, number, level, mos = (np.array(column) for column in zip(*series, strict=True))
    rows = np.ones(len(photo), bool)
    samples = SamplesToLabel(
        None, (), (suite,), photo, np.zeros(len(photo), int), number, level, rows, ~rows, np.zeros(len(photo))
    )
    labels = RowLabels(len(photo))
    mos = mos.astype(float)
    labels.set(np.arange(len(mos)), Intervals(mos, np.full(len(mos), 0.1), mos - 0.1, mos + 0.1), method)
    return labels, samples


def test_rises_are_counted_by_series_and_smoothed_within_them():
    """A photo's JPEG rises once, another's falls, and a third has one level only."""
    levels = [0.9, 0.6, 0.7, 0.2, 0.1]
    rows = [(0, 10, level, mos) for level, mos in enumerate(levels, 1)]
    rows += [(1, 10, level, 0.9 - level / 10) for level in range(1, 6)] + [(2, 10, 3, 0.5)]
    labels, samples = made(rows[::-1])  # rows may stand in any order
    found = rising(labels, samples)
    assert (found.series, found.of) == (1, 2) and found.largest == pytest.approx(0.1)
    assert "1 of 2 series" in found.text(0) and "--monotone" in found.text(0)
    assert smooth(labels, samples) == 2 and rising(labels, samples).series == 0
    assert labels.mos[::-1][:5] == pytest.approx([0.9, 0.65, 0.65, 0.2, 0.1])
    assert labels.low[::-1][1] == pytest.approx(0.55) and labels.high[::-1][2] == pytest.approx(0.75)
    notes = labels.text("note", slice(None)).to_pylist()[::-1]
    assert notes == [None, SMOOTHED, SMOOTHED, *[None] * 8]


def test_types_that_pass_through_no_change_fall_to_both_sides():
    """Mean shift: level 3 changes nothing, 2 and 4 are weaker than 1 and 5."""
    labels, samples = made([(0, 18, level, mos) for level, mos in enumerate((0.8, 0.85, 0.9, 0.85, 0.7), 1)])
    assert rising(labels, samples).series == 0
    labels, samples = made([(0, 18, level, mos) for level, mos in enumerate((0.9, 0.7, 0.9, 0.95, 0.7), 1)])
    assert (rising(labels, samples).series, rising(labels, samples).of) == (2, 2)
    smooth(labels, samples)
    assert rising(labels, samples).series == 0
    assert labels.mos == pytest.approx([0.8, 0.8, 0.925, 0.925, 0.7])


def test_undistorted_pictures_keep_their_one_label():
    labels, samples = made([(0, 1, 1, 0.8), (0, 1, 2, 0.9)])
    labels.set(np.array([0]), Intervals(*np.full((4, 1), 0.8)), UNDISTORTED)
    smooth(labels, samples)
    assert labels.mos == pytest.approx([0.8, 0.8], abs=1e-5)
    assert labels.mos[0] == np.float32(0.8)


@pytest.mark.parametrize(("suite", "number"), [("somebody's own", 1), ("tid2013", 17)])
def test_where_the_suite_does_not_say_nothing_is_counted(suite, number):
    """TID2013's contrast goes down and up in turns."""
    labels, samples = made([(0, number, 1, 0.2), (0, number, 2, 0.9)], suite)
    assert rising(labels, samples).of == 0 and smooth(labels, samples) == 0


def test_four_cells_of_kadid_change_nothing():
    scored = rated_set("kadid").scored
    same = Undistorted.of_cells(scored)
    assert sorted(map(tuple, scored.cells[same.columns].tolist())) == [(1, 1), (3, 1), (8, 1), (18, 3)]
    assert same.mos * 4 + 1 == pytest.approx(4.60, abs=0.01) and 0.02 < same.std < 0.05
    assert 0.05 < same.high - same.low < 0.15
    assert unchanged(scored.photos.blocks).sum() == same.rated == 4 * 79  # one reference is stretched
    few = scored.photos.rows(np.arange(4))
    assert Undistorted.of_cells(type(scored)(few, scored.mos[:4], scored.cells)) is None


@pytest.mark.parametrize("method", ["content", "pair"])
def test_pictures_that_equal_their_photo_share_one_label(tmp_path, method):
    cells = [(1, 1), (3, 1), (8, 1), (18, 3), (1, 2)]
    dataset = plan(tmp_path, crops(2, size=(160, 120)), cells)
    label_dataset(dataset, method=method, cache=tmp_path / "cache", workers=1)
    found = manifest.read(dataset)
    rows = found[found["label_method"] == UNDISTORTED]
    assert rows["mos"].nunique() == 1 and set(rows["label_note"]) == {NOTE}
    assert rows["mos"].iloc[0] == pytest.approx(0.90, abs=0.005)
    assert set(found[found["level"] == 2]["label_method"]) == {method}
    assert len(rows) >= 4 and not rows.duplicated(["source", "type"]).any()


def test_one_label_for_all_explains_nothing_inside_a_cell():
    truth = np.random.default_rng(0).random((30, 2))
    others = (truth.sum(axis=0) - truth) / 29
    assert within_cell_r(others, truth) is None
    assert within_cell_r(np.column_stack([others[:, 0], truth[:, 1]]), truth) == pytest.approx(0.5)


def test_monotone_is_recorded(tmp_path):
    dataset = plan(tmp_path, crops(1, size=(160, 120)), [(10, level) for level in range(1, 6)])
    summary = label_dataset(dataset, method="content", cache=tmp_path / "cache", workers=1, monotone=True)
    assert manifest.facts(dataset)["label"]["monotone"] is True
    mos = manifest.read(dataset).sort_values("level")["mos"].to_numpy()
    assert (np.diff(mos) <= 1e-6).all() and summary.rising_series in (0, 1)


@pytest.mark.parametrize(
    ("strengths", "words"),
    [
        ([50, 30, 10], ()),
        ([10, 30, 50], ("severe", "relevant", "slight")),
        ([30, 10, 50], ("relevant", "severe", "slight")),
    ],
)
def test_own_strengths_grow_worse_as_the_bundled_ones_do(strengths, words):
    """JPEG's quality: rising strengths are levels that grow better, and are no faults of their labels."""
    own = distortions.add_suite(distortions.own("jpeg", strengths))
    assert own.types[1].words == words
    quality = dict(zip([50, 30, 10], [0.8, 0.6, 0.3], strict=True))
    labels, samples = made([(0, 1, n, quality[one]) for n, one in enumerate(strengths, 1)], "own")
    assert rising(labels, samples).series == 0 and smooth(labels, samples) == 0
    labels, samples = made([(0, 1, n, 1 - quality[one]) for n, one in enumerate(strengths, 1)], "own")
    found = rising(labels, samples)
    assert found.series == found.of == (0 if strengths[0] == 30 else 1), "out of order nothing is counted"
