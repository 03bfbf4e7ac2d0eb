"""A dataset in the layouts that other tools read; virtual ones are rendered on the way out.

Each format is one file and registers itself in `FORMATS`; `export_dataset` writes one.
"""

from glint_data.exports import (  # noqa: F401 (importing them registers their formats)
    coco,
    croissant,
    csv_table,
    deqa,
    fiftyone,
    hf,
    kadid,
    pairs,
    pyiqa,
    qalign,
    qinsight,
    vqr1,
    webdataset,
)
from glint_data.exports.format import FORMATS
from glint_data.exports.options import Options
from glint_data.exports.stage import ExportSummary, export_dataset

__all__ = ["FORMATS", "ExportSummary", "Options", "export_dataset"]
