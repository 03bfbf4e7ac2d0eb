"""Full-reference measurements of a pair as an ImageNet network sees it: the block `pairs/network-1`.

For each of three stages: how alike each channel's pattern is (structural similarity of feature maps, Ding
2020), its squared error in units of its own variance, the angle between feature vectors place by place (Zhang
2018), and what variance was gained or lost. Written from the papers; without their learned weights.
"""

from collections.abc import Sequence

import numpy as np

from glint_data.embedding.stages import STRIDES, network
from glint_data.labels.evidence.source import EVIDENCE, PairEvidence

COLUMNS = tuple(
    f"{what}_stride{stride}" for stride in STRIDES for what in ("structure", "error", "angle", "gain")
)
"""What the measurements are called, in order."""

_FLOOR = 1e-3


class View:
    """One image's share of the measurements, from `StageNetwork.stages`: what both images of a pair need once."""

    def __init__(self, stages: Sequence[np.ndarray]) -> None:
        self.stages = list(stages)
        self.means = [stage.mean(axis=0) for stage in self.stages]
        self.variances = [stage.var(axis=0) for stage in self.stages]
        self.directions = [
            stage / (np.sqrt(np.einsum("ij,ij->i", stage, stage))[:, None] + _FLOOR) for stage in self.stages
        ]


def view(pixels: np.ndarray) -> View:
    """An image as the network sees it."""
    return View(network().stages(pixels))


def measure(photo: View, sample: View) -> list[float]:
    """The measurements of a pair of equal size, in the order of `COLUMNS`; finite.

    Raises:
        ValueError: where the sizes differ.
    """
    found = []
    for number, (before, after) in enumerate(zip(photo.stages, sample.stages, strict=True)):
        if before.shape != after.shape:
            raise ValueError(f"feature maps of {before.shape} and {after.shape}: not a pair")
        spread, other = photo.variances[number], sample.variances[number]
        small = _FLOOR * spread + 1e-6
        together = np.einsum("ij,ij->j", before, after) / len(before)
        together -= photo.means[number] * sample.means[number]
        structure = (2 * together + small) / (spread + other + small)
        gap = before - after
        error = np.einsum("ij,ij->j", gap, gap) / len(gap) / (spread + _FLOOR)
        turned = photo.directions[number] - sample.directions[number]
        angle = np.einsum("ij,ij->", turned, turned) / len(turned)
        gain = np.log((other + small) / (spread + small))
        found += [
            float(np.log(max(1 - structure.mean(), 0) + _FLOOR)),
            float(np.log(error.mean() + _FLOOR)),
            float(np.log(angle + _FLOOR / 10)),
            float(gain.mean()),
        ]
    return found


NETWORK = EVIDENCE.add("pairs/network-1", PairEvidence("pairs/network-1", COLUMNS, view, measure))
