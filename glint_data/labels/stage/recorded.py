"""Do the files still hold what their rows recorded? Asked also of samples that need not be measured (again).

A sample whose pixels are others gets no label, however its label is made and whatever the cache remembers of it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from glint_data.dataset.sample import Sample, Status
from glint_data.errors import ImageRefused
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.progress import Meter

_AT_A_TIME = 256
_THREADS = 8


def changed_files(samples: Sequence[Sample]) -> dict[int, str]:
    """position -> why a sample's own file cannot be used; recipes have none."""
    reasons = {}
    for position, sample in enumerate(samples):
        reason = _refusal(sample)
        if reason:
            reasons[position] = reason
    return reasons


def as_recorded(samples: SamplesToLabel, rows: np.ndarray, labels: RowLabels) -> np.ndarray:
    """Those of these rows whose files hold what was recorded; the others are explained in `labels`."""
    states, words = samples.dataset.rows().codes("status")
    files = rows[np.array([word == Status.OK for word in words], bool)[states[rows]]]
    if not len(files):
        return rows
    changed: list[int] = []
    with (
        ThreadPoolExecutor(_THREADS) as pool,
        Meter(len(files), "images compared with their hashes") as meter,
    ):
        for begin in range(0, len(files), _AT_A_TIME):
            some = files[begin : begin + _AT_A_TIME]
            reasons = pool.map(_refusal, [samples.dataset[int(row)] for row in some])
            for row, reason in zip(some, reasons, strict=True):
                if reason:
                    labels.explain(np.array([row]), f"no label: {reason}")
                    changed.append(int(row))
                meter.advance()
    return np.setdiff1d(rows, changed)


def _refusal(sample: Sample) -> str | None:
    if sample.status != Status.OK:
        return None
    try:
        sample.pixels()
    except ImageRefused as refusal:
        return str(refusal)
    return None
