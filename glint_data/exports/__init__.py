"""A dataset in the layouts that other tools read; virtual ones are rendered on the way out.

Each format is one file and registers itself in `FORMATS`; `export_dataset` writes one.
"""

from glint_data.exports import croissant, hf, kadid, pyiqa, webdataset
from glint_data.exports.format import FORMATS
from glint_data.exports.stage import ExportSummary, export_dataset

__all__ = [
    "FORMATS",
    "ExportSummary",
    "croissant",
    "export_dataset",
    "hf",
    "kadid",
    "pyiqa",
    "webdataset",
]
