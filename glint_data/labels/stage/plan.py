"""Who labels what: which rows have a rated cell, and which get their label from the pair alone."""

from dataclasses import dataclass

import numpy as np

from glint_data.errors import GlintError
from glint_data.labels.method import METHODS, Method
from glint_data.labels.pooled import PooledMethod, for_unrated
from glint_data.labels.rated import OWN_TYPES, Rated
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.labels.stage.unrated import Unrated
from glint_data.labels.viewing import AUTO, LIMIT, PIXELS, SAME, keeps_cell, size_of

SEEN_REDUCED = "larger than the references: label of the picture seen whole"
SEEN_BY_PIXELS = "larger than the references: label of the picture seen pixel by pixel"
TOO_LARGE = "larger than the references: strength in pixels is weaker than theirs, seen whole"
SMALL = "smaller than the references: label of the picture seen pixel by pixel"


@dataclass(frozen=True)
class Plan:
    """Who labels what: `columns` (rows,) is the rated cell of each row, labelled by `chosen`; `unrated` are the rows
    without one, labelled by `pooled`, None where the references' pairs were not measured. `large` bool (rows,): has a
    rated cell, but is too large for it; `size` (rows,) relative to the references'."""

    viewing: str
    rated: Rated
    chosen: Method
    pooled: PooledMethod | None
    columns: np.ndarray
    unrated: np.ndarray
    large: np.ndarray
    size: np.ndarray


def planned(samples: SamplesToLabel, rated: Rated, method: str | None, viewing: str) -> Plan:
    """Raises `GlintError` where not one sample can get a label."""
    loaded = rated.loaded
    chosen = METHODS[method or rated.default_method()]
    rated.require(chosen)
    by_pairs = chosen if isinstance(chosen, PooledMethod) else for_unrated()
    pooled: PooledMethod | None = by_pairs
    columns = np.full(len(samples), -1) if chosen is pooled else samples.columns_in(loaded)
    size = size_of(samples.pixels)
    keeps = keeps_cell(viewing, size, np.array(samples.suites)[samples.suite], samples.type)
    large = (columns >= 0) & ~keeps
    if chosen is not pooled and not rated.holds(by_pairs):
        if not (columns >= 0).any():
            raise GlintError(_nothing_in_common(samples, rated, by_pairs))
        pooled = None
    else:
        columns = np.where(large, -1, columns)
    unrated = np.flatnonzero(samples.rendered & (columns < 0))
    return Plan(viewing, rated, chosen, pooled, columns, unrated, large, size)


def _nothing_in_common(samples: SamplesToLabel, rated: Rated, by_pairs: PooledMethod) -> str:
    """Why no sample has a cell in which people gave scores, and what to do."""
    loaded, suites = rated.loaded, ", ".join(name for name in samples.suites if name)
    instead = "--reference kadid labels any suite and any pair"
    if loaded.suite.startswith(OWN_TYPES):
        return (
            f"{samples.dataset.file}: {loaded.title}'s scores are for types and levels of its own table, which nothing "
            f"says to be those of other samples; what labels any pair, {by_pairs.name}, takes {by_pairs.references} "
            f"references and {by_pairs.pairs} rated pairs of it, and it has {len(loaded.references)} and "
            f"{len(rated.pairs) if rated.pairs else 0}. {instead}"
        )
    return (
        f"{samples.dataset.file}: its samples are of {f'the suite {suites}' if suites else 'no suite'}, but "
        f"{loaded.title}'s scores are for {loaded.suite}, and levels of different suites are different strengths. "
        f"{instead}, or synthesize with --suite {loaded.suite}"
    )


def note_sizes(plan: Plan, labels: RowLabels) -> None:
    """What is to be said of labels of pictures of another size than the references'."""
    if plan.viewing == PIXELS:
        labels.add_note(plan.size > LIMIT, SEEN_BY_PIXELS)
    elif plan.pooled is None:
        labels.add_note(plan.large & (plan.size > 1), TOO_LARGE)
    else:
        without_cell = np.isin(np.arange(len(plan.size)), plan.unrated)
        reduced = plan.large | (without_cell & (plan.size > LIMIT))
        labels.add_note(reduced & (plan.size > 1), SEEN_REDUCED)
    labels.add_note(plan.size < 1 / LIMIT, SMALL)


def size_notes(plan: Plan) -> list[str]:
    count = int((plan.large & (plan.size > 1)).sum())
    limit = LIMIT if plan.viewing == AUTO else SAME
    if count and plan.viewing != PIXELS and plan.pooled is not None:
        return [
            f"{count:,} samples of photos larger than {limit:g} times the references' size: labelled as seen whole, by "
            f"{plan.pooled.name}; --viewing pixels keeps their cells, synthesize --max-side makes smaller ones"
        ]
    return []


def unrated_notes(unrated: Unrated, plan: Plan) -> list[str]:
    if not unrated.labelled or plan.pooled is None:
        return []
    large = int(plan.large[plan.unrated].sum())
    of_them = f" of {len(plan.unrated) - large:,} of them" if large else ""
    reason = f": nobody rated the distortion and level{of_them} for {plan.rated.loaded.title}"
    by_choice = plan.chosen is plan.pooled or large == len(plan.unrated)  # rated, but not labelled by that
    notes = [
        f"{unrated.labelled:,} samples by {plan.pooled.name}, from what was measured of each pair"
        + ("" if by_choice else reason)
    ]
    if unrated.flagged:
        notes.append(f"{unrated.flagged:,} of them unlike every measured pair: wide intervals")
    if unrated.moved:
        notes.append(
            f"{unrated.moved:,} of them moved or bent against their photo: aligned with it, wide intervals"
        )
    return notes
