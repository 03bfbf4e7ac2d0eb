"""Square crops of images of any size."""

import numpy as np


def pad_to(image: np.ndarray, size: int) -> np.ndarray:
    """The image (H, W, 3), mirrored outwards where a side is shorter than `size`; never scaled."""
    lacking = [max(0, size - side) for side in image.shape[:2]]
    if not any(lacking):
        return image
    return np.pad(image, [(lack // 2, lack - lack // 2) for lack in lacking] + [(0, 0)], mode="symmetric")


def random_corner(shape: tuple[int, ...], size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top-left corner (row, column) of a random crop of an image at least `size` large."""
    return int(rng.integers(shape[0] - size + 1)), int(rng.integers(shape[1] - size + 1))


def crop(image: np.ndarray, corner: tuple[int, int], size: int) -> np.ndarray:
    """The crop (size, size, 3) at a corner: a view."""
    return image[corner[0] : corner[0] + size, corner[1] : corner[1] + size]
