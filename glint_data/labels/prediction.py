"""What a label method says of photos, looked at before it becomes labels: a plug-in's mistake is named."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.plugins import raised_by

_FURTHEST = 1.0
"""So far outside 0 to 1 a regression may come; further out, scores are on another scale."""


@dataclass(frozen=True)
class Prediction:
    """`mos` and `doubt`, both (n, C). `doubt` is relative: 1 for a photo as typical as the references,
    more for photos that the method knows less about; calibration turns it into a standard deviation."""

    mos: np.ndarray
    doubt: np.ndarray


class Checked:
    """A fitted method, its answers checked; all else is the method's own.

    Raises:
        GlintError: the method raises something, or answers with what cannot be labels; the sentence names it.
    """

    def __init__(self, name: str, fit: Callable[[Any], Any], scored: Any) -> None:
        self._name = name
        # a cell that nobody rated needs no prediction
        self._rated = np.isfinite(scored.mos).any(axis=0)
        self._references = len(scored.mos)
        with raised_by(f"label method {name}: its fit"):
            self._fitted = fit(scored)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_fitted"], name)

    def predict(self, photos: Any) -> Prediction:
        """Every cell's score for each photo."""
        return self._said("predict", len(photos), "photos", photos)

    def left_out(self) -> Prediction:
        """For each photo of the fit, the prediction made without it."""
        return self._said("left_out", self._references, "references")

    def _said(self, what: str, count: int, of: str, *asked: Any) -> Prediction:
        with raised_by(f"label method {self._name}: {what}"):
            said = getattr(self._fitted, what)(*asked)
        shape = (count, len(self._rated))
        begin = f"label method {self._name}: {what} gave"
        if not isinstance(said, Prediction):
            raise GlintError(f"{begin} a {type(said).__name__}; Prediction(mos, doubt) is needed")
        for part, values in (("mos", said.mos), ("doubt", said.doubt)):
            if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
                kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
                raise GlintError(f"{begin} {part} as {kind}; a NumPy array of floats is needed")
            if values.shape != shape:
                raise GlintError(
                    f"{begin} {part} of shape {values.shape} for {count} {of} and {shape[1]} cells; {shape} is needed"
                )
            if not np.isfinite(values[:, self._rated]).all():
                raise GlintError(f"{begin} {part} that is not finite in cells that were rated")
        mos, doubt = said.mos[:, self._rated], said.doubt[:, self._rated]
        if mos.size and not (mos.min() >= -_FURTHEST and mos.max() <= 1 + _FURTHEST):
            raise GlintError(
                f"{begin} mos from {mos.min():.4g} to {mos.max():.4g}; scores are meant on 0 to 1"
            )
        if doubt.size and doubt.min() <= 0:
            raise GlintError(
                f"{begin} a doubt of {doubt.min():.4g}; it is relative, 1 for a typical photo, above 0"
            )
        return said
