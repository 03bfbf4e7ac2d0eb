"""KADID-10k by reference, five splits: 48 references train, 16 choose, 16 are examined."""

from pathlib import Path

import numpy as np

from glint_data.training.judge import metrics
from tools.judge.heads import Rows, fitted, scores

CHOICES = [  # (epochs, rate, decay, dropout, begins with the pre-trained layer)
    (12, 1e-3, 0.05, 0.3, True),
    (12, 1e-3, 0.05, 0.3, False),
]


def dealt(photos: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Rows of each part."""
    names = np.array(sorted(set(photos)))
    order = np.random.default_rng([seed, 60]).permutation(len(names))
    first, second = round(0.6 * len(names)), round(0.8 * len(names))
    parts = {"train": order[:first], "val": order[first:second], "test": order[second:]}
    return {part: np.flatnonzero(np.isin(photos, names[chosen])) for part, chosen in parts.items()}


def examined(rows: Rows, hidden: tuple, seeds: range) -> list[dict]:
    """Of each split: the choice that validation preferred, and what it gives on the references left."""
    values = []
    for seed in seeds:
        parts = {part: rows.take(chosen) for part, chosen in dealt(rows.photo, seed).items()}
        tried = []
        for epochs, rate, decay, dropout, begun in CHOICES:
            head, value = fitted(
                parts["train"], parts["val"], epochs, rate, decay, dropout, hidden if begun else None, seed
            )
            tried.append((value, head))
            print(f"  split {seed}: {epochs} {rate} {decay} {dropout} {begun}: val {value:.4f}", flush=True)
        best = max(range(len(tried)), key=lambda index: tried[index][0])
        said, truth = scores(tried[best][1], parts["test"]), parts["test"].mos.astype(np.float64)
        values.append(
            {
                "split": seed,
                "choice": CHOICES[best],
                "val_srocc": tried[best][0],
                "test_srocc": metrics.srocc(said, truth),
                "test_plcc": metrics.plcc(said, truth),
            }
        )
        print(values[-1], flush=True)
    return values


def result_file(out: Path) -> Path:
    """Where the table is kept."""
    return out / "splits.json"
