"""Labels of samples that no reference was rated in: other suites and levels, chains, imported pairs."""

from dataclasses import dataclass

import numpy as np

from glint_data.labels.judgements import judgement
from glint_data.labels.over_types import OverTypes
from glint_data.labels.pooled import Pool, PooledMethod
from glint_data.labels.stage.labelling import Means, explain_refused, measured_rows, set_labels
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.labels.undistorted import Undistorted, unchanged

UNLIKE_PAIRS = "unlike every measured pair: wide interval"
MOVED = "moved or bent against its photo: label of the picture aligned with it, wide interval"
_PAIRS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Unrated:
    """How many samples were labelled without a rated cell, how many of them are unlike everything measured, and how
    many were moved against their photo; those that people rated do not count."""

    labelled: int = 0
    flagged: int = 0
    moved: int = 0


def label_unrated(
    method: PooledMethod,
    pool: Pool,
    row_of: np.ndarray,
    samples: SamplesToLabel,
    rows: np.ndarray,
    labels: RowLabels,
    means: Means,
    note: str | None = None,
) -> Unrated:
    """Label these rows of the manifest from what was measured of their pairs. `row_of` (rows of the manifest,)."""
    over = OverTypes(pool, judgement(method, pool, means.cache, means.workers))
    fitted = method.fit(pool)
    undistorted = Undistorted.of_pairs(pool)
    total = np.zeros(3, int)
    waiting: list[tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]] = []

    def label_waiting() -> np.ndarray:
        own = np.concatenate([one for one, _, _ in waiting])
        blocks = {name: np.concatenate([part[name] for _, part, _ in waiting]) for name in waiting[0][1]}
        moved = np.concatenate([one for _, _, one in waiting])
        label, strange = over.label(fitted.predict(blocks), blocks, wide=moved)
        same = unchanged(blocks) if undistorted else None
        if same is not None:
            same &= ~moved
            strange &= ~same
        strange &= ~moved
        for which, said in ((strange, UNLIKE_PAIRS), (moved, MOVED), (~strange & ~moved, None)):
            alike = None if same is None else same[which]
            text = "; ".join(filter(None, (note, said))) or None
            set_labels(labels, own[which], label.at_rows(which), method.name, text, undistorted, alike)
        counted = ~samples.rated[own]
        return np.array([counted.sum(), (strange & counted).sum(), (moved & counted).sum()])

    for task, outcome in measured_rows(samples, rows, row_of, method.needs, means):
        explain_refused(task, outcome, labels)
        good = np.array([position not in outcome.refused for position in range(len(task.samples))])
        own = task.rows[good]
        if len(own):
            blocks = {name: block[good] for name, block in outcome.blocks.items()}
            waiting.append((own, blocks, outcome.moved[good]))
        if sum(len(one) for one, _, _ in waiting) >= _PAIRS_AT_A_TIME:
            total += label_waiting()
            waiting.clear()
    if waiting:
        total += label_waiting()
    return Unrated(*total.tolist())
