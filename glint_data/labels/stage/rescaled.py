"""Labels on your own raters' scale: `label --ratings` maps them before they are written."""

from typing import Any

import numpy as np

from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import of_labels
from glint_data.errors import GlintError
from glint_data.labels.calibration import Intervals
from glint_data.labels.ratings import STEPS, RaterMap, Ratings, before_and_after
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel

ON_OWN_SCALE = "on the scale of your own raters"
_FEWEST = 6
_UNLIKELY = 0.01
"""So improbable has the order of ratings and labels to be by chance before anything is said of it."""


def rescale(labels: RowLabels, samples: SamplesToLabel, ratings: Ratings) -> tuple[list[str], dict[str, Any]]:
    """Map the labels onto these ratings' scale, and say so in their rows; notes on it, and facts for the manifest.

    Raises:
        GlintError: no rated sample has a label, or the ratings fall where the labels rise.
    """
    names = samples.dataset.columns("sample_id")["sample_id"]
    row_of = {name: row for row, name in enumerate(names)}
    rows = np.array([row_of[name] for name in ratings.sample_id])
    usable = labels.labelled[rows]
    if not usable.any():
        raise GlintError("--ratings: none of the samples rated there has a label to be mapped")
    ratings = ratings.of(usable)
    rows = rows[usable]
    before = labels.mos[rows].astype(float)
    notes = _agreement(before, ratings)
    mapped = RaterMap(before, labels.std[rows].astype(float), ratings.score, ratings.count, ratings.apart)
    every = np.flatnonzero(labels.labelled)
    old = [part[every].astype(float) for part in (labels.mos, labels.std, labels.low, labels.high)]
    mos = mapped(old[0])
    low, high = mapped.interval(old[0], old[2], old[3])
    std = np.maximum(mapped.slope(old[0]) * old[1] * mapped.error, (high - low) / 2 / 1.645)
    labels.replace(every, Intervals(mos, std, np.minimum(low, mos), np.maximum(high, mos)))
    labels.add_note(labels.labelled, ON_OWN_SCALE)
    facts = before_and_after(ratings, mapped, before)
    note = (
        f"{facts['ratings']} ratings of {facts['samples']} samples by {facts['raters']} raters: labels were "
        f"{facts['rmse_before']:.2f} from the samples' means on {STEPS[0]:g} to {STEPS[1]:g}, and are "
        f"{facts['rmse_after']:.2f} with the map (each sample's ratings left out); one rating's SD is about "
        f"{facts['rating_sd']:.2f}"
    )
    return [note, *notes], {"ratings": facts, "low": STEPS[0], "high": STEPS[1]}


def _agreement(label: np.ndarray, ratings: Ratings) -> list[str]:
    """A rising map presupposes ratings that rise with the labels: raises `GlintError` where they fall."""
    from scipy.stats import spearmanr

    if len(label) < _FEWEST or np.ptp(label) == 0:
        return []
    if np.ptp(ratings.score) == 0:
        return ["every rating is the same: the map and its intervals rest on that alone"]
    order, chance = spearmanr(label, ratings.score)
    shown = f"rank correlation {order:.2f} over {len(label)} samples"
    if order < 0 and chance < _UNLIKELY:
        raise GlintError(
            f"--ratings: these ratings fall where the labels rise ({shown}); 5 has to be excellent and 1 bad, so turn "
            "the scores round, or look at whether the ids are the right ones"
        )
    if chance > _UNLIKELY:
        return [
            f"the ratings hardly follow the labels ({shown}): the intervals may not hold for these raters"
        ]
    return []


def undone(dataset: Dataset) -> list[str]:
    """A sentence where labels without ratings replace labels that were mapped."""
    if not of_labels(dataset.facts()).get("ratings"):
        return []
    return [
        "the labels before were mapped to your own raters' scale, these are not; --ratings maps them again"
    ]
