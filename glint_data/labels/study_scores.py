"""A look at a study's scores beside its pictures, before labels rest on them: are there any two, which end is good?"""

import numpy as np

from glint_data.errors import GlintError
from glint_data.labels.pooled import Pool
from glint_data.progress import say

_UPSIDE_DOWN = -0.3
"""Rank correlation of scores with how alike the pictures of a pair are, below which it is asked what is better."""
_FEWEST = 6
"""Pairs of which such a correlation says anything."""


def look_at_scores(pairs: Pool, study: str) -> None:
    """Ask about scores that rise where pictures are less like their photos: an enhancement, or a scale on its head.

    Raises:
        GlintError: all scores are alike.
    """
    from scipy.stats import spearmanr

    from glint_data.labels.evidence.plain import COLUMNS

    if len(pairs) and np.ptp(pairs.mos) == 0:
        raise GlintError(
            f"{study}: all its {len(pairs):,} scores are alike, so that nothing can be learnt from them; look at the "
            "column of scores that was imported"
        )
    lost = pairs.blocks["pairs/plain-1"][:, COLUMNS.index("gradient_mean")]
    if len(pairs) < _FEWEST or np.ptp(lost) == 0:
        return
    order = float(spearmanr(pairs.mos, -lost).statistic)
    if order < _UPSIDE_DOWN:
        say(
            f"note: {study}: its scores rise where pictures are less like their photos (rank correlation {order:.2f}); "
            "if lower is better in this study, import it again with --lower-is-better"
        )
