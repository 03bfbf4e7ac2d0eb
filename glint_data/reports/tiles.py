"""The pictures of one photo's samples on the page: a sheet of thumbnails, one of details, crops of the listed."""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glint_data.dataset.manifest import dataset_folder
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.sample import Sample
from glint_data.errors import GlintError
from glint_data.progress import tick

TILE = (112, 80)
"""Width and height of a sample's tile; multiples of 16, so that JPEG's blocks end where a tile ends."""
COLUMNS = 10
"""Tiles a row of a sheet."""
CROP = (320, 240)
"""Width and height of the crop, pixel for pixel, that a listed sample is shown by."""
_QUALITY = 82
_COARSE = 4
"""Differences are looked for in images reduced by this factor: it is a place that is sought, not a measurement."""


@dataclass(frozen=True)
class DrawTask:
    """Rows of one photo (`dataset.Rows.row`), and which of them are listed (their ids).

    `crops_only`: nothing but the crops of the listed, where drawing all would take too long.
    """

    number: int
    dataset: str
    rows: tuple[dict[str, Any], ...]
    listed: frozenset[str]
    crops_only: bool = False


@dataclass
class Tiles:
    """`thumbnails` and `details` are JPEG sheets, tile i for row i; `photo` is a JPEG of the pristine photo.

    The sheets are empty where only crops were drawn.
    `corners_shown[i]` is (left, top) of the detail in the image, None where there is no picture; `errors[i]` says why.
    `crops` maps a listed id to its two crops (pristine, None where there is none; sample), `corners` to their place.
    """

    thumbnails: bytes
    details: bytes
    photo: bytes | None
    corners_shown: list[tuple[int, int] | None] = field(default_factory=list)
    errors: list[str | None] = field(default_factory=list)
    crops: dict[str, tuple[bytes | None, bytes]] = field(default_factory=dict)
    corners: dict[str, tuple[int, int]] = field(default_factory=dict)


def draw(task: DrawTask) -> Tiles:
    """Read or render the samples of one photo and draw their tiles. May run in a worker process."""
    pictures = Pictures(dataset_folder(task.dataset))
    height = TILE[1] * -(-len(task.rows) // COLUMNS)
    thumbnails = np.full((height, TILE[0] * COLUMNS, 3), 128, np.uint8)
    details = thumbnails.copy()
    tiles = Tiles(b"", b"", None)
    for index, row in enumerate(task.rows):
        tick()
        sample = Sample.from_row(row, pictures)
        if task.crops_only and sample.id not in task.listed:
            tiles.corners_shown.append(None)
            tiles.errors.append(None)
            continue
        try:
            pristine, pixels = sample.pristine(), sample.pixels()
        except GlintError as refusal:
            tiles.corners_shown.append(None)
            tiles.errors.append(str(refusal))
            continue
        if tiles.photo is None and pristine is not None:
            tiles.photo = jpeg(inside(pristine, (2 * TILE[0], 2 * TILE[1])))
        differs_at = largest_difference(pixels, pristine, TILE)
        top, left = TILE[1] * (index // COLUMNS), TILE[0] * (index % COLUMNS)
        window = np.s_[top : top + TILE[1], left : left + TILE[0]]
        thumbnails[window] = _framed(inside(pixels, TILE))
        details[window] = _framed(_cut(pixels, differs_at, TILE))
        tiles.corners_shown.append(differs_at)
        tiles.errors.append(None)
        if sample.id in task.listed:
            corner = largest_difference(pixels, pristine, CROP)
            same_size = pristine is not None and pristine.shape == pixels.shape
            before = jpeg(_cut(pristine, corner, CROP), 92) if pristine is not None and same_size else None
            tiles.crops[sample.id] = before, jpeg(_cut(pixels, corner, CROP), 92)
            tiles.corners[sample.id] = corner
    if not task.crops_only:
        tiles.thumbnails, tiles.details = jpeg(thumbnails), jpeg(details)
    return tiles


def largest_difference(
    pixels: np.ndarray, pristine: np.ndarray | None, size: tuple[int, int]
) -> tuple[int, int]:
    """(left, top) of the window of `size` in which sample and photo differ most; the middle where they do not."""
    import cv2

    height, width = pixels.shape[:2]
    left, top = max((width - size[0]) // 2, 0), max((height - size[1]) // 2, 0)
    if pristine is None or pristine.shape != pixels.shape or width < 2 * _COARSE or height < 2 * _COARSE:
        return left, top
    coarse = (max(width // _COARSE, 1), max(height // _COARSE, 1))
    difference = cv2.absdiff(pixels, pristine)[: coarse[1] * _COARSE, : coarse[0] * _COARSE]
    small = _half(_half(difference)).astype(np.float32).sum(axis=2)
    window = (min(max(size[0] // _COARSE, 1), coarse[0]), min(max(size[1] // _COARSE, 1), coarse[1]))
    sums = cv2.boxFilter(small, -1, window, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: coarse[1] - window[1] + 1, : coarse[0] - window[0] + 1]
    if sums.max() - sums.min() < 1e-3:
        return left, top
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    return min(int(column) * _COARSE, max(width - size[0], 0)), min(
        int(row) * _COARSE, max(height - size[1], 0)
    )


def _cut(pixels: np.ndarray, corner: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    left, top = corner
    return pixels[top : top + size[1], left : left + size[0]]


def inside(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Reduced so that all of it fits; never enlarged."""
    import cv2

    scale = min(size[0] / pixels.shape[1], size[1] / pixels.shape[0], 1)
    if scale <= 1 / 4:
        return inside(_half(pixels), size)
    fitted = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
    return cv2.resize(pixels, fitted, interpolation=cv2.INTER_AREA)


def _half(pixels: np.ndarray) -> np.ndarray:
    """Averages of two by two pixels (a last odd row or column is left out): many times faster than other factors."""
    import cv2

    height, width = (side // 2 for side in pixels.shape[:2])
    return cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)


def _framed(small: np.ndarray) -> np.ndarray:
    """In the middle of a tile."""
    tile = np.full((TILE[1], TILE[0], 3), 128, np.uint8)
    top, left = (TILE[1] - small.shape[0]) // 2, (TILE[0] - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile


def jpeg(rgb: np.ndarray, quality: int = _QUALITY) -> bytes:
    """A JPEG for the page, uint8 (H, W, 3) RGB."""
    import cv2

    encoded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return bytes(encoded.tobytes())


def address(encoded: bytes) -> str:
    """JPEG bytes as a data address."""
    return f"data:image/jpeg;base64,{base64.b64encode(encoded).decode()}"
