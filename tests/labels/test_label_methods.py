"""The label methods: leave-one-out numbers on KADID-10k's own scores, exactness of the shortcuts."""

from dataclasses import replace

import numpy as np
import pytest

from glint_data.errors import GlintError
from glint_data.labels import METHODS, audit_reference
from glint_data.labels.audit import within_cell_r
from glint_data.labels.calibration import Calibrated
from glint_data.labels.evidence import shipped
from glint_data.labels.evidence.shipped import scored_of
from glint_data.labels.method import Scored
from glint_data.reference_sets import references

FAST = ("content", "knn", "mean", "nearest")


@pytest.fixture(scope="module")
def kadid():
    return references.load("kadid")


@pytest.fixture(scope="module")
def certificate():
    return audit_reference("kadid", methods=FAST).record()


def test_scores_are_joined_by_key(kadid):
    assert len(kadid.references) == 80
    assert kadid.without_pixels == ("I04",)
    row, column = kadid.references.index("I81"), kadid.column_of()[(25, 5)]
    table = references.bundled_scores(references.description_of("kadid"))
    score = table.query("reference == 'I81' and type == 25 and level == 5")["score"].item()
    assert kadid.mos[row, column] * 4 + 1 == pytest.approx(score)
    assert len(table) == 10125


def test_audit_reaches_what_was_measured_before(certificate):
    """Baselines as in the published analysis of these scores; content beats both by a wide margin."""
    found = certificate["methods"]
    assert found["mean"]["srocc"] == pytest.approx(0.938, abs=0.002)
    assert found["mean"]["rmse"] == pytest.approx(0.364, abs=0.002)
    assert found["mean"]["within_cell_r"] is None
    assert found["nearest"]["rmse"] > found["mean"]["rmse"] > found["knn"]["rmse"] > found["content"]["rmse"]
    assert found["content"]["srocc"] > 0.956
    assert found["content"]["rmse"] < 0.310


def test_measured_pairs_beat_content_and_the_network_beats_both(kadid):
    """From the shipped measurements; by the exact left-out predictions of one fit, which the audit's refits confirm."""
    scored = scored_of(kadid)
    rmse, within = {}, {}
    for name in ("content", "pair", "deep"):
        mos = METHODS[name].fit(scored).left_out().mos
        rmse[name] = np.sqrt(((mos - scored.mos) ** 2).mean()) * kadid.span
        within[name] = within_cell_r(mos, scored.mos)
    assert rmse["deep"] < 0.272 and rmse["pair"] < 0.297 and rmse["content"] > rmse["pair"] > rmse["deep"]
    assert within["deep"] > 0.56 > 0.51 > within["pair"] > 0.47 > within["content"]
    assert shipped.default_method(scored.photos) == "deep"


@pytest.mark.parametrize("name", FAST)
def test_intervals_hold(certificate, name):
    found = certificate["methods"][name]
    assert 0.88 <= found["coverage_90"] <= 0.92
    assert found["smallest_coverage_of_a_type"] >= 0.85


def test_certificate_is_plain_and_complete(certificate):
    import json

    again = json.loads(json.dumps(certificate))
    assert again["default"] in METHODS
    keys = {
        "srocc",
        "krocc",
        "plcc",
        "rmse",
        "within_cell_r",
        "coverage_90",
        "width_90",
        "per_type",
        "hubness",
    }
    assert all(keys <= found.keys() for found in again["methods"].values())
    assert set(again["methods"]["mean"]["per_type"]) == {str(number) for number in range(1, 26)}


@pytest.mark.parametrize("name", (*FAST, "pair", "deep"))
def test_left_out_is_a_refit_without_the_row(kadid, name):
    """The closed forms that calibrate the intervals agree with fitting again without the row."""
    few = kadid.subset(np.arange(0, 80, 2))
    scored = scored_of(few)
    left_out = METHODS[name].fit(scored).left_out().mos
    gaps = []
    for row in range(0, 40, 7):
        refitted = METHODS[name].fit(scored.without(row)).predict(scored.photos.rows(np.array([row]))).mos
        gaps.append(np.abs(refitted - left_out[row]).mean())
    # scales, noise and shrinkage are chosen again in the refit, so equality holds for `mean` alone
    assert max(gaps) < (1e-9 if name == "mean" else 0.05)


def test_the_scores_of_the_left_out_reference_are_not_seen(kadid):
    """Changing the held-out reference's scores must not change its own label."""
    scored = scored_of(kadid)
    held_out = scored.photos.rows(np.array([3]))
    for name in FAST:
        before = Calibrated(METHODS[name].fit(scored.without(3)), scored.without(3)).label(held_out).mos
        changed = scored.mos.copy()
        changed[3] = 1 - changed[3]
        other = type(scored)(scored.photos, changed, scored.cells).without(3)
        assert np.array_equal(before, Calibrated(METHODS[name].fit(other), other).label(held_out).mos)


def test_labels_stay_on_the_scale(kadid):
    scored = scored_of(kadid)
    far = scored.photos.descriptors * 50
    strange = type(scored.photos)(far, False, {"content/descriptor-1": far})
    for name in FAST:
        label = Calibrated(METHODS[name].fit(scored), scored).label(strange)
        assert (label.low >= 0).all() and (label.high <= 1).all()
        assert (label.low <= label.mos).all() and (label.mos <= label.high).all()
        assert (label.std > 0).all()


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(GlintError, match="content"):
        METHODS["contents"]
    with pytest.raises(GlintError, match="kadid"):
        references.load("kadid99")
    with pytest.raises(GlintError, match="reference-root"):
        references.load("kadid", embedder="ViT-B-32")


@pytest.mark.parametrize("method", ["pair", "deep", "content"])
def test_a_study_whose_scores_do_not_differ_between_photos(kadid, method):
    """Small studies have such types; the label is then the cell's mean, and neither it nor its interval is NaN."""
    whole = scored_of(kadid)
    columns = np.flatnonzero(np.isin(whole.cells[:, 0], (1, 10)))
    blocks = {
        name: block[:12, columns] if np.ndim(block) == 3 else block[:12]
        for name, block in whole.photos.blocks.items()
    }
    photos = replace(whole.photos.rows(np.arange(12)), blocks=blocks)
    means = np.nanmean(whole.mos[:12, columns], axis=0)
    scored = Scored(photos, np.tile(means, (12, 1)), whole.cells[columns])
    label = Calibrated(METHODS[method].fit(scored), scored).label(photos.rows(np.array([3])))
    assert label.mos[0] == pytest.approx(means.clip(0, 1))
    assert (label.low <= label.mos).all() and (label.mos <= label.high).all() and (label.std >= 0).all()
