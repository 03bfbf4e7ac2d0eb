"""The page itself: sections to one HTML file, its styles and script inside."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glint_data.reports.explorer import Explorer


@dataclass(frozen=True)
class Cells:
    """Mean labels by type and level: a title, the levels, and of each type its name with a score a level, or None."""

    title: str
    levels: tuple[int, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]

    def shades(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each type with (number, colour) a level: from red at 0 over yellow to green at 1."""
        for name, values in self.rows:
            shown = [
                ("", "transparent") if v is None else (f"{v:.2f}", f"hsl({120 * v:.0f} 48% 68%)")
                for v in values
            ]
            yield name, shown


@dataclass(frozen=True)
class Section:
    """A heading and its content; everything from files is escaped.

    `facts` are names with values, `rows` a table, `photos` and `figures` captions with data addresses ("" where there
    is no picture), `cells` a table of scores on 0 to 1; `small_print` is folded away. A section with an `explorer` is
    that and nothing else.
    """

    title: str
    facts: list[tuple[str, str]]
    text: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    photos: tuple[tuple[str, str], ...] = ()
    cells: "Cells | None" = None
    small_print: str = ""
    explorer: "Explorer | None" = None


def render(title: str, sections: list[Section]) -> str:
    """The page as HTML; its only links are to pictures and scripts beside it."""
    import jinja2

    room = files("glint_data.reports")
    names = ("page.html.j2", "explorer.html.j2", "page.css", "explorer.js")
    texts = {name: (room / name).read_text(encoding="utf-8") for name in names}
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=jinja2.DictLoader(texts)
    )
    page = environment.get_template("page.html.j2")
    styles, script = texts["page.css"], texts["explorer.js"]
    return page.render(title=title, sections=sections, styles=styles, script=script)


def embedded(encoded: bytes, image_format: str = "png") -> str:
    """Encoded picture bytes as a data address for the page."""
    return f"data:image/{image_format};base64,{base64.b64encode(encoded).decode()}"
