"""The evidence behind one label: what it is made of, and whose scores it leans on.

The method is fitted again as `label` fitted it (a second or two) and its prediction taken apart; the parts add up to
the label in the row. Nothing of that is kept beside a label: 6.25 million of them have no use for it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import RATED, of_labels
from glint_data.dataset.sample import Label, Sample
from glint_data.embedding import descriptor, embed
from glint_data.errors import GlintError
from glint_data.labels.evidence.source import content_evidence
from glint_data.labels.method import DESCRIPTOR, METHODS, Method, PhotoFeatures
from glint_data.labels.parts import BASE, CONTENT, PAIR, Part, largest
from glint_data.labels.pooled import UNKNOWN_TYPE, PooledMethod
from glint_data.labels.rated import Rated, rated_set
from glint_data.labels.stage.measuring import MeasuringTask, measure_photo
from glint_data.labels.stage.samples import PristinePhoto
from glint_data.labels.undistorted import UNDISTORTED, Undistorted
from glint_data.labels.viewing import FIT, PIXELS
from glint_data.reference_sets.scored_sets import known_sets
from glint_data.storage.places import Place

_SHOWN = 8
_ALIKE = 5
_TELLING = 5e-4
"""Smaller differences are not seen in three digits."""
_ABOUT = {CONTENT: "what the photo is like", PAIR: "what was measured of the pair"}
_AFTER = "after that: cut to 0 to 1, levels smoothed, or mapped to raters' scale"


@runtime_checkable
class _TakesApart(Protocol):
    def parts(self, photos: PhotoFeatures, column: int) -> list[Part]: ...


@dataclass(frozen=True)
class LabelEvidence:
    """`parts` add up to `label`. `neighbours`: the references that the photo resembles, with similarity and their
    score in the label's cell (None: not rated there); `alike`: rated pairs that were measured most like this one, with
    type and score. All scores on 0 to 1."""

    label: float
    parts: tuple[Part, ...]
    neighbours: tuple[tuple[str, float, float | None], ...] = ()
    alike: tuple[tuple[str, int | None, float], ...] = ()
    notes: tuple[str, ...] = ()

    def moved(self, about: str) -> float:
        """How much all parts about `CONTENT` or `PAIR` moved the label."""
        return float(sum(part.amount for part in self.parts if part.about == about))

    def text(self) -> str:
        """Lines for a person, the largest parts first."""
        first, *others = self.parts
        lines = [f"  {'made of':<10}  {first.amount:.3f}  {first.what}"]
        for part in largest(others, _SHOWN):
            lines.append(f"  {'':<10} {part.amount:+.3f}  {part.what}")
        lines.append(f"  {'':<10} ={self.label:.3f}  the label")
        moved = [(about, self.moved(about)) for about in (CONTENT, PAIR)]
        said = [f"by {_ABOUT[about]} {amount:+.3f}" for about, amount in moved if abs(amount) > 1e-9]
        if said:
            lines.append(f"  {'moved':<10} {', '.join(said)}")
        if self.neighbours:
            named = [
                f"{name} {'not rated' if score is None else f'{score:.3f}'} ({similarity:.2f})"
                for name, similarity, score in self.neighbours
            ]
            lines.append(f"  {'this cell':<10} {', '.join(named)}: scores of the photos it resembles")
        if self.alike:
            named = [
                f"{name}{'' if number is None else f' type {number}'} {score:.3f}"
                for name, number, score in self.alike
            ]
            lines.append(f"  {'alike':<10} {', '.join(named)}: rated pairs measured most like it")
        return "\n".join([*lines, *(f"  {'note':<10} {note}" for note in self.notes)])

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def evidence_of(
    dataset: str | Place | Dataset,
    sample_id: str,
    reference: str | Place | Dataset | None = None,
    cache: Path | None = None,
) -> LabelEvidence | None:
    """What the label of a sample is made of; None where there is no label, or people gave it.

    Args:
        reference: the dataset with people's scores that the label came from; None takes the known set that the row
            names.

    Raises:
        GlintError: no such sample, a label that cannot be taken apart, or a reference that is not at hand.
    """
    dataset = Dataset(dataset)
    sample = next(dataset.samples(sample_id=sample_id), None)
    if sample is None:
        raise GlintError(f"{dataset.folder}: holds no sample {sample_id}")
    return Explainer(dataset, reference, cache).of(sample)


class Explainer:
    """Takes labels of one dataset apart; references and fits are made once. Arguments as in `evidence_of`."""

    def __init__(
        self, dataset: Dataset, reference: str | Place | Dataset | None = None, cache: Path | None = None
    ) -> None:
        self._facts = of_labels(dataset.facts())
        self._reference, self._cache = reference, cache or embed.cache_folder()
        self._rated: dict[str | None, tuple[Rated, Fits]] = {}

    def of(self, sample: Sample) -> LabelEvidence | None:
        """What the sample's label is made of; None and errors as in `evidence_of`."""
        label, facts = sample.label, self._facts
        if label is None or label.method == RATED:
            return None
        if label.method not in (*METHODS.names(), UNDISTORTED):
            raise GlintError(
                f"{sample.id}: its label is by {label.method}, which is not known here; load its plug-in"
            )
        if facts.get("embedder") not in (None, descriptor.NAME):
            raise GlintError(f"{sample.id}: labels by the embedder {facts['embedder']} are not taken apart")
        if label.set not in self._rated:
            self._rated[label.set] = _reference(self._reference, label, facts, self._cache), {}
        rated, fits = self._rated[label.set]
        return _taken_apart(sample, label, facts, rated, self._cache, fits)


Fits = dict[str, Any]
"""Fitted methods by name, all on the same references."""


