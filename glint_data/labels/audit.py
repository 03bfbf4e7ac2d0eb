"""The audit: how good are the labels? Leave one reference out, over all references, all methods side by side.

Each reference in turn is treated as a new photo: a method is fitted on the others (kernel, noise, shrinkage
and the calibration of intervals included, so no tuning sees the one left out) and predicts its scores.
What comes out is compared with what people said, over all images of the set together.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import defaults, work
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels.calibration import COVERAGE, Calibrated, Intervals
from glint_data.labels.certificate import Audit
from glint_data.labels.method import METHODS, Method, Scored
from glint_data.labels.methods.similarity import Space
from glint_data.labels.over_types import judged
from glint_data.labels.pooled import PooledMethod, for_unrated
from glint_data.labels.rated import Rated, rated_set
from glint_data.labels.types_out import correlation, left_out, measures
from glint_data.labels.undistorted import Undistorted, unchanged
from glint_data.progress import track
from glint_data.reference_sets.references import ReferenceSet
from glint_data.storage.places import Place


def audit_reference(
    reference: str | Place | Dataset = defaults.REFERENCE,
    reference_root: Place | None = None,
    embedder: str | None = None,
    methods: Sequence[str] | None = None,
    device: str = "auto",
    cache: Path | None = None,
    leave_type_out: bool = False,
    workers: work.Workers | None = None,
) -> Audit:
    """Leave-one-reference-out accuracy of the label methods.

    Args:
        reference, reference_root, embedder, device: as in `label_dataset`.
        methods: names out of `METHODS`; None takes all that can run.
        leave_type_out: also the accuracy of `any` with each pair's type and reference left out together.
        workers: processes that fit; None is one a core.

    Returns:
        Its `record()`: plain values, `{"default": NAME, "methods": {NAME: measures}, ...}`; measures are those of
        `measures_of`, with RMSE and width on the set's own scale; `leave_type_out` those of `types_out.measures`.

    Raises:
        GlintError: unknown set, method or embedder; a method that cannot be audited so.
    """
    rated = rated_set(reference, reference_root, embedder, device, cache, workers)
    loaded, scored = rated.loaded, rated.scored
    can_run = [
        name
        for name, known in METHODS.items()
        if not _is_pooled(name) and len(loaded.cells) and known.can_use(scored.photos)
    ]
    results = {}
    for name in methods if methods is not None else can_run:
        if _is_pooled(name):
            if not leave_type_out:
                raise GlintError(
                    f"label method {name}: is for distortions that nobody rated; --leave-type-out audits it"
                )
            continue
        rated.require(METHODS[name])
        begun = time.monotonic()
        label, nearest = leave_one_out(METHODS[name], scored)
        results[name] = measures_of(label, loaded) | {
            "title": METHODS[name].title,
            "version": METHODS[name].version,
            "hubness": hubness(nearest, len(loaded.references)),
            "seconds": round(time.monotonic() - begun, 2),
        }
    unseen = _types_left_out(rated, workers) if leave_type_out else {}
    certificate = {
        "default": rated.default_method(),
        "reference": loaded.name,
        "title": loaded.title,
        "references": len(loaded.references),
        "references_left_out": list(loaded.without_pixels),
        "images": int(np.isfinite(loaded.mos).sum()) if len(loaded.cells) else len(rated.pairs or ()),
        "scale": {"low": loaded.low, "high": loaded.high, "higher_is_better": loaded.higher_is_better},
        "embedder": loaded.embedder,
        "noise_floor": noise_floor(rated),
        "methods": results,
    }
    return Audit(certificate | unseen)


def _is_pooled(name: str) -> bool:
    return isinstance(METHODS[name], PooledMethod)


def _types_left_out(rated: Rated, workers: work.Workers | None) -> dict[str, Any]:
    """The certificate of the method for unrated distortions, made anew."""
    method = for_unrated()
    begun = time.monotonic()
    pool = rated.pool(method)
    left = judged(pool, left_out(method, pool, workers or work.default_workers()))
    measured = measures(pool, left, rated.loaded.span) | {
        "method": method.name,
        "version": method.version,
        "pairs": len(pool),
        "seconds": round(time.monotonic() - begun, 2),
    }
    return {"leave_type_out": measured}


def leave_one_out(method: Method, scored: Scored) -> tuple[Intervals, np.ndarray]:
    """Labels of every reference made from the others, and each one's nearest other, int (R,)."""
    count = len(scored.mos)
    labels, nearest = [], np.zeros(count, int)
    for row in track(range(count), count, f"references left out ({method.name})"):
        training = scored.without(row)
        held_out = scored.photos.rows(np.array([row]))
        label = Calibrated(method.fit(training), training).label(held_out)
        same, which = Undistorted.of_cells(training), unchanged(held_out.blocks)
        labels.append(label if same is None or which is None else same.into(label, which))
        closest = int(Space(training.photos).nearest(held_out)[0])
        nearest[row] = closest + (closest >= row)
    joined = (
        np.concatenate([getattr(label, part) for label in labels]) for part in ("mos", "std", "low", "high")
    )
    return Intervals(*joined), nearest


