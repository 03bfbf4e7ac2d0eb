"""Numbers by which two noises are told apart when no value can be compared with another."""

from __future__ import annotations

import numpy as np


def image_statistics(pixels: np.ndarray) -> np.ndarray:
    """What statistics.json holds: means and SDs per channel, shares of 0 and 255, mean absolute Laplacian."""
    planes = pixels.reshape(-1, 3).astype(np.float64)
    ends = [(pixels == 0).mean(), (pixels == 255).mean()]
    return np.concatenate([planes.mean(0), planes.std(0), ends, [laplacian(pixels)]])


def laplacian(pixels: np.ndarray) -> float:
    """Mean absolute 4-neighbour Laplacian of all three planes, without the border."""
    p = pixels.astype(np.float64)
    return float(np.abs(4 * p[1:-1, 1:-1] - p[:-2, 1:-1] - p[2:, 1:-1] - p[1:-1, :-2] - p[1:-1, 2:]).mean())


def residue_statistics(pixels: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """What was added to the clean photo: moments, histogram, spectrum (4 rings), correlation of the channels."""
    # the closing stretch follows the two most extreme values of a run: its gain and offset are taken out first
    gain, offset = np.polyfit(clean.reshape(-1).astype(np.float64), pixels.reshape(-1).astype(np.float64), 1)
    residue = pixels - (gain * clean + offset)
    centred = residue - residue.mean()
    spread = centred.std()
    moments = [gain, offset, spread, (centred**3).mean() / spread**3, (centred**4).mean() / spread**4]
    # fixed edges and no share under a thousandth: a rare bin says nothing
    histogram = np.histogram(residue, [-300, -64, -32, -20, -12, -8, -4, -2, 0, 2, 4, 8, 12, 20, 32, 64, 300])
    power = np.abs(np.fft.fft2(centred, axes=(0, 1))) ** 2
    rows, columns = np.meshgrid(*(np.fft.fftfreq(n) for n in residue.shape[:2]), indexing="ij")
    ring = np.minimum((np.hypot(rows, columns) * 8).astype(int), 3)
    rings = [np.log(power[ring == r].mean()) for r in range(4)]
    channels = np.corrcoef(centred.reshape(-1, 3).T)[np.triu_indices(3, 1)]
    return np.concatenate([moments, histogram[0] / residue.size, rings, channels])


def spreads_off(theirs: np.ndarray, ours: np.ndarray, floor: float) -> float:
    """The largest distance of `theirs` from the mean of our runs (rows), in standard deviations of one run."""
    spread = ours.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(ours)) + floor
    return float((np.abs(theirs - ours.mean(axis=0)) / spread).max())
