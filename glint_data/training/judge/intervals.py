"""How far a number could be off by the luck of which photos were taken: intervals over photos, never over samples.

The samples of one photo share what it shows, so they are not independent: an interval over the samples of one photo
would claim a certainty that another photo does not keep.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

FEWEST_PHOTOS = 5
TOO_FEW = "too few photos to tell"
"""What is said in place of an interval where there are fewer than `FEWEST_PHOTOS`."""

Interval = tuple[float, float]


def over_photos(
    measures: Mapping[str, Callable[[np.ndarray, np.ndarray], float]],
    predicted: np.ndarray,
    labels: np.ndarray,
    photos: Sequence[Any] | np.ndarray,
    rounds: int = 500,
    seed: int = 0,
    share: float = 0.95,
) -> dict[str, Interval | None]:
    """Percentile intervals by the bootstrap over photos (Efron and Tibshirani 1993): all samples of drawn photos.

    Args:
        measures: by name, functions of (predicted, labels) that give one number, NaN where there is none.
        predicted, labels: (n,) each.
        photos: (n,), the photo of each sample.

    Returns:
        By name (low, high); None where there are fewer than `FEWEST_PHOTOS` photos, or the number does not exist.

    >>> import numpy as np
    >>> found = over_photos({"mean": lambda p, l: float(np.mean(p))}, np.arange(9.0), np.arange(9.0), [1, 2, 3] * 3)
    >>> found
    {'mean': None}
    """
    _, member = np.unique(np.asarray(photos), return_inverse=True)
    rows = [np.flatnonzero(member == photo) for photo in range(member.max(initial=-1) + 1)]
    if len(rows) < FEWEST_PHOTOS:
        return dict.fromkeys(measures)
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        chosen = np.concatenate([rows[photo] for photo in rng.integers(len(rows), size=len(rows))])
        for name, measure in measures.items():
            drawn[name].append(measure(predicted[chosen], labels[chosen]))
    return {name: _ends(np.array(values), share) for name, values in drawn.items()}


def _ends(values: np.ndarray, share: float) -> Interval | None:
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, ((1 - share) / 2, (1 + share) / 2))
    return float(low), float(high)


def shown(interval: Sequence[float] | None) -> str:
    """An interval for a person."""
    return TOO_FEW if interval is None else f"95 % interval {interval[0]:.3f} to {interval[1]:.3f}"