def measures_of(label: Intervals, loaded: ReferenceSet) -> dict[str, Any]:
    """SROCC, KROCC, PLCC, RMSE, within-cell r, coverage and width; overall, and per type."""
    types = loaded.cells[:, 0]
    overall = _measures(label, loaded, np.ones(len(types), bool))
    per_type = {str(number): _measures(label, loaded, types == number) for number in np.unique(types)}
    return overall | {
        "smallest_coverage_of_a_type": min(
            (numbers["coverage_90"] for numbers in per_type.values() if numbers["coverage_90"] is not None),
            default=None,
        ),
        "smallest_coverage_of_a_reference": _smallest_coverage_of_a_reference(label, loaded),
        "per_type": per_type,
    }


def _measures(label: Intervals, loaded: ReferenceSet, columns: np.ndarray) -> dict[str, float | None]:
    from scipy import stats

    truth, mos = loaded.mos[:, columns], label.mos[:, columns]
    low, high = label.low[:, columns], label.high[:, columns]
    rated = np.isfinite(truth)
    scores, said = truth[rated], mos[rated]
    inside = (scores >= low[rated] - 1e-9) & (scores <= high[rated] + 1e-9)
    kendall = (
        None if correlation(said, scores, "pearson") is None else stats.kendalltau(said, scores).statistic
    )
    return {
        "srocc": correlation(said, scores, "spearman"),
        "krocc": None if kendall is None else float(kendall),
        "plcc": correlation(said, scores, "pearson"),
        "rmse": float(np.sqrt(np.mean((said - scores) ** 2)) * loaded.span),
        "within_cell_r": within_cell_r(mos, truth),
        "coverage_90": float(inside.mean()),
        "width_90": float((high - low)[rated].mean() * loaded.span),
    }


def within_cell_r(mos: np.ndarray, truth: np.ndarray) -> float | None:
    """Does content explain anything? Pearson correlation over the references inside each cell, averaged.

    Leaving a reference out moves the mean of its cell the other way; a method that predicts the mean alone
    would so get -1. It explains nothing: such a cell counts as 0, and where there are only such the answer is None.
    """
    values = []
    for column in range(truth.shape[1]):
        rated = np.isfinite(truth[:, column])
        scores, said = truth[rated, column], mos[rated, column]
        if len(scores) < 3 or scores.std() < 1e-9:
            continue
        # a mean of all but one varies by 1 / (n - 1) of the scores, the undistorted picture's label by less
        same = _spread(said) < 1.01 * _spread(scores) / (len(scores) - 1)
        values.append(0.0 if same else np.corrcoef(said, scores)[0, 1])
    return float(np.mean(values)) if np.any(values) else None


def _spread(values: np.ndarray) -> float:
    """From the 5th to the 95th percentile: one photo that is labelled otherwise makes no cell vary."""
    low, high = np.percentile(values, (5, 95))
    return float(high - low)


def _smallest_coverage_of_a_reference(label: Intervals, loaded: ReferenceSet) -> float:
    inside = (loaded.mos >= label.low - 1e-9) & (loaded.mos <= label.high + 1e-9)
    rated = np.isfinite(loaded.mos)
    return float(((inside & rated).sum(axis=1) / np.maximum(rated.sum(axis=1), 1)).min())


def hubness(nearest: np.ndarray, references: int) -> dict[str, float | int]:
    """How unevenly photos lean on references: counts of being somebody's nearest."""
    counts = np.sort(np.bincount(nearest, minlength=references))[::-1]
    return {
        "largest_share": float(counts[0] / counts.sum()),
        "references_for_half": int(np.searchsorted(np.cumsum(counts), counts.sum() / 2) + 1),
        "references_never_nearest": int((counts == 0).sum()),
    }


def noise_floor(rated: Rated) -> dict[str, float] | None:
    """What a perfect label would get, the ratings being a sample: RMSE from the spread of the ratings."""
    loaded, raters = rated.loaded, rated.about.get("scores", {}).get("raters")
    if not raters or not np.isfinite(loaded.rating_sd).any():
        return None
    return {
        "rmse": float(np.sqrt(np.nanmean(loaded.rating_sd**2) / raters) * loaded.span),
        "coverage_asked": COVERAGE,
    }
