"""Scores of one set on another's scale, through the distortions that both sets' suites share.

Two sets were rated by other people with other questions. Where both suites have the same distortion function, a
reference's scores in the second set, read at the first suite's strength (straight lines over the logarithm of the
strength, never beyond its own range), are scores for that cell of the first. The cells' means then give one line
from the second scale to the first. How well that line fits is part of every result that rests on it.

What is taken over is a reference's departure from its cell's mean, times the slope: the level of a cell stays the
first set's own, because the strengths of two sets agree only as far as the line does.
"""

import itertools
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

import distortions
from glint_data.errors import GlintError
from glint_data.reference_sets.references import ReferenceSet
from glint_data.reference_sets.scored_sets import bundled_scores, description_of

SIGNED = ("mean_shift",)
"""Left out: TID2013 does not say which of its levels brighten and which darken."""

LEAST_CELLS = 5
"""Fewer shared cells than this do not hold a line of two parameters."""


@dataclass(frozen=True)
class Alignment:
    """The line from one set's scores to another's, both on 0 to 1: `slope` x score + `offset`.

    `cells` are the shared (type, level) of `onto`'s suite, `rmse` (0 to 1) and `rank_correlation` say how the
    cells' means fit; `note` is what a reader must know about the strengths.
    """

    of: str
    onto: str
    cells: tuple[tuple[int, int], ...]
    distortions: tuple[str, ...]
    slope: float
    offset: float
    rmse: float
    rank_correlation: float
    note: str | None = None

    def text(self) -> str:
        """The alignment in a line or two."""
        line = f"{self.slope:.2f} x {'+' if self.offset >= 0 else '-'} {abs(self.offset):.2f}"
        lines = [
            f"{self.of} onto {self.onto}: {len(self.cells)} shared cells ({', '.join(self.distortions)}); "
            f"score = {line}, RMSE {self.rmse:.3f} on 0 to 1, rank correlation {self.rank_correlation:.2f}"
        ]
        return "\n".join([*lines, f"  note: {self.note}"] if self.note else lines)

    def record(self) -> dict[str, Any]:
        """Plain values for a manifest's facts."""
        return asdict(self) | {"cells": [list(cell) for cell in self.cells]}


@dataclass(frozen=True)
class Scores:
    """Scores of a set without its pixels: `mos` (references, cells) on 0 to 1, NaN where nobody rated."""

    name: str
    suite: str
    cells: np.ndarray
    mos: np.ndarray


def scores_of(name: str) -> Scores:
    """A set's shipped scores without any pixels: enough to align it. Raises `GlintError` where none ship."""
    description = description_of(name)
    table = bundled_scores(description)
    cells = table.pivot(index="reference", columns=["type", "level"], values="score").sort_index(axis=1)
    scale = description["scores"]
    low, high = scale["low"], scale["high"]
    own = cells.to_numpy(float)
    mos = (own - low) / (high - low) if scale["higher_is_better"] else (high - own) / (high - low)
    return Scores(name, description["suite"], np.array(list(cells.columns), dtype=np.int16), mos)


def align(first: Scores | ReferenceSet, second: Scores | ReferenceSet) -> tuple[Alignment, np.ndarray]:
    """The second set's scores on the first's scale.

    Returns:
        The alignment, and float64 (references of the second, shared cells): its scores in those cells.

    Raises:
        GlintError: fewer than `LEAST_CELLS` cells are shared, or better in one is worse in the other.
    """
    if first.suite == second.suite:
        raise GlintError(f"{first.name} and {second.name} have the same suite; name one of them")
    shared = shared_cells(first, second)
    if len(shared) < LEAST_CELLS:
        raise GlintError(
            f"{second.name} cannot be aligned with {first.name}: their suites share {len(shared)} cells "
            f"({_cells_text(shared) or 'none'}), and {LEAST_CELLS} are needed; label with one set at a time"
        )
    there = np.stack([_read_at(second, place) for place in shared.values()], axis=1)
    columns = {cell: column for column, cell in enumerate(map(tuple, first.cells.tolist()))}
    here = np.nanmean(first.mos[:, [columns[cell] for cell in shared]], axis=0)
    means = np.nanmean(there, axis=0)
    slope, offset = (float(value) for value in np.polyfit(means, here, 1))
    if slope <= 0:
        raise GlintError(
            f"{second.name} cannot be aligned with {first.name}: over {len(shared)} shared cells, better in the one is "
            f"worse in the other (slope {slope:.2f}); label with one set at a time"
        )
    residual = here - (slope * means + offset)
    found = Alignment(
        of=second.name,
        onto=first.name,
        cells=tuple(shared),
        distortions=tuple(dict.fromkeys(place.distortion for place in shared.values())),
        slope=slope,
        offset=offset,
        rmse=float(np.sqrt(np.mean(residual**2))),
        rank_correlation=_rank_correlation(means, here),
        note=description_of(second.name).get("cells_note") or description_of(first.name).get("cells_note"),
    )
    return found, (here + slope * (there - means)).clip(0, 1)


