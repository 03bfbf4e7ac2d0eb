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

from glint_data.labels.calibration import COVERAGE, Calibrated, Label
from glint_data.labels.evidence import shipped
from glint_data.labels.method import METHODS, Method, Scored
from glint_data.labels.methods.similarity import Space
from glint_data.progress import track
from glint_data.reference_sets import references
from glint_data.reference_sets.references import ReferenceSet


def audit_reference(
    reference: str = "kadid",
    reference_root: Path | None = None,
    embedder: str | None = None,
    methods: Sequence[str] | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> dict[str, Any]:
    """Leave-one-reference-out accuracy of the label methods.

    Args:
        reference, reference_root, embedder, device: as in `label_dataset`.
        methods: names out of `METHODS`; None takes all that can run.

    Returns:
        Plain values: `{"default": NAME, "methods": {NAME: measures}, ...}`; measures are those of
        `measures_of`, with RMSE and width on the set's own scale.

    Raises:
        GlintError: unknown set, method or embedder.
    """
    loaded = references.load(reference, reference_root, embedder, device, cache)
    scored = shipped.scored_of(loaded)
    can_run = [name for name, known in METHODS.items() if known.can_use(scored.photos)]
    chosen = [METHODS[name] for name in methods or can_run]
    results = {}
    for method in chosen:
        begun = time.monotonic()
        label, nearest = leave_one_out(method, scored)
        results[method.name] = measures_of(label, loaded) | {
            "title": method.title,
            "hubness": hubness(nearest, len(loaded.references)),
            "seconds": round(time.monotonic() - begun, 2),
        }
    return {
        "default": shipped.default_method(scored.photos),
        "reference": loaded.name,
        "title": loaded.title,
        "references": len(loaded.references),
        "references_left_out": list(loaded.without_pixels),
        "images": int(np.isfinite(loaded.mos).sum()),
        "scale": {"low": loaded.low, "high": loaded.high, "higher_is_better": loaded.higher_is_better},
        "embedder": loaded.embedder,
        "noise_floor": noise_floor(loaded),
        "methods": results,
    }


def leave_one_out(method: Method, scored: Scored) -> tuple[Label, np.ndarray]:
    """Labels of every reference made from the others, and each one's nearest other, int (R,)."""
    count = len(scored.mos)
    labels, nearest = [], np.zeros(count, int)
    for row in track(range(count), count, f"references left out ({method.name})"):
        training = scored.without(row)
        held_out = scored.photos.rows(np.array([row]))
        labels.append(Calibrated(method.fit(training), training).label(held_out))
        closest = int(Space(training.photos).similarities(held_out).argmax())
        nearest[row] = closest + (closest >= row)
    joined = (
        np.concatenate([getattr(label, part) for label in labels]) for part in ("mos", "std", "low", "high")
    )
    return Label(*joined), nearest


def measures_of(label: Label, loaded: ReferenceSet) -> dict[str, Any]:
    """SROCC, KROCC, PLCC, RMSE, within-cell r, coverage and width; overall, and per type."""
    types = loaded.cells[:, 0]
    overall = _measures(label, loaded, np.ones(len(types), bool))
    per_type = {str(number): _measures(label, loaded, types == number) for number in np.unique(types)}
    return overall | {
        "smallest_coverage_of_a_type": min(
            (found["coverage_90"] for found in per_type.values() if found["coverage_90"] is not None),
            default=None,
        ),
        "smallest_coverage_of_a_reference": _smallest_coverage_of_a_reference(label, loaded),
        "per_type": per_type,
    }


def _measures(label: Label, loaded: ReferenceSet, columns: np.ndarray) -> dict[str, float | None]:
    from scipy import stats

    truth, mos = loaded.mos[:, columns], label.mos[:, columns]
    low, high = label.low[:, columns], label.high[:, columns]
    rated = np.isfinite(truth)
    said, given = truth[rated], mos[rated]
    inside = (said >= low[rated] - 1e-9) & (said <= high[rated] + 1e-9)
    return {
        "srocc": float(stats.spearmanr(given, said).statistic),
        "krocc": float(stats.kendalltau(given, said).statistic),
        "plcc": float(stats.pearsonr(given, said).statistic),
        "rmse": float(np.sqrt(np.mean((given - said) ** 2)) * loaded.span),
        "within_cell_r": within_cell_r(mos, truth),
        "coverage_90": float(inside.mean()),
        "width_90": float((high - low)[rated].mean() * loaded.span),
    }


def within_cell_r(mos: np.ndarray, truth: np.ndarray) -> float | None:
    """Does content explain anything? Pearson correlation over the references inside each cell, averaged.

    Leaving a reference out moves the mean of its cell the other way; a method that predicts the mean alone
    would so get -1. It explains nothing, and gets None.
    """
    found = []
    for column in range(truth.shape[1]):
        rated = np.isfinite(truth[:, column])
        said, given = truth[rated, column], mos[rated, column]
        others = (said.sum() - said) / max(len(said) - 1, 1)
        if np.allclose(given, others, atol=1e-9) or given.std() < 1e-9 or said.std() < 1e-9:
            continue
        found.append(np.corrcoef(given, said)[0, 1])
    return float(np.mean(found)) if found else None


def _smallest_coverage_of_a_reference(label: Label, loaded: ReferenceSet) -> float:
    inside = (loaded.mos >= label.low - 1e-9) & (loaded.mos <= label.high + 1e-9)
    rated = np.isfinite(loaded.mos)
    return float((inside & rated).sum(axis=1).__truediv__(rated.sum(axis=1)).min())


def hubness(nearest: np.ndarray, references: int) -> dict[str, float | int]:
    """How unevenly photos lean on references: counts of being somebody's nearest."""
    counts = np.sort(np.bincount(nearest, minlength=references))[::-1]
    return {
        "largest_share": float(counts[0] / counts.sum()),
        "references_for_half": int(np.searchsorted(np.cumsum(counts), counts.sum() / 2) + 1),
        "references_never_nearest": int((counts == 0).sum()),
    }


def noise_floor(loaded: ReferenceSet) -> dict[str, float] | None:
    """What a perfect label would get, the ratings being a sample: RMSE from the spread of the ratings."""
    raters = references.description_of(loaded.name)["scores"].get("raters")
    if not raters or not np.isfinite(loaded.rating_sd).any():
        return None
    return {
        "rmse": float(np.sqrt(np.nanmean(loaded.rating_sd**2) / raters) * loaded.span),
        "coverage_asked": COVERAGE,
    }
