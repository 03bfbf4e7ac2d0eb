"""Full-reference measurements of a pair in the first layers of an ImageNet network: the block `pairs/early-1`.

The stem and the first two groups of blocks answer to edges, grain and colour contrasts: where quality sits, which the
later stages of `pairs/network-1` pool away. Of each channel's global moments: how alike its pattern is and what of
its variance and mean moved (structure and luminance terms of Ding 2020, without learned weights), as means and
spreads over the channels: a distortion that hits few channels looks otherwise than one that hits all.
"""

import numpy as np

from glint_data.labels.evidence.network import FLOOR, View, view, views
from glint_data.labels.evidence.source import EVIDENCE, PairEvidence

_LAYERS = ("stem", "group0", "group1")
COLUMNS = tuple(
    f"{what}_{layer}"
    for layer in _LAYERS
    for what in ("structure", "structure_spread", "gain", "gain_spread", "shift", "error", "structure_log")
)
"""What the measurements are called, in order."""
_FURTHEST_SHIFT = 5.0


def measure(photo: View, sample: View) -> list[float]:
    """The measurements of a pair of equal size, in the order of `COLUMNS`; finite.

    Raises:
        ValueError: where the sizes differ.
    """
    values = []
    for before, after in zip(photo.early, sample.early, strict=True):
        spread, other = before.variances, after.variances
        small = FLOOR * spread + 1e-6
        together = before.covariances(after)
        moved = after.means - before.means
        structure = (2 * together + small) / (spread + other + small)
        # the mean squared difference, from the moments: the maps themselves need not be compared again
        error = (spread + other - 2 * together + moved**2).clip(0) / (spread + FLOOR)
        gain = np.log((other + small) / (spread + small))
        shift = (moved / np.sqrt(spread + FLOOR)).clip(-_FURTHEST_SHIFT, _FURTHEST_SHIFT)
        values += [
            float(np.log(max(1 - structure.mean(), 0) + FLOOR)),
            float(structure.std()),
            float(gain.mean()),
            float(gain.std()),
            float(np.abs(shift).mean()),
            float(np.log(error + FLOOR).mean()),
            float(np.log((1 - structure).clip(0) + FLOOR).mean()),
        ]
    return values


EARLY = EVIDENCE.add("pairs/early-1", PairEvidence("pairs/early-1", COLUMNS, view, measure, views))
