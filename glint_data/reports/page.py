"""The page itself: sections to self-contained HTML."""

import base64
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import images

TILE = (150, 112)
"""Width and height of a sample's detail, pixels."""


@dataclass(frozen=True)
class Section:
    """A heading and its content; `html` is made here and trusted, everything from files is escaped."""

    title: str
    facts: list[tuple[str, str]]
    text: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    grid: Any = None
    rows: tuple[tuple[str, ...], ...] = ()


def render(title: str, sections: list[Section]) -> str:
    """The page as HTML, self-contained: pictures and styles are inside."""
    import jinja2

    template = (files("glint_data.reports") / "page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(title=title, sections=sections)


def whole_of(pixels: np.ndarray) -> str:
    """A small picture of an entire image, uint8 (H, W, 3), as a data address for the page."""
    import cv2

    scale = min(2 * TILE[0] / pixels.shape[1], 2 * TILE[1] / pixels.shape[0], 1)
    size = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
    return _webp(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def detail(file: Path) -> str:
    """The middle of an image file, see `detail_of`."""
    return detail_of(images.read_rgb(file))


def detail_of(pixels: np.ndarray) -> str:
    """The middle of an image, uint8 (H, W, 3), pixel for pixel: what a distortion does shows only unscaled."""
    top, left = (
        max((have - want) // 2, 0) for have, want in zip(pixels.shape, (TILE[1], TILE[0]), strict=False)
    )
    return _webp(pixels[top : top + TILE[1], left : left + TILE[0]])


def _webp(rgb: np.ndarray) -> str:
    import cv2

    encoded = cv2.imencode(".webp", rgb[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 90])[1]
    return embedded(encoded.tobytes(), "webp")


def embedded(encoded: bytes, kind: str = "png") -> str:
    """Encoded picture bytes as a data address for the page."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
