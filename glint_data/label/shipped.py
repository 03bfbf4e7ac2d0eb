"""What ships for the `pair` method: measurements of the rated images of a reference set.

They are made from the set's pristine images, rendered by this package's own distortions, by

    python -m glint_data.label.refit kadid FOLDER

and are joined to the scores by (reference, type, level). The fit itself takes half a second and is done
when it is needed; so the audit with the shipped measurements is the audit of what `label` uses.
"""

import json
from importlib.resources import files
from typing import Any

import numpy as np

from glint_data.label import measurements
from glint_data.reference_sets.references import ReferenceSet

_FOLDER = files("glint_data.label") / "parameters"
ABOUT_KEY = b"glint_data.measurements"


def place(suite: str):
    """The file of a suite's measurements, in the package."""
    return _FOLDER / f"{suite}.{measurements.VERSION}.parquet"


def reference_pairs(loaded: ReferenceSet) -> np.ndarray | None:
    """float32 (R, C, measurements) in the set's own order; None where the package has none for it."""
    import pyarrow.parquet as pq

    file = place(loaded.suite)
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        table = pq.read_table(stream)
    names = [name for name in table.column_names if name not in ("reference", "type", "level")]
    values = np.stack([table[name].to_numpy().astype(np.float32) for name in names], axis=1)
    row_of = {reference: row for row, reference in enumerate(loaded.references)}
    column_of = loaded.column_of()
    pairs = np.full((len(row_of), len(column_of), len(names)), np.nan, np.float32)
    keys = zip(
        table["reference"].to_pylist(), table["type"].to_pylist(), table["level"].to_pylist(), strict=True
    )
    for position, (reference, kind, level) in enumerate(keys):
        if reference in row_of and (kind, level) in column_of:
            pairs[row_of[reference], column_of[kind, level]] = values[position]
    return None if np.isnan(pairs).any() else pairs


def about(suite: str) -> dict[str, Any]:
    """What the shipped file says of itself: versions, seeds, what rendered the images."""
    import pyarrow.parquet as pq

    with place(suite).open("rb") as stream:
        return json.loads(pq.read_schema(stream).metadata[ABOUT_KEY])


def default_method(pairs: np.ndarray | None) -> str:
    """The best method by audit of those that can run: `pair` where the reference set has measurements."""
    return "content" if pairs is None else "pair"
