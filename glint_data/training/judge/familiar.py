"""Whether a picture is like those a network learned from: how far its statistics lie from theirs.

Mahalanobis' distance (Lee et al. 2018 use it for pictures a network does not know) in the directions in which the
training pictures vary most, and beside them what is left over, in units of what is usual.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glint_data.errors import GlintError
from glint_data.training.run.checkpoints import read_tensors, write_tensors

FILE = "familiar.safetensors"
DIRECTIONS = 48
_NAMES = ("centre", "scale", "axes", "spread", "rest", "limit")


@dataclass
class Familiar:
    """Statistics (F,) of the training pictures: centre, scale, axes (F, k), spread (k,), rest, and the limit."""

    centre: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    spread: np.ndarray
    rest: np.ndarray
    limit: np.ndarray

    @classmethod
    def of(cls, training: np.ndarray, held_out: np.ndarray, share: float = 0.995) -> "Familiar":
        """Fitted to statistics (n, F) of training pictures; `share` of those held out are within the limit."""
        centre, scale = training.mean(axis=0), np.maximum(training.std(axis=0), 1e-3)
        known = (training - centre) / scale
        _, sizes, axes = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
        axes = axes[:DIRECTIONS].T
        spread = sizes[:DIRECTIONS] / np.sqrt(len(known))
        rest = np.sqrt(np.mean(np.sum((known - known @ axes @ axes.T) ** 2, axis=1)))
        familiar = cls(centre, scale, axes, spread, np.array(rest), np.array(1.0))
        familiar.limit = np.quantile([familiar.distance(one) for one in held_out], share)
        return familiar

    def distance(self, described: np.ndarray) -> float:
        """How unusual a picture's statistics (F,) are; about 1 is usual."""
        known = (described - self.centre) / self.scale
        along = known @ self.axes
        within = np.mean((along / self.spread) ** 2)
        left = np.sum((known - self.axes @ along) ** 2) / self.rest**2
        return float(np.sqrt((within + left) / 2))

    def is_unlike(self, described: np.ndarray) -> bool:
        """Whether a picture is further away than all but a few held-out pictures were."""
        return self.distance(described) > float(self.limit)

    def write(self, folder: Path) -> None:
        """Into a run's folder."""
        import torch

        values = {name: torch.as_tensor(np.asarray(getattr(self, name), np.float32)) for name in _NAMES}
        write_tensors(folder / FILE, values)

    @classmethod
    def read(cls, folder: Path) -> "Familiar | None":
        """Of a run's folder; None where it has none. Raises `GlintError` for a damaged file."""
        if not (folder / FILE).is_file():
            return None
        tensors, _ = read_tensors(folder / FILE)
        if sorted(tensors) != sorted(_NAMES):
            raise GlintError(f"{folder / FILE}: holds other arrays than it should; install glint-data again")
        return cls(**{name: tensors[name].double().numpy() for name in _NAMES})
