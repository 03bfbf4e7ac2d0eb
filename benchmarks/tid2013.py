"""TID2013's raters: their scores as a table, and how far a measure orders photos inside a cell as they did."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


def read_scores(table: Path) -> np.ndarray:
    """(25, 25, 6): TID2013's mean opinion score by reference, type and level, in pyiqa's table form."""
    import pandas as pd

    rows = pd.read_csv(table)
    key = rows["dist_name"].str.lower().str.extract(r"^i(\d\d)_(\d\d)_(\d)\.bmp$").astype(int)
    scores = np.full((26, 25, 6), np.nan)
    scores[key[0], key[1], key[2]] = rows["mos"]
    return scores[1:]


@dataclass(frozen=True)
class Cell:
    """A matched cell: the raters' scores of its photos, and what each measure says of them; higher is better."""

    type: int
    scores: np.ndarray
    measures: dict[str, np.ndarray]


def within(cells: list[Cell], name: str, rows: np.ndarray) -> np.ndarray:
    """Spearman's correlation inside each cell, over these photos; NaN where a measure is constant."""
    from scipy import stats

    values = []
    for cell in cells:
        said, measure = cell.scores[rows], cell.measures[name][rows]
        there = np.isfinite(said)
        varied = there.sum() > 2 and measure[there].std() > 1e-9 and said[there].std() > 1e-9
        values.append(stats.spearmanr(measure[there], said[there]).statistic if varied else np.nan)
    return np.array(values)
