"""What ships of reference sets: measurements of their rated images, and what their photos are like.

They are made from a set's pristine images, rendered by this package's own distortions, by

    python -m glint_data.labels.evidence.refit kadid FOLDER

and are joined to the scores by (reference, type, level). The fit itself takes a second and is done
when it is needed; so the audit with the shipped measurements is the audit of what `label` uses.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.labels.evidence.source import EVIDENCE, ContentEvidence, PairEvidence
from glint_data.labels.method import DESCRIPTOR, METHODS, PhotoFeatures, Scored
from glint_data.reference_sets.references import ReferenceSet

if TYPE_CHECKING:
    import pyarrow

BEST_FIRST = ("deep", "pair", "content", "mean")
"""By audit on KADID-10k."""
ABOUT_KEY = b"glint_data.evidence"
_KEYS = ("reference", "type", "level")


TABLES = Path(str(files("glint_data.labels") / "evidence" / "tables"))
"""Where they lie in the package."""


def table_of(suite: str, evidence: str) -> Path:
    """The file of a suite's measurements of that block."""
    return TABLES / f"{suite}.{evidence.replace('/', '-')}.parquet"


def scored_of(loaded: ReferenceSet) -> Scored:
    """A reference set as what methods are fitted on, with all the evidence that ships for it."""
    blocks: dict[str, np.ndarray] = {DESCRIPTOR: loaded.descriptors}
    for name, source in EVIDENCE.items():
        file = table_of(loaded.suite, name)
        if name != DESCRIPTOR and file.is_file():
            block = (
                _content(source, file, loaded)
                if isinstance(source, ContentEvidence)
                else _pairs(source, file, loaded)
            )
            blocks |= {} if block is None else {name: block}
    return Scored(PhotoFeatures(loaded.vectors, loaded.vectors_are_unit, blocks), loaded.mos, loaded.cells)


def _read(file: Path, source: ContentEvidence | PairEvidence) -> "pyarrow.Table":
    """The table, if it holds the columns that this program's source measures. Raises `GlintError`."""
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    held = about(table.schema)["columns"]
    if tuple(held) != source.columns:
        odd = sorted(set(held) ^ set(source.columns))
        raise GlintError(
            f"{file}: does not hold the columns of {source.name} ({', '.join(odd[:3]) or 'another order'}); "
            "it was made by another version: reinstall, or make it again by glint_data.labels.evidence.refit"
        )
    return table


def about(schema: "pyarrow.Schema") -> dict[str, Any]:
    """What a table says of itself: suite and its version, columns, the images' hashes."""
    return json.loads(schema.metadata[ABOUT_KEY])


def _content(source: ContentEvidence, file: Path, loaded: ReferenceSet) -> np.ndarray | None:
    """float32 (R, columns) in the set's own order; None where the package has none for all."""
    from glint_data.embedding.embed import vectors_of

    table = _read(file, source)
    row_of = {reference: row for row, reference in enumerate(table["reference"].to_pylist())}
    if any(reference not in row_of for reference in loaded.references):
        return None
    return vectors_of(table["values"])[[row_of[reference] for reference in loaded.references]]


def _pairs(source: PairEvidence, file: Path, loaded: ReferenceSet) -> np.ndarray | None:
    """float32 (R, C, columns) in the set's own order; None where the package has none for it."""
    table = _read(file, source)
    values = np.stack([table[name].to_numpy().astype(np.float32) for name in source.columns], axis=1)
    row_of = {reference: row for row, reference in enumerate(loaded.references)}
    column_of = loaded.column_of()
    pairs = np.full((len(row_of), len(column_of), len(source.columns)), np.nan, np.float32)
    keys = zip(*(table[name].to_pylist() for name in _KEYS), strict=True)
    for position, (reference, number, level) in enumerate(keys):
        if reference in row_of and (number, level) in column_of:
            pairs[row_of[reference], column_of[number, level]] = values[position]
    return None if np.isnan(pairs).any() else pairs


def default_method(photos: PhotoFeatures) -> str:
    """The best method by audit of those that the reference set has evidence for."""
    usable = [name for name in BEST_FIRST if METHODS[name].can_use(photos)]
    if not usable:
        least = ", ".join(f"{name} takes {METHODS[name].references}" for name in BEST_FIRST)
        raise GlintError(f"{len(photos)} references are too few for any label method: {least}")
    return usable[0]
