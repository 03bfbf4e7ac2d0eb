"""Full-reference measurements of a pair as an ImageNet network sees it: the block `pairs/network-1`.

For each of three stages: how alike each channel's pattern is (structural similarity of feature maps, Ding
2020), its squared error in units of its own variance, the angle between feature vectors place by place (Zhang
2018), and what variance was gained or lost. Written from the papers; without their learned weights.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from glint_data.embedding.stages import STRIDES, early, network, strided
from glint_data.labels.evidence.source import EVIDENCE, PairEvidence

COLUMNS = tuple(
    f"{what}_stride{stride}" for stride in STRIDES for what in ("structure", "error", "angle", "gain")
)
"""What the measurements are called, in order."""

FLOOR = 1e-3
"""Below it a difference of feature maps is no difference."""


class View:
    """One image's share of the measurements, from `StageNetwork.outputs`: what both images of a pair need once."""

    def __init__(self, outputs: Sequence[np.ndarray]) -> None:
        self.early = [Channels(output) for output in early(outputs)]
        self.stages = [Channels(output) for output in strided(outputs)]


class Channels:
    """The feature map of one output, (positions, channels), with what is computed of it once."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    @cached_property
    def means(self) -> np.ndarray:
        """Of each channel."""
        return self.values.mean(axis=0)

    @cached_property
    def variances(self) -> np.ndarray:
        """Of each channel."""
        return self.values.var(axis=0)

    @cached_property
    def directions(self) -> np.ndarray:
        """The feature vector at each position, of length 1."""
        lengths = np.sqrt(np.einsum("ij,ij->i", self.values, self.values))
        return self.values / (lengths[:, None] + FLOOR)

    def covariances(self, other: "Channels") -> np.ndarray:
        """Of each channel with the same of another image of equal size. Raises `ValueError` for other sizes."""
        if self.values.shape != other.values.shape:
            raise ValueError(f"feature maps of {self.values.shape} and {other.values.shape}: not a pair")
        together = np.einsum("ij,ij->j", self.values, other.values) / len(self.values)
        return together - self.means * other.means


def view(pixels: np.ndarray) -> View:
    """An image as the network sees it."""
    return View(network().outputs(pixels))


def views(pictures: Sequence[np.ndarray], device: str) -> list[View]:
    """Images of one size as the network sees them, in one pass on that device."""
    return [View(outputs) for outputs in network(device).outputs_of(pictures)]


def measure(photo: View, sample: View) -> list[float]:
    """The measurements of a pair of equal size, in the order of `COLUMNS`; finite.

    Raises:
        ValueError: where the sizes differ.
    """
    values = []
    for before, after in zip(photo.stages, sample.stages, strict=True):
        spread, other = before.variances, after.variances
        small = FLOOR * spread + 1e-6
        structure = (2 * before.covariances(after) + small) / (spread + other + small)
        gap = before.values - after.values
        error = np.einsum("ij,ij->j", gap, gap) / len(gap) / (spread + FLOOR)
        turned = before.directions - after.directions
        angle = np.einsum("ij,ij->", turned, turned) / len(turned)
        gain = np.log((other + small) / (spread + small))
        values += [
            float(np.log(max(1 - structure.mean(), 0) + FLOOR)),
            float(np.log(error.mean() + FLOOR)),
            float(np.log(angle + FLOOR / 10)),
            float(gain.mean()),
        ]
    return values


NETWORK = EVIDENCE.add("pairs/network-1", PairEvidence("pairs/network-1", COLUMNS, view, measure, views))
