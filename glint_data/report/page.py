"""The page itself: sections to self-contained HTML."""

import base64
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from glint_data import images

THUMBNAIL = (144, 108)


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

    template = (files("glint_data.report") / "page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(title=title, sections=sections)


def thumbnail(file: Path) -> str:
    """A small picture of an image file, as a data address for the page."""
    import cv2

    pixels = images.read_rgb(file)
    scale = min(THUMBNAIL[0] / pixels.shape[1], THUMBNAIL[1] / pixels.shape[0])
    size = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return embedded(
        cv2.imencode(".webp", small[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes(), "webp"
    )


def embedded(encoded: bytes, kind: str = "png") -> str:
    """Encoded picture bytes as a data address for the page."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