@dataclass(frozen=True)
class _Between:
    """A strength between two levels of a type: `share` of the way from the column `below` to `above`."""

    distortion: str
    below: int
    above: int
    share: float


def shared_cells(
    first: Scores | ReferenceSet, second: Scores | ReferenceSet
) -> dict[tuple[int, int], _Between]:
    """The first set's rated cells whose distortion and strength lie within what the second set was rated for."""
    columns = {cell: column for column, cell in enumerate(map(tuple, second.cells.tolist()))}
    rated = set(map(tuple, first.cells.tolist()))
    known: dict[str, list[tuple[float, int]]] = {}
    for number, kind in distortions.suite(second.suite).types.items():
        levels = [
            (_scale(strength), columns[number, level])
            for level, strength in enumerate(kind.levels, 1)
            if _is_positive(strength) and (number, level) in columns
        ]
        known.setdefault(kind.distortion, sorted(levels))
    found = {}
    for number, kind in distortions.suite(first.suite).types.items():
        if kind.distortion in SIGNED:
            continue
        for level, strength in enumerate(kind.levels, 1):
            if (number, level) in rated and _is_positive(strength):
                place = _place(kind.distortion, _scale(strength), known.get(kind.distortion, []))
                if place:
                    found[number, level] = place
    return found


def _is_positive(strength: Any) -> bool:
    return isinstance(strength, int | float) and strength > 0


def _scale(strength: float) -> float:
    return math.log(strength)


def _place(distortion: str, wanted: float, levels: list[tuple[float, int]]) -> _Between | None:
    for (low, below), (high, above) in itertools.pairwise(levels):
        if low - 1e-9 <= wanted <= high + 1e-9:
            return _Between(distortion, below, above, min(max((wanted - low) / (high - low), 0.0), 1.0))
    return None


def _read_at(scores: Scores | ReferenceSet, place: _Between) -> np.ndarray:
    if place.share in (0.0, 1.0):
        return scores.mos[:, place.above if place.share else place.below]
    return (1 - place.share) * scores.mos[:, place.below] + place.share * scores.mos[:, place.above]


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def _cells_text(cells: dict[tuple[int, int], _Between]) -> str:
    return ", ".join(f"type {kind} level {level}" for kind, level in cells)


def together(first: ReferenceSet, others: list[tuple[ReferenceSet, Alignment, np.ndarray]]) -> ReferenceSet:
    """The first set, in the cells that it shares with all the others, with their references beside its own.

    References of the others are called `set:reference`. All sets must have been embedded alike.

    Raises:
        GlintError: the sets have different embeddings.
    """
    for other, _, _ in others:
        if other.embedder != first.embedder:
            raise GlintError(
                f"{first.name} is embedded by {first.embedder}, {other.name} by {other.embedder}; name one --embedder"
            )
    columns = {cell: column for column, cell in enumerate(map(tuple, first.cells.tolist()))}
    cells = [cell for cell in columns if all(cell in alignment.cells for _, alignment, _ in others)]
    own = first.mos[:, [columns[cell] for cell in cells]]
    aligned = [scores[:, [alignment.cells.index(cell) for cell in cells]] for _, alignment, scores in others]
    names = [f"{other.name}:{reference}" for other, _, _ in others for reference in other.references]
    return replace(
        first,
        name="+".join([first.name, *(other.name for other, _, _ in others)]),
        references=(*first.references, *names),
        cells=np.array(cells, dtype=first.cells.dtype).reshape(-1, 2),
        mos=np.concatenate([own, *aligned]),
        rating_sd=np.full((len(first.references) + len(names), len(cells)), np.nan),
        vectors=np.concatenate([first.vectors, *(other.vectors for other, _, _ in others)]),
        descriptors=np.concatenate([first.descriptors, *(other.descriptors for other, _, _ in others)]),
    )
