"""Contact sheets: one row a type, one column a level, the photo first, at true scale where the levels differ most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from distortions.photo import Photo
from distortions.registry import distortion_named
from distortions.suite import Suite, SuiteType
from distortions.suites import suite as suite_named

MARGIN = 6
TITLE = 18  # px of text above a row
CAPTION = 14  # px of text under a tile
INK, PAPER, ABSENT = (30, 30, 30), (255, 255, 255), (225, 225, 225)
Tile = tuple[np.ndarray | None, str]


def sheet(
    photo_rgb: np.ndarray,
    suite: str | Suite = "kadid10k",
    seed: int = 0,
    tile_width: int = 192,
    whole: bool = False,
    labels: Mapping[tuple[int, int], str] | None = None,
    drawn: Callable[[], None] = lambda: None,
    seeds: Mapping[tuple[int, int], int] | None = None,
) -> np.ndarray:
    """A labelled contact sheet of the photo through every cell of a suite: H x W x 3 uint8.

    `photo_rgb`: H x W x 3 uint8. Every cell is rendered at full size; a row shows that part of the photo, at its true
    scale, in which its levels together change it most, or with `whole` all of it reduced to `tile_width` px. Under a
    tile stand its level, strength and unit, and what `labels` has for (type, level). A type whose codec is not
    installed shows the package that brings it. `drawn` is called after every cell. `seeds` has those of (type, level)
    that are not drawn by `seed`. Raises ValueError where there is no such suite.

    >>> import distortions, numpy
    >>> photo = numpy.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=numpy.uint8)
    >>> distortions.sheet(photo, suite="live", tile_width=40).shape
    (346, 282, 3)
    """
    chosen = suite if isinstance(suite, Suite) else suite_named(suite)
    photo = Photo(photo_rgb)
    tile_width = tile_width if whole else min(tile_width, photo.width)
    tile = (tile_width, max(1, round(tile_width * photo.height / photo.width)))
    columns = 1 + max(len(chosen.levels(number)) for number in chosen.types)
    row_height = TITLE + tile[1] + CAPTION * (2 if labels else 1) + MARGIN
    width = MARGIN + columns * (tile_width + MARGIN)
    page = Image.new("RGB", (width, MARGIN + len(chosen.types) * row_height), PAPER)
    draw = ImageDraw.Draw(page)
    for row, entry in enumerate(chosen.types.values()):
        top = MARGIN + row * row_height
        draw.text((MARGIN, top), f"{entry.number}  {entry.title}", INK, ImageFont.load_default(13))
        tiles: list[Tile] = [(photo_rgb, "photo")]
        for tile_of_cell in _tiles(
            chosen, entry, photo, lambda cell: (seeds or {}).get(cell, seed), labels or {}
        ):
            tiles.append(tile_of_cell)
            drawn()
        corner = (0, 0) if whole else _most_changed(photo_rgb, [pixels for pixels, _ in tiles[1:]], tile)
        for column, (pixels, caption) in enumerate(tiles):
            left = MARGIN + column * (tile_width + MARGIN)
            page.paste(Image.fromarray(_shown(pixels, tile, whole, corner)), (left, top + TITLE))
            below = (left, top + TITLE + tile[1])
            draw.multiline_text(below, caption, INK, ImageFont.load_default(10), spacing=2)
    return np.asarray(page)


def _tiles(
    suite: Suite,
    entry: SuiteType,
    photo: Photo,
    seed_of: Callable[[tuple[int, int]], int],
    labels: Mapping[tuple[int, int], str],
) -> Iterator[Tile]:
    """(pixels or None, caption) of every level."""
    missing = distortion_named(entry.distortion).missing
    for level in suite.levels(entry.number):
        if missing:
            yield None, f"{level}: needs {' and '.join(missing)}"
            continue
        strength = suite.strength_of(entry.number, level)
        caption = f"{level}: control" if strength is None else f"{level}: {strength:g} {entry.unit}"
        label = labels.get((entry.number, level))
        pixels = suite.render(photo, entry.number, level, seed_of((entry.number, level))).pixels
        yield pixels, f"{caption}\n{label}" if label else caption


def _most_changed(
    rgb: np.ndarray, rendered: list[np.ndarray | None], size: tuple[int, int]
) -> tuple[int, int]:
    """(top, left) of the part of (width, height) in which the pictures differ most from the photo, each level alike.

    Every level's squared differences are divided by their mean, so that the strongest does not decide alone; where
    nothing differs, the middle.
    """
    height, width = rgb.shape[:2]
    change = np.zeros((height, width), np.float32)
    for pixels in rendered:
        if pixels is not None:
            difference = ((pixels.astype(np.float32) - rgb) ** 2).sum(axis=2)
            change += difference / max(float(difference.mean()), 1e-6)
    if not change.any():
        return (height - size[1]) // 2, (width - size[0]) // 2
    sums = cv2.boxFilter(
        change, cv2.CV_64F, size, anchor=(0, 0), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    inside = sums[: height - size[1] + 1, : width - size[0] + 1]
    top, left = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return int(top), int(left)


def _shown(
    pixels: np.ndarray | None, size: tuple[int, int], whole: bool, corner: tuple[int, int]
) -> np.ndarray:
    """All of the picture reduced to (width, height), or its part of that size at `corner`."""
    width, height = size
    if pixels is None:
        return np.full((height, width, 3), ABSENT, np.uint8)
    if whole:
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    top, left = corner
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])
