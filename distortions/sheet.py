"""Contact sheets: one row a type, one column a level, the photo first."""

from __future__ import annotations

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


def sheet(
    photo_rgb: np.ndarray,
    suite: str = "kadid10k",
    seed: int = 0,
    tile_width: int = 192,
    detail: bool = False,
) -> np.ndarray:
    """A labelled contact sheet of the photo through every cell of a suite: H x W x 3 uint8.

    `photo_rgb`: H x W x 3 uint8. Every cell is rendered at full size and shown reduced to `tile_width` px, or,
    with `detail`, as the middle of the picture at its true scale. A type whose codec is not installed shows the
    package that brings it.
    """
    chosen = suite_named(suite)
    photo = Photo(photo_rgb)
    tile_width = min(tile_width, photo.width) if detail else tile_width
    tile_height = max(1, round(tile_width * photo.height / photo.width))
    columns = 1 + max(len(entry.levels) for entry in chosen.types.values())
    row_height = TITLE + tile_height + CAPTION + MARGIN
    width = MARGIN + columns * (tile_width + MARGIN)
    page = Image.new("RGB", (width, MARGIN + len(chosen.types) * row_height), PAPER)
    draw = ImageDraw.Draw(page)
    tile = (tile_width, tile_height)
    for row, entry in enumerate(chosen.types.values()):
        top = MARGIN + row * row_height
        draw.text(
            (MARGIN, top), f"{entry.number}  {entry.title}  ({entry.unit})", INK, ImageFont.load_default(13)
        )
        for column, (pixels, caption) in enumerate(_tiles(chosen, entry, photo, photo_rgb, seed)):
            left = MARGIN + column * (tile_width + MARGIN)
            shown = (
                np.full((tile_height, tile_width, 3), ABSENT, np.uint8)
                if pixels is None
                else _fit(pixels, tile, detail)
            )
            page.paste(Image.fromarray(shown), (left, top + TITLE))
            draw.text((left, top + TITLE + tile_height), caption, INK, ImageFont.load_default(10))
    return np.asarray(page)


def _tiles(suite: Suite, entry: SuiteType, photo: Photo, rgb: np.ndarray, seed: int) -> list[tuple]:
    """(pixels or None, caption) of the photo and of every level."""
    tiles: list[tuple] = [(rgb, "photo")]
    found = distortion_named(entry.distortion)
    for level, strength in enumerate(entry.levels, start=1):
        if found.available:
            tiles.append((suite.render(photo, entry.number, level, seed).pixels, f"{level}: {strength:g}"))
        else:
            tiles.append((None, f"{level}: needs {' and '.join(found.missing)}"))
    return tiles


def _fit(pixels: np.ndarray, size: tuple[int, int], detail: bool) -> np.ndarray:
    """The whole picture reduced to (width, height), or its middle of that size."""
    width, height = size
    if not detail:
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])
