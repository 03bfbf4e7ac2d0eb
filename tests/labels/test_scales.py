"""One scale at a time, named where a number stands."""

import dataclasses

import pytest

from glint_data.errors import GlintError
from glint_data.labels.certificate import Audit
from glint_data.labels.scales import checked, on_unit_scale
from glint_data.labels.stage.summary import LabelSummary

MEASURES = {"srocc": 0.9, "krocc": 0.7, "plcc": 0.9, "rmse": 0.4, "within_cell_r": 0.5, "coverage_90": 0.9}
HUBS = {"largest_share": 0.1, "references_for_half": 3, "references_never_nearest": 0}
CERTIFICATE = {
    "title": "A set",
    "references": 3,
    "images": 30,
    "embedder": "e",
    "default": "mean",
    "scale": {"low": 1, "high": 5, "higher_is_better": False},
    "methods": {"mean": MEASURES | {"width_90": 1.2, "smallest_coverage_of_a_type": None, "hubness": HUBS}},
    "references_left_out": [],
    "leave_type_out": {
        **{"method": "any", "pairs": 5, "seconds": 1.0, "srocc": 0.8, "rmse": 0.8, "within_type_r": None},
        **{"coverage_90": 0.9, "width_90": 2.0, "flagged_share": 0.1},
        "per_type": {"1": {"srocc": 0.5, "rmse": 0.6, "coverage_90": 0.9, "bias": 0.4, "flagged_share": 0.0}},
    },
}


def test_a_certificate_on_0_to_1():
    found = on_unit_scale(CERTIFICATE)
    assert found["methods"]["mean"]["rmse"] == pytest.approx(0.1)
    assert found["methods"]["mean"]["width_90"] == pytest.approx(0.3)
    assert found["methods"]["mean"]["srocc"] == 0.9 and found["scale"]["high"] == 1
    assert found["leave_type_out"]["per_type"]["1"]["bias"] == pytest.approx(-0.1)  # higher is better there
    assert CERTIFICATE["methods"]["mean"]["rmse"] == 0.4


def test_an_audits_text_names_its_scale_and_the_record_keeps_the_sets_own():
    own, unit = Audit(CERTIFICATE), Audit(CERTIFICATE, "unit")
    assert own.record() == unit.record() == CERTIFICATE
    assert "on the scale 1 to 5" in own.text() and "      0.400" in own.text()
    assert (
        "on the scale 0 to 1" in unit.text() and "      0.100" in unit.text() and "1 to 5" not in unit.text()
    )
    with pytest.raises(GlintError, match="--scale inch"):
        checked("inch")


def test_a_label_summary_names_the_scale_of_its_widths():
    summary = LabelSummary(
        dataset="d", reference="kadid", method="mean", embedder="e", photos=1, samples=2, labelled=2, unlabelled=0,
        photos_unlike_references=0, photos_unreadable={}, median_width=0.8, scale="1 to 5", rising_series=0,
        seconds=1.0, seconds_embedding=0.5, seconds_labelling=0.5,
    )  # fmt: skip
    assert "intervals 0.20 wide on 0 to 1 in the median" in summary.text()
    own = dataclasses.replace(summary, said_on="own")
    assert "intervals 0.80 wide on 1 to 5 in the median" in own.text()
