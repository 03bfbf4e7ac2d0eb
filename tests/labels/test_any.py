"""Labels for what nobody rated: other suites, chains, large pictures; from the shipped measurements and judgement."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import skimage.data
from test_label_stage import plan

import distortions
from glint_data.dataset.dataset import Dataset
from glint_data.labels import METHODS, label_dataset
from glint_data.labels.judgements import judgement
from glint_data.labels.rated import rated_set
from glint_data.labels.stage.plan import unrated_notes
from glint_data.labels.stage.unrated import Unrated
from glint_data.labels.types_out import folds_of, measures
from glint_data.labels.viewing import Views, keeps_cell, size_of


@pytest.fixture(scope="module")
def kadid():
    return rated_set("kadid")


def test_the_shipped_judgement_is_of_the_shipped_measurements(kadid, tmp_path, monkeypatch):
    """With other pairs, or another version of the method, it would be made anew, which takes minutes."""
    from glint_data.labels import judgements

    monkeypatch.setattr(
        judgements, "left_out", lambda *arguments: pytest.fail("the judgement is not shipped")
    )
    pool = kadid.pool(METHODS["any"])
    measured = measures(pool, judgement(METHODS["any"], pool, None, 1), kadid.loaded.span)
    assert measured["srocc"] >= 0.915 and measured["rmse"] <= 0.44
    assert 0.88 <= measured["coverage_90"] <= 0.92 and measured["flagged_share"] <= 0.10
    assert min(each["coverage_90"] for each in measured["per_type"].values()) >= 0.75


def test_a_pair_of_the_judgement_made_again(kadid):
    """A type of one fold, fitted without the type and the fold's references, gets what ships."""
    method = METHODS["any"]
    pool = kadid.pool(method)
    fold = folds_of(pool.photo)
    known, requested = (fold != 0) & (pool.type != 10), (fold == 0) & (pool.type == 10)
    again = method.fit(pool.rows(np.flatnonzero(known))).predict(pool.rows(np.flatnonzero(requested)).blocks)
    assert again == pytest.approx(judgement(method, pool, None, 1).mos[requested], abs=2e-3)


@pytest.mark.slow
def test_another_suite_is_labelled_by_what_is_measured(tmp_path):
    cells = [
        (number, level) for number, type_number in distortions.suite("csiq").types.items() for level in (1, 3)
    ]
    photo = cv2.resize(skimage.data.coffee(), (256, 192), interpolation=cv2.INTER_AREA)
    dataset = plan(tmp_path / "csiq", {"coffee": photo}, cells, suite="csiq")
    summary = label_dataset(dataset, cache=tmp_path / "cache", workers=1)
    table = Dataset(dataset).table(["type", "level", "mos", "mos_low", "mos_high", "label_method"])
    assert summary.labelled == len(cells) and set(table["label_method"]) == {"any"}
    first, third = (table[table["level"] == level].set_index("type")["mos"] for level in (1, 3))
    assert (first > third).mean() > 0.8
    assert ((table["mos_low"] <= table["mos"]) & (table["mos"] <= table["mos_high"])).all()
    assert "by any, from what was measured of each pair" in summary.text()


@pytest.mark.parametrize(
    ("large", "chosen", "reason"),
    [
        ([0, 0, 0], "deep", ": nobody rated the distortion and level for KADID-10k"),
        ([1, 0, 0], "deep", ": nobody rated the distortion and level of 2 of them for KADID-10k"),
        ([1, 1, 1], "deep", ""),  # what is said of their size says why
        ([0, 0, 0], "any", ""),
    ],
)
def test_why_a_label_is_of_the_pair_alone(large, chosen, reason):
    any_ = SimpleNamespace(name="any")
    plan = SimpleNamespace(
        pooled=any_,
        chosen=any_ if chosen == "any" else SimpleNamespace(name=chosen),
        unrated=np.arange(3),
        large=np.array(large, bool),
        rated=SimpleNamespace(loaded=SimpleNamespace(title="KADID-10k")),
    )
    (note,) = unrated_notes(Unrated(labelled=3), plan)
    assert note == "3 samples by any, from what was measured of each pair" + reason


def test_large_pictures_leave_their_cells_but_for_pointwise_types():
    pixels = np.array([512 * 384, 768 * 512, 1024 * 768, 4000 * 3000, 0])
    size = size_of(pixels)
    suite, blur, colour = np.full(5, "kadid10k"), np.full(5, 1), np.full(5, 7)
    assert keeps_cell("auto", size, suite, blur).tolist() == [True, True, False, False, True]
    assert keeps_cell("auto", size, suite, colour).all() and keeps_cell("pixels", size, suite, blur).all()
    assert keeps_cell("fit", size, suite, blur).tolist() == [True, False, False, False, True]


def test_pixels_are_seen_through_windows_of_the_references_size():
    photo = np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    views = Views(photo, "pixels")
    assert [part.shape for part in views.photo] == [(384, 512, 3)] * 5
    assert all(np.array_equal(a, b) for a, b in zip(views.of(photo), views.photo, strict=True))
    assert len(Views(photo, "fit").photo) == 1 and len(Views(photo[:200, :200], "pixels").photo) == 1
