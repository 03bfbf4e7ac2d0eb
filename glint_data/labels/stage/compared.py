"""Labels beside the scores that people gave to some of the same samples: what would have been said of them."""

import numpy as np

from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.labels.types_out import correlation
from glint_data.reference_sets.references import ReferenceSet

_FEWEST = 3


def compared_with_raters(labels: RowLabels, samples: SamplesToLabel, loaded: ReferenceSet) -> list[str]:
    """A sentence on the rated samples, which keep their scores: SROCC, and RMSE after a monotone map."""
    rows = np.flatnonzero(samples.rated & labels.labelled)
    if not samples.rated.any():
        return []
    kept = f"{samples.rated.sum():,} samples that people rated keep their scores"
    if len(rows) < _FEWEST:
        return [kept]
    scores = samples.dataset.columns("mos")["mos"][rows].astype(float)
    order = correlation(labels.mos[rows], scores, "spearman")
    error = float(np.sqrt(np.mean((monotone(labels.mos[rows], scores) - scores) ** 2)))
    shown = "not defined (they do not vary)" if order is None else f"{order:.3f}"
    return [
        f"{kept}; labels by {loaded.title} would have had an SROCC of {shown} with them, and an RMSE of {error:.3f} "
        "on 0 to 1 after a monotone map"
    ]


def monotone(said: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The rising function of `said` that errs least on `scores`, at `said` (pool adjacent violators)."""
    from scipy.optimize import isotonic_regression

    _, code = np.unique(said, return_inverse=True)
    count = np.bincount(code)
    means = np.bincount(code, scores) / count
    return isotonic_regression(means, weights=count).x[code]
