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
_PAIRS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Unrated:
    """How many samples were labelled without a rated cell, and how many of them are unlike everything measured;
    those that people rated do not count."""

    labelled: int = 0
    flagged: int = 0


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
    total, flags = 0, 0
    waiting: list[tuple[np.ndarray, dict[str, np.ndarray]]] = []

    def label_waiting() -> tuple[int, int]:
        own = np.concatenate([one for one, _ in waiting])
        blocks = {name: np.concatenate([part[name] for _, part in waiting]) for name in waiting[0][1]}
        label, strange = over.label(fitted.predict(blocks), blocks)
        same = unchanged(blocks) if undistorted else None
        if same is not None:
            strange &= ~same
        for which, said in ((~strange, note), (strange, _joined(note, UNLIKE_PAIRS))):
            alike = None if same is None else same[which]
            set_labels(labels, own[which], label.at_rows(which), method.name, said, undistorted, alike)
        counted = ~samples.rated[own]
        return int(counted.sum()), int((strange & counted).sum())

    for task, outcome in measured_rows(samples, rows, row_of, method.needs, means):
        explain_refused(task, outcome, labels)
        good = np.array([position not in outcome.refused for position in range(len(task.samples))])
        own = task.rows[good]
        if len(own):
            waiting.append((own, {name: block[good] for name, block in outcome.blocks.items()}))
        if sum(len(one) for one, _ in waiting) >= _PAIRS_AT_A_TIME:
            total, flags = np.add((total, flags), label_waiting())
            waiting.clear()
    if waiting:
        total, flags = np.add((total, flags), label_waiting())
    return Unrated(int(total), int(flags))


def _joined(first: str | None, second: str) -> str:
    return f"{first}; {second}" if first else second
