"""Public scored sets, as they are published, to datasets of this house: `glint-data import NAME ROOT --out DATASET`.

What a set looks like is data, not code: `manifests/NAME.json` says where its tables lie, what their columns
mean, how its image names are read, and on what scale its scores are.
"""

from glint_data.importing.stage import ImportSummary, import_dataset

__all__ = ["ImportSummary", "import_dataset"]
