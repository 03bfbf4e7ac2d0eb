"""The kernels of the regressions, each a mean over columns so that blocks of any width compare."""

from collections.abc import Sequence

import numpy as np

RADIAL_WIDTH = 4.0
"""Mean squared difference of standardised features at which the radial kernel usually has fallen to 1/e."""


def mixed(first: np.ndarray, second: np.ndarray, linear: float, width: float = RADIAL_WIDTH) -> np.ndarray:
    """(n, m): `linear` times the mean product plus the rest times a Gaussian of the mean squared distance."""
    product = first @ second.T / first.shape[1]
    if linear == 1.0:
        return product
    sizes = [(block**2).mean(axis=1) for block in (first, second)]
    distance = (sizes[0][:, None] + sizes[1][None] - 2 * product).clip(0)
    return linear * product + (1 - linear) * np.exp(-distance / width)


def own(rows: np.ndarray, linear: float) -> np.ndarray:
    """The diagonal of `mixed(rows, rows, linear)`, (n,)."""
    return linear * (rows**2).mean(axis=1) + (1 - linear)


def side_by_side(blocks: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """float32: blocks in one; in a mean over the columns each has its weight, however many columns it has."""
    width, total = sum(block.shape[1] for block in blocks), sum(weights)
    weighed = [
        block * np.sqrt(width * weight / (total * block.shape[1]))
        for block, weight in zip(blocks, weights, strict=True)
    ]
    return np.concatenate(weighed, axis=1).astype(np.float32)
