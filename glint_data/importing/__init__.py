"""Scored sets as they are published, and tables of own pictures, to datasets: `glint-data import NAME ...`.

What a set looks like is data, not code: `manifests/NAME.json` says where its tables lie, what their columns
mean, how its image names are read, and on what scale its scores are.
"""

from glint_data.importing.own_pictures import TableSummary, import_table
from glint_data.importing.stage import ImportSummary, import_dataset

__all__ = ["ImportSummary", "TableSummary", "import_dataset", "import_table"]
