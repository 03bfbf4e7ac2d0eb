"""How the suite csiq's strengths were matched: CSIQ's mean scores laid on KADID-10k's, whose strengths are known.

    python -m benchmarks.match_scores CSIQ.csv KADID.csv

Both tables in pyiqa's meta_info form (`dist_name` and the score column). For each of CSIQ's kinds: KADID-10k's mean
score per level, scaled to 1 at its identity cell, makes a curve of quality over strength (straight lines between
the levels, on a logarithmic scale but for contrast); the printed strength is where it takes CSIQ's mean of 1 - DMOS.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

# run as a file, this folder comes first and its distortions.py would be taken for the package
if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import pandas as pd

import distortions

# CSIQ's kind: (number in suite csiq, KADID-10k's type, strength without effect put before its levels)
KINDS: dict[str, tuple[int, int, float | None]] = {
    "AWGN": (1, 11, 1e-5),
    "JPEG": (2, 10, 90.0),
    "jpeg2000": (3, 9, 8.0),
    "fnoise": (4, 11, 1e-5),
    "BLUR": (5, 1, None),
    "contrast": (6, 25, 1.0),
}
IDENTITY = (1, 1)  # KADID-10k's cell that changes nothing
CONTRAST_LEVELS = (4, 5)  # those that lower the contrast


def mean_scores(table: pd.DataFrame, pattern: str, column: str) -> pd.Series:
    """Mean of a column by (kind, level), which `pattern` finds in dist_name."""
    found = table["dist_name"].str.extract(pattern)
    return table[column].groupby([found[0], found[1].astype(int)]).mean()


def curve(type_number: int, anchor: float | None, quality: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """(strengths, qualities) of a KADID-10k type, from the mildest on."""
    levels = distortions.suite("kadid10k").types[type_number].levels
    chosen = CONTRAST_LEVELS if type_number == 25 else range(1, 6)
    strengths = [levels[level - 1] for level in chosen]
    if type_number == 25:  # the slope of the tone curve at mid-gray is the factor of a linear change
        strengths = [(0.218 + amount / 4) / 0.168 for amount in strengths]
    values = [quality[type_number, level] for level in chosen]
    return np.array([anchor, *strengths] if anchor else strengths), np.array(
        [1.0, *values] if anchor else values
    )


def strength_at(wanted: float, strengths: np.ndarray, qualities: np.ndarray) -> float:
    """Where the curve takes the wanted quality; beyond its end the last piece is continued."""
    order = np.argsort(qualities)
    x, y = qualities[order], strengths[order]
    if wanted < x[0]:
        return float(y[0] + (wanted - x[0]) * (y[1] - y[0]) / (x[1] - x[0]))
    return float(np.interp(wanted, x, y))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("csiq", type=Path)
    parser.add_argument("kadid", type=Path)
    options = parser.parse_args()
    csiq = 1 - mean_scores(pd.read_csv(options.csiq), r"\.([^.]+)\.(\d)\.png", "dmos")
    kadid = pd.read_csv(options.kadid)
    quality = mean_scores(kadid, r"I\d+_(\d+)_(\d+)", "dmos" if "dmos" in kadid else "mos")
    quality.index = [(int(type_number), level) for type_number, level in quality.index]
    quality = (quality - 1) / 4
    quality = quality / quality[IDENTITY]
    for type_number, (number, type_, anchor) in KINDS.items():
        strengths, qualities = curve(type_, anchor, quality)
        back = (lambda v: v) if type_number == "contrast" else np.exp
        scale = strengths if type_number == "contrast" else np.log(strengths)
        found = [float(back(strength_at(wanted, scale, qualities))) for wanted in csiq[type_number]]
        shown = ", ".join(f"{strength:.3g}" for strength in found)
        print(f"{type_number}: {shown}; the suite has {distortions.suite('csiq').types[number].levels}")


if __name__ == "__main__":
    main()
