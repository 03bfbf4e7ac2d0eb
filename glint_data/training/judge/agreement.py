"""Scores against labels: all numbers of one comparison, by type and by level, as JSON-able values and as lines."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glint_data.training.judge import intervals, metrics
from glint_data.training.judge.metrics import shown
from glint_data.training.samples import Samples, distortions, levels

Numbers = dict[str, Any]


def compare(samples: Samples, predicted: np.ndarray) -> Numbers:
    """The numbers of `metrics.NAMES` (None where there is none), their intervals, and those of types and levels.

    Args:
        samples: (n), with labels on [0, 1].
        predicted: (n,) scores on any scale.
    """
    labels = samples.mos.astype(np.float64)
    photos = [samples.photos.keys[photo] for photo in samples.photo]
    ends = intervals.over_photos(
        {"srocc": metrics.srocc, "plcc": metrics.plcc, "rmse": metrics.rmse}, predicted, labels, photos
    )
    return {
        "samples": len(samples),
        "photos": len(set(photos)),
        **metrics.agreement(predicted, labels),
        "intervals_95": {name: list(pair) if pair else None for name, pair in ends.items()},
        "by_distortion": _by(distortions(samples), predicted, labels, photos),
        "by_level": _by([str(level) for level in levels(samples)], predicted, labels, photos),
    }


def _by(
    names: Sequence[str], predicted: np.ndarray, labels: np.ndarray, photos: Sequence[str]
) -> dict[str, Numbers]:
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        groups.setdefault(name, []).append(index)
    return {
        name: {
            "samples": len(members),
            "photos": len({photos[index] for index in members}),
            **{
                measure: metrics.or_none(function(predicted[members], labels[members]))
                for measure, function in metrics.EACH.items()
            },
        }
        for name, members in sorted(groups.items())
    }


def text(numbers: Numbers) -> list[str]:
    """The numbers as lines for a person."""
    between = intervals.shown(numbers["intervals_95"]["srocc"])
    interval = "" if numbers["srocc"] is None else f" ({between})"
    lines = [
        f"  SROCC {shown(numbers['srocc'])}{interval}   KROCC {shown(numbers['krocc'])}",
        f"  PLCC  {shown(numbers['plcc'])}, after the 4-parameter logistic {shown(numbers['plcc_logistic'])}",
        f"  RMSE  {shown(numbers['rmse'])}, after the 4-parameter logistic {shown(numbers['rmse_logistic'])}",
    ]
    if numbers["srocc"] is None:
        lines.append("  no correlation can be had: labels or scores are all alike, or fewer than two")
    known = {
        name: group["srocc"] for name, group in numbers["by_distortion"].items() if group["srocc"] is not None
    }
    turned = -1 if (numbers["srocc"] or 0) < 0 else 1  # lower may be better: then -0.1 is hard
    ranked = [f"{name} {known[name]:.2f}" for name in sorted(known, key=lambda name: turned * known[name])]
    if len(ranked) > 1:
        lines.append(f"  hardest: {', '.join(ranked[:3])}")
    if len(ranked) > 3:
        lines.append(f"  easiest: {', '.join(ranked[:2:-1][:3])}")
    return lines


def table(groups: dict[str, Numbers], title: str) -> list[str]:
    """A line a group: SROCC, KROCC, PLCC, RMSE."""
    width = max(len(title), *(len(name) for name in groups))
    lines = [f"  {title:{width}s} {'samples':>8s} {'SROCC':>7s} {'KROCC':>7s} {'PLCC':>7s} {'RMSE':>7s}"]
    for name, group in groups.items():
        cells = " ".join(f"{shown(group[measure]):>7s}" for measure in metrics.EACH)
        lines.append(f"  {name:{width}s} {group['samples']:8,d} {cells}")
    return lines
