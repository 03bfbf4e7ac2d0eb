"""Labels: scores transferred from rated references to new samples, with intervals that hold.

A method is one file of `methods/`, evidence one of `evidence/`; both register themselves. `label_dataset` applies a
method to a dataset, `audit_reference` measures them all.
"""

from glint_data.labels import evidence, methods  # noqa: F401  (they register)
from glint_data.labels.audit import audit_reference
from glint_data.labels.certificate import Audit, write_figures
from glint_data.labels.method import METHODS
from glint_data.labels.stage.label import label_dataset
from glint_data.labels.stage.summary import LabelSummary

__all__ = [
    "METHODS",
    "Audit",
    "LabelSummary",
    "audit_reference",
    "label_dataset",
    "write_figures",
]
