"""Labels on your own raters' scale: `label --ratings` maps them before they are written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.labels.calibration import Label
from glint_data.labels.ratings import STEPS, RaterMap, before_and_after, read_ratings
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import Samples


def rescale(
    labels: RowLabels, samples: Samples, files: Sequence[str | Path]
) -> tuple[list[str], dict[str, Any]]:
    """Map the labels onto these ratings' scale; what is to be said of it, and facts for the manifest.

    Raises:
        GlintError: the ratings cannot be read, or none is of a labelled sample.
    """
    names = samples.dataset.columns("sample_id")["sample_id"]
    row_of = {name: row for row, name in enumerate(names)}
    ratings = read_ratings(files, frozenset(row_of))
    rows = np.array([row_of[name] for name in ratings.sample_id])
    usable = labels.labelled[rows]
    if not usable.any():
        raise GlintError(f"{files[0]}: none of the samples rated in it has a label to be mapped")
    ratings = ratings.of(usable)
    rows = rows[usable]
    before = labels.mos[rows].astype(float)
    mapped = RaterMap(before, labels.std[rows].astype(float), ratings.score, ratings.count)
    every = np.flatnonzero(labels.labelled)
    old = [part[every].astype(float) for part in (labels.mos, labels.std, labels.low, labels.high)]
    mos = mapped(old[0])
    low, high = mapped.interval(old[0], old[2], old[3])
    std = np.maximum(mapped.slope(old[0]) * old[1] * mapped.error, (high - low) / 2 / 1.645)
    labels.replace(every, Label(mos, std, np.minimum(low, mos), np.maximum(high, mos)))
    facts = before_and_after(ratings, mapped, before)
    note = (
        f"{facts['ratings']} ratings of {facts['samples']} samples by {facts['raters']} raters: labels were "
        f"{facts['rmse_before']:.2f} from them on {STEPS[0]:g} to {STEPS[1]:g}, and are "
        f"{facts['rmse_after']:.2f} with the map (each rating left out); one rating's SD is about "
        f"{facts['rating_sd']:.2f}"
    )
    return [note], {"ratings": facts, "low": STEPS[0], "high": STEPS[1]}
