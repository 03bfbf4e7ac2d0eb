"""Pooled methods on types that they never saw: what each rated pair gets when its type and its reference are left out.

In ten folds of references: a fit sees neither the type nor any reference of the fold that it is then asked about. The
intervals of a type come from the errors on the other types, each of which was left out of its own fit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from glint_data import work
from glint_data.errors import GlintError
from glint_data.labels import over_types
from glint_data.labels.calibration import Intervals
from glint_data.labels.method import METHODS
from glint_data.labels.over_types import LeftOut
from glint_data.labels.pooled import UNKNOWN_TYPE, Pool, PooledMethod
from glint_data.progress import Meter

FOLDS = 10


@dataclass(frozen=True)
class _Task:
    method: str
    known: Pool
    examined: Pool
    rows: np.ndarray


def left_out(method: PooledMethod, pool: Pool, workers: work.Workers) -> np.ndarray:
    """float (N,): each pair's score from a fit without its type and without the references of its fold.

    Pairs of unknown type are left out by reference alone.

    Raises:
        GlintError: too few references, or a fit failed.
    """
    fold = folds_of(pool.photo)
    tasks = []
    for number in np.unique(fold):
        for type_number in np.unique(pool.type[fold == number]):
            rows = np.flatnonzero((fold == number) & (pool.type == type_number))
            known = (fold != number) & ((pool.type != type_number) | (type_number == UNKNOWN_TYPE))
            if not known.any():
                raise GlintError(
                    "the reference set has one distortion type only: no type can be left out of it"
                )
            tasks.append(_Task(method.name, pool.rows(np.flatnonzero(known)), pool.rows(rows), rows))
    mos = np.empty(len(pool))
    with Meter(len(tasks), f"types left out ({method.name})") as meter:
        for outcome in work.run_tasks(_predicted, tasks, workers):
            if outcome.error:
                raise GlintError(f"label method {method.name}: a fit failed ({outcome.error})")
            mos[outcome.task.rows] = outcome.result
            meter.advance()
    return mos


def folds_of(photo: np.ndarray) -> np.ndarray:
    """int (N,): the fold of each pair, all pairs of a reference in one; the same for the same references."""
    photos, code = np.unique(photo, return_inverse=True)
    return (np.random.default_rng(0).permutation(len(photos)) % FOLDS)[code]


def _predicted(task: _Task) -> np.ndarray:
    import glint_data.labels  # noqa: F401  (methods register)

    fitted: Any = METHODS[task.method].fit(task.known)
    return fitted.predict(task.examined.blocks)


def measures(pool: Pool, left: LeftOut, span: float) -> dict[str, Any]:
    """How well scores of unseen types and references hold; RMSE, width and bias on the set's own scale (`span`).

    `bias` is what is said less what people said. Types are judged by the bounds and the limit that the others give.
    """
    label, strange = _intervals(pool, left)
    inside = (pool.mos >= label.low - 1e-9) & (pool.mos <= label.high + 1e-9)
    error = (label.mos - pool.mos) * span
    per_type, within = {}, []
    for type_number in np.unique(pool.type):
        own = pool.type == type_number
        per_type[str(type_number)] = {
            "srocc": correlation(label.mos[own], pool.mos[own], "spearman"),
            "rmse": float(np.sqrt(np.mean(error[own] ** 2))),
            "coverage_90": float(inside[own].mean()),
            "bias": float(error[own].mean()),
            "flagged_share": float(strange[own].mean()),
        }
        within.append(correlation(label.mos[own], pool.mos[own], "pearson"))
    known = [value for value in within if value is not None]
    return {
        "srocc": correlation(label.mos, pool.mos, "spearman"),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "within_type_r": float(np.mean(known)) if known else None,
        "coverage_90": float(inside.mean()),
        "width_90": float((label.high - label.low).mean() * span),
        "flagged_share": float(strange.mean()),
        "per_type": per_type,
    }


def _intervals(pool: Pool, left: LeftOut) -> tuple[Intervals, np.ndarray]:
    parts = [np.empty(len(pool)) for _ in range(4)]
    strange = np.zeros(len(pool), bool)
    for type_number in np.unique(pool.type):
        own = pool.type == type_number
        without = int(type_number) if type_number != UNKNOWN_TYPE and not own.all() else None
        odd, widest = over_types.flagged(left, pool, without)
        doubt = np.where(odd, np.maximum(left.doubt, widest), left.doubt)[own]
        bounds = over_types.bounds(pool, left, without)
        label = over_types.interval(left.mos[own], doubt, *bounds, over_types.spread(pool, left))
        for part, values in zip(parts, label.parts(), strict=True):
            part[own] = values
        strange[own] = odd[own]
    return Intervals(*parts), strange


def correlation(said: np.ndarray, scores: np.ndarray, which: str) -> float | None:
    """Pearson's or Spearman's, None where one of the two does not vary."""
    from scipy import stats

    if len(said) < 3 or np.ptp(said) < 1e-9 or np.ptp(scores) < 1e-9:
        return None
    function = stats.spearmanr if which == "spearman" else stats.pearsonr
    return float(function(said, scores).statistic)
