"""What a dataset of one's own would be as a reference set, said from its manifest alone: nothing is measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distortions.lookup import unknown
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels.evidence.shipped import BEST_FIRST
from glint_data.labels.grids import cells_of
from glint_data.labels.method import METHODS
from glint_data.labels.pooled import for_unrated
from glint_data.labels.stage.samples import SamplesToLabel, read_samples
from glint_data.reference_sets.scored_sets import known_sets
from glint_data.storage.places import Place


@dataclass(frozen=True)
class OwnSet:
    """A dataset's scores as a reference set. `low` to `high` is the raters' scale; `cells` are those with a type and a
    level that nearly every photo was rated in, 0 where there is no such grid; `by_cell` and `by_pair` name the methods
    that it can hold, None where it is too small."""

    name: str
    folder: str
    title: str
    suites: tuple[str, ...]
    references: tuple[str, ...]
    pairs: int
    without_photo: int
    unrated: int
    cells: int
    low: float
    high: float
    higher_is_better: bool
    by_cell: str | None
    by_pair: str | None
    notes: tuple[str, ...]

    def text(self) -> str:
        """Lines for a person, with the commands that use it."""
        suites = ", ".join(self.suites) or "no suite named"
        better = "higher" if self.higher_is_better else "lower"
        lines = [
            f"{self.folder}: {self.title}, {len(self.references):,} photos with {self.pairs:,} rated samples "
            f"({suites}), scores {self.low:g} to {self.high:g}, {better} is better",
            f"  cells      {self.cells:,} types and levels that (nearly) all photos were rated in"
            if self.cells
            else "  cells      none: types and levels are missing, of several suites, or rated with many gaps",
            f"  labels     {self._labels()}",
        ]
        lines += [f"  {'note':<10} {note}" for note in self.notes]
        if self.by_cell or self.by_pair:
            lines.append(f"Next: glint-data audit --reference {self.folder}")
        return "\n".join(lines)

    def _labels(self) -> str:
        """By what a dataset is labelled from it. Types of a table that names no suite are nobody else's."""
        by_pair = self.by_pair or "no method"
        if self.suites or not self.cells:
            return f"in these cells by {self.by_cell or 'no method'}, elsewhere by {by_pair}"
        return f"by {by_pair}: its table names no suite, so these cells are its own (audit uses them)"

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**vars(self), "suites": list(self.suites), "references": list(self.references)} | {
            "notes": list(self.notes)
        }


def describe(dataset: str | Path | Dataset) -> OwnSet:
    """What there is of a dataset's scores, and which label methods they hold.

    Raises:
        GlintError: no dataset, or no sample has both a score that people gave and its pristine photo.
    """
    dataset = own_dataset(dataset)
    samples = read_samples(dataset)
    rows = usable_rows(samples)
    cells, _ = cells_of(samples, rows)
    photos = np.unique(samples.photo[rows])
    about = dataset.facts().get("label", {})
    pooled = for_unrated()
    by_pair = pooled.name if len(photos) >= pooled.references and len(rows) >= pooled.pairs else None
    usable = [name for name in BEST_FIRST if len(cells) and len(photos) >= METHODS[name].references]
    notes = []
    if usable[:1] != [BEST_FIRST[0]] and len(cells):
        best = METHODS[BEST_FIRST[0]]
        falls = f"it falls back to {usable[0]}" if usable else "there is no other"
        notes.append(f"{best.name} takes {best.references} photos, here are {len(photos)}: {falls}")
    if by_pair is None:
        notes.append(
            f"{pooled.name}, for what nobody rated, takes {pooled.references} photos and {pooled.pairs} rated samples, "
            f"here are {len(photos)} and {len(rows)}: such samples get no label"
        )
    name = about.get("set") or dataset.folder.name
    return OwnSet(
        name=name,
        folder=str(dataset.folder),
        title=about.get("title") or name,
        suites=tuple(sorted({samples.suites[code] for code in np.unique(samples.suite[rows])} - {""})),
        references=tuple(sorted(samples.photos[photo].name for photo in photos)),
        pairs=len(rows),
        without_photo=int((samples.rated & samples.rendered).sum()) - len(rows),
        unrated=int((samples.rendered & ~samples.rated).sum()),
        cells=len(cells),
        low=float(about.get("low", 0.0)),
        high=float(about.get("high", 1.0)),
        higher_is_better=bool(about.get("higher_is_better", True)),
        by_cell=usable[0] if usable else None,
        by_pair=by_pair,
        notes=tuple(notes),
    )


def own_dataset(reference: str | Place | Dataset) -> Dataset:
    """The dataset of that name. Raises `GlintError`: there is none, nor a set called so."""
    try:
        return Dataset(reference)
    except GlintError as error:
        if isinstance(reference, str) and "/" not in reference and not Path(reference).exists():
            raise GlintError(
                f"reference {reference!r}: no dataset lies there, and "
                f"{unknown('scored set', reference, sorted(known_sets()))}"
            ) from error
        raise


def usable_rows(samples: SamplesToLabel) -> np.ndarray:
    """The rows with a score that people gave and a pristine photo to measure against. Raises `GlintError` for none."""
    usable = np.array(
        [photo.hash is not None and photo.sample.has_pristine for photo in samples.photos], bool
    )
    rows = np.flatnonzero(samples.rated & samples.rendered & usable[samples.photo])
    if not len(rows):
        raise GlintError(
            f"{samples.dataset.folder}: no sample of it has both a score that people gave and its pristine photo, so "
            "it cannot be a reference set; import scores and references ('glint-data import table'), or name kadid"
        )
    return rows
