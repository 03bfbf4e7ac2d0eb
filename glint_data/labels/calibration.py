"""Standard deviations and 90 % intervals that hold: conformal calibration on left-out references.

Each reference of the fit is predicted without itself (cross-conformal, Vovk 2015; Barber et al. 2021).
Its errors, divided by the cell's typical error and the photo's doubt, are pooled by distortion type; the
5th and 95th percentile of that pool bound the interval of every new sample of the type (Mondrian
conformal prediction: the promise holds type by type, not only on the average).
"""

from dataclasses import dataclass

import numpy as np

from glint_data.labels.method import Fitted, PhotoFeatures, Prediction, Scored

COVERAGE = 0.90

_PRIOR_REFERENCES = 10.0
"""A cell's error variance is shrunk towards its type's, as if that had been seen this often."""


@dataclass(frozen=True)
class Intervals:
    """`mos`, `std`, `low`, `high` of one shape, (n, C) or (n,), on [0, 1]; low..high is the 90 % interval."""

    mos: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def parts(self) -> tuple[np.ndarray, ...]:
        """The four arrays, in order."""
        return self.mos, self.std, self.low, self.high

    def at(self, photos: np.ndarray, columns: np.ndarray) -> "Intervals":
        """The labels at these places, each (k,)."""
        return Intervals(*(part[photos, columns] for part in self.parts()))

    def at_rows(self, which: np.ndarray) -> "Intervals":
        """These rows only."""
        return Intervals(*(part[which] for part in self.parts()))


class Calibrated:
    """A fitted method together with the size of its errors."""

    def __init__(self, fitted: Fitted, scored: Scored) -> None:
        self._fitted = fitted
        self.cells = scored.cells
        left_out = fitted.left_out()
        error = scored.mos - left_out.mos
        types = scored.cells[:, 0]
        self._scale = _cell_errors(error / left_out.doubt, types)
        relative = error / (left_out.doubt * self._scale)
        self._lower = np.empty(len(types))
        self._upper = np.empty(len(types))
        for number in np.unique(types):
            pool = relative[:, types == number]
            low, high = bounds(pool[np.isfinite(pool)])
            self._lower[types == number], self._upper[types == number] = low, high

    def label(self, photos: PhotoFeatures) -> Intervals:
        """Labels of all cells for these photos."""
        return self.around(self._fitted.predict(photos))

    def around(self, prediction: Prediction) -> Intervals:
        """The label that belongs to a prediction of the fitted method."""
        std = prediction.doubt * self._scale
        mos = prediction.mos.clip(0, 1)
        low = np.minimum((prediction.mos + self._lower * std).clip(0, 1), mos)
        high = np.maximum((prediction.mos + self._upper * std).clip(0, 1), mos)
        return Intervals(mos, std, low, high)


def _cell_errors(error: np.ndarray, types: np.ndarray) -> np.ndarray:
    """Root mean square error of each cell, shrunk towards its type's, (C,)."""
    squares = error**2
    count = np.isfinite(squares).sum(axis=0)
    scale = np.empty(len(types))
    for number in np.unique(types):
        columns = types == number
        typical = np.nanmean(squares[:, columns])
        total = np.nansum(squares[:, columns], axis=0) + _PRIOR_REFERENCES * typical
        scale[columns] = np.sqrt(total / (count[columns] + _PRIOR_REFERENCES))
    return np.maximum(scale, 1e-4)


def bounds(relative: np.ndarray) -> tuple[float, float]:
    """The order statistics between which COVERAGE of new errors fall, corrected for their finite number."""
    ordered = np.sort(relative)
    tail = (1 - COVERAGE) / 2
    count = len(ordered)
    below = int(np.floor(tail * (count + 1))) - 1
    above = int(np.ceil((1 - tail) * (count + 1))) - 1
    return float(ordered[max(below, 0)]), float(ordered[min(above, count - 1)])