def _reference(
    reference: str | Place | Dataset | None, label: Label, facts: dict[str, Any], cache: Path
) -> Rated:
    """The references of the label, without those that it was made without."""
    if reference is None and label.set not in known_sets():
        raise GlintError(
            f"this label came from your own scored dataset {label.set!r}: --reference DATASET says where it lies"
        )
    rated = rated_set(label.set if reference is None else reference, cache=cache)
    kept = facts.get("references")
    left_out = [name for name in rated.loaded.references if kept and name not in kept]
    if not left_out:
        return rated
    return rated_set(label.set if reference is None else reference, cache=cache, leave_out=left_out)


def _taken_apart(
    sample: Sample, label: Label, facts: dict[str, Any], rated: Rated, cache: Path, fits: Fits
) -> LabelEvidence:
    column = rated.loaded.column_of().get((sample.type or 0, sample.level or 0))
    neighbours: tuple[tuple[str, float, float | None], ...] = ()
    alike: tuple[tuple[str, int | None, float], ...] = ()
    if label.method == UNDISTORTED:
        parts = [_undistorted(rated)]
    else:
        method = METHODS[label.method]
        rated.require(method)
        if isinstance(method, PooledMethod):
            parts, alike = _pooled(method, sample, facts, rated, cache, fits)
        elif column is None or sample.suite != rated.loaded.suite:
            raise GlintError(f"{sample.id}: {rated.loaded.title} has no cell for its suite, type and level")
        else:
            parts = _in_cell(method, sample, column, facts, rated, cache, fits)
            row_of = {name: row for row, name in enumerate(rated.loaded.references)}
            scores = rated.loaded.mos[:, column]
            neighbours = tuple(
                (name, float(alikeness), _finite(scores[row_of[name]]) if name in row_of else None)
                for name, alikeness in label.references
            )
    notes = []
    rest = label.mos - sum(part.amount for part in parts)
    if abs(rest) > _TELLING:
        parts.append(Part(BASE, _AFTER, rest))
        clipped = not -1e-6 <= label.mos - rest <= 1 + 1e-6
        if not (clipped or facts.get("monotone") or facts.get("ratings")):
            notes.append("this label was not made by what is here now; 'glint-data label' makes it again")
    else:
        parts[-1] = Part(parts[-1].about, parts[-1].what, parts[-1].amount + rest)  # the row's own rounding
    return LabelEvidence(label.mos, tuple(parts), neighbours, alike, tuple(notes))


def _undistorted(rated: Rated) -> Part:
    same = Undistorted.of_cells(rated.scored) or (
        Undistorted.of_pairs(rated.pairs) if rated.pairs is not None else None
    )
    if same is None:
        raise GlintError(f"{rated.loaded.title} has too few rated pictures that equal their photo")
    return Part(BASE, f"mean of {same.rated} rated pictures that equal their photo", same.mos)


def _in_cell(
    method: Method, sample: Sample, column: int, facts: dict[str, Any], rated: Rated, cache: Path, fits: Fits
) -> list[Part]:
    fitted = fits[method.name] = fits.get(method.name) or method.fit(rated.scored)
    photo = _photo(sample)
    blocks: dict[str, np.ndarray] = {}
    for source in content_evidence(method.needs | {DESCRIPTOR}):
        seen = embed.embed_photos([(photo.hash or "", photo.read)], source.open(), cache)
        if not len(seen.vectors):
            raise GlintError(f"{sample.id}: {next(iter(seen.refused.values()), 'its photo cannot be read')}")
        blocks[source.name] = seen.vectors
    for name, row in _measured(method, sample, facts, cache).items():
        blocks[name] = np.full((1, len(rated.loaded.cells), row.shape[1]), np.nan, np.float32)
        blocks[name][0, column] = row[0]
    photos = PhotoFeatures(blocks[DESCRIPTOR], False, blocks)
    if isinstance(fitted, _TakesApart):
        return fitted.parts(photos, column)
    mean = float(np.nanmean(rated.loaded.mos[:, column]))
    said = float(fitted.predict(photos).mos[0, column])
    return [
        Part(BASE, "mean of the cell", mean),
        Part(CONTENT, f"what the photo is like, by {method.name}", said - mean),
    ]


def _pooled(
    method: PooledMethod, sample: Sample, facts: dict[str, Any], rated: Rated, cache: Path, fits: Fits
) -> tuple[list[Part], tuple[tuple[str, int | None, float], ...]]:
    pool = rated.pool(method)
    fitted = fits[method.name] = fits.get(method.name) or method.fit(pool)
    blocks = _measured(method, sample, facts, cache)
    if not hasattr(fitted, "like"):
        return [Part(PAIR, f"what was measured, by {method.name}", float(fitted.predict(blocks)[0]))], ()
    names = rated.loaded.references
    alike = tuple(
        (
            names[pool.photo[row]],
            None if pool.type[row] == UNKNOWN_TYPE else int(pool.type[row]),
            float(pool.mos[row]),
        )
        for row in fitted.like(blocks, _ALIKE)
    )
    return fitted.parts(blocks), alike


def _measured(method: Method, sample: Sample, facts: dict[str, Any], cache: Path) -> dict[str, np.ndarray]:
    seen = PIXELS if facts.get("viewing") == PIXELS else FIT
    if not method.needs_pairs:
        return {}
    outcome = measure_photo(
        MeasuringTask(0, _photo(sample), (sample,), np.array([0]), method.needs, cache, seen)
    )
    if outcome.refused:
        raise GlintError(f"{sample.id}: cannot be measured: {outcome.refused[0]}")
    return outcome.blocks


def _photo(sample: Sample) -> PristinePhoto:
    return PristinePhoto(sample.source_hash, sample)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
