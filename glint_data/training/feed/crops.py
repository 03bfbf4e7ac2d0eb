"""Square crops of images of any size: random ones in training, a fixed seeded grid at inference."""

import numpy as np

from glint_data.crops import crop, pad_to, random_corner

__all__ = ["crop", "grid_corners", "pad_to", "random_corner"]


def grid_corners(shape: tuple[int, ...], size: int, count: int, seed: int = 0) -> list[tuple[int, int]]:
    """About `count` top-left corners spread evenly over an image, the same for the same shape and seed.

    Corners are moved a little at random, so that a codec's block grid does not fall alike in every crop.
    An image of exactly `size` has one place.
    """
    room = [max(0, side - size) for side in shape[:2]]
    rows = round(np.sqrt(count * (room[0] + size / 2) / (room[1] + size / 2)))
    rows = min(max(rows, 1), count)
    columns = max(count // rows, 1)
    rng = np.random.default_rng([seed, *shape[:2]])
    return sorted(
        {(row, column) for row in _spread(room[0], rows, rng) for column in _spread(room[1], columns, rng)}
    )


def _spread(room: int, count: int, rng: np.random.Generator) -> list[int]:
    step = room / count
    moved = (np.arange(count) + 0.5 + rng.uniform(-0.25, 0.25, count)) * step
    return [int(start) for start in np.clip(np.floor(moved), 0, room)]
