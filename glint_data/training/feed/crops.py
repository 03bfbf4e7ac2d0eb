"""Square crops of images of any size: random ones in training, a fixed seeded grid at inference."""

import numpy as np


def pad_to(image: np.ndarray, size: int) -> np.ndarray:
    """The image (H, W, 3), mirrored outwards where a side is shorter than `size`; never scaled."""
    lacking = [max(0, size - side) for side in image.shape[:2]]
    if not any(lacking):
        return image
    return np.pad(image, [(lack // 2, lack - lack // 2) for lack in lacking] + [(0, 0)], mode="symmetric")


def random_place(shape: tuple[int, ...], size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top-left corner (row, column) of a random crop of an image at least `size` large."""
    return int(rng.integers(shape[0] - size + 1)), int(rng.integers(shape[1] - size + 1))


def grid_places(shape: tuple[int, ...], size: int, count: int, seed: int = 0) -> list[tuple[int, int]]:
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
    return [int(place) for place in np.clip(np.floor(moved), 0, room)]


def crop(image: np.ndarray, place: tuple[int, int], size: int) -> np.ndarray:
    """The crop (size, size, 3) at a corner: a view."""
    return image[place[0] : place[0] + size, place[1] : place[1] + size]
