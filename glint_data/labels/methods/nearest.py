"""`nearest`: the published transfer, every sample gets the score of the one most similar reference.

GlintIQA (arXiv 2408.03885): cosine top-1, no averaging. Kept for reproduction and as a baseline; it is
less accurate than ignoring content.
"""

import numpy as np

from glint_data.labels.method import PhotoFeatures, Prediction, Scored, filled, method
from glint_data.labels.methods.similarity import Space


@method(references=2)
def nearest(scored: Scored) -> "NearestReference":
    """score of the most similar reference (the published transfer)"""
    return NearestReference(scored)


class NearestReference:
    """The fitted top-1 transfer."""

    def __init__(self, scored: Scored) -> None:
        self._scores = filled(scored.mos)
        self._space = Space(scored.photos)

    def predict(self, photos: PhotoFeatures) -> Prediction:
        """The nearest reference's scores."""
        return self._of(self._space.nearest(photos))

    def left_out(self) -> Prediction:
        """The nearest other reference's scores."""
        among = self._space.among_themselves()
        np.fill_diagonal(among, -np.inf)
        return self._of(among.argmax(axis=1))

    def _of(self, nearest: np.ndarray) -> Prediction:
        scores = self._scores[nearest]
        return Prediction(scores, np.ones(scores.shape))
