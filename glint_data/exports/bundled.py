"""The formats that come with the package: importing them registers them."""

from glint_data.exports import (  # noqa: F401
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

__all__ = ["FORMATS"]
