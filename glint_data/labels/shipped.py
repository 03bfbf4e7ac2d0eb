"""What ships for the methods `pair` and `deep`: measurements of the rated images of a reference set.

They are made from the set's pristine images, rendered by this package's own distortions, by

    python -m glint_data.labels.refit kadid FOLDER

and are joined to the scores by (reference, type, level). The fit itself takes half a second and is done
when it is needed; so the audit with the shipped measurements is the audit of what `label` uses.
"""

import json
from importlib.resources import files
from typing import Any

import numpy as np

from glint_data.labels import measurements, network_measurements
from glint_data.labels.method import METHODS, Photos
from glint_data.reference_sets.references import ReferenceSet

BEST_FIRST = ("deep", "pair", "content")
"""By audit on KADID-10k."""
_FOLDER = files("glint_data.labels") / "parameters"
ABOUT_KEY = b"glint_data.measurements"


def place(suite: str, version: str):
    """The file of a suite's measurements of that version, in the package."""
    return _FOLDER / f"{suite}.{version}.parquet"


def photos_place(suite: str):
    """The file of what the network makes of a suite's pristine images, in the package."""
    return place(suite, f"{network_measurements.VERSION}.photos")


def reference_photos(loaded: ReferenceSet) -> Photos:
    """A reference set's photos with all that ships for them."""
    pairs = _pairs(loaded, measurements.VERSION)
    network = _statistics(loaded)
    network_pairs = None if pairs is None or network is None else _pairs(loaded, network_measurements.VERSION)
    return Photos(loaded.vectors, loaded.descriptors, loaded.vectors_are_unit, pairs, network_pairs, network)


def _table(file):
    import pyarrow.parquet as pq

    with file.open("rb") as stream:
        return pq.read_table(stream)


def _statistics(loaded: ReferenceSet) -> np.ndarray | None:
    """float32 (R, channel statistics) in the set's own order; None where the package has none for all."""
    from glint_data.embedding.embed import vectors_of

    file = photos_place(loaded.suite)
    if not file.is_file():
        return None
    table = _table(file)
    vectors = vectors_of(table["network"])
    row_of = {reference: row for row, reference in enumerate(table["reference"].to_pylist())}
    if any(reference not in row_of for reference in loaded.references):
        return None
    return vectors[[row_of[reference] for reference in loaded.references]]


def _pairs(loaded: ReferenceSet, version: str) -> np.ndarray | None:
    """float32 (R, C, measurements) in the set's own order; None where the package has none for it."""
    file = place(loaded.suite, version)
    if not file.is_file():
        return None
    table = _table(file)
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

    with place(suite, measurements.VERSION).open("rb") as stream:
        return json.loads(pq.read_schema(stream).metadata[ABOUT_KEY])


def default_method(photos: Photos) -> str:
    """The best method by audit of those that the reference set has measurements for."""
    return next(name for name in BEST_FIRST if METHODS[name].can_use(photos))
