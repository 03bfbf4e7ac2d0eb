"""Labels: scores transferred from rated references to new samples, with intervals that hold.

Each method is one file and registers itself in `METHODS`; `label_dataset` applies one to a dataset,
`audit_reference` measures them all.
"""

from glint_data.labels import content, deep, knn, mean, nearest, pair
from glint_data.labels.audit import audit_reference
from glint_data.labels.certificate import audit_table, write_figures
from glint_data.labels.method import METHODS
from glint_data.labels.stage import LabelSummary, label_dataset

__all__ = [
    "METHODS",
    "LabelSummary",
    "audit_reference",
    "audit_table",
    "content",
    "deep",
    "knn",
    "label_dataset",
    "mean",
    "nearest",
    "pair",
    "write_figures",
]
