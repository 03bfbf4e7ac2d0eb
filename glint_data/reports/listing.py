"""What a person sees of a suite: the table of its types, and the contact sheet."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import distortions
from glint_data import images
from glint_data.errors import GlintError
from glint_data.storage.places import Place


def find_suite(name: str) -> "distortions.Suite":
    """The suite of that name. Raises `GlintError` with the names there are."""
    try:
        return distortions.suite(name)
    except (KeyError, ValueError) as error:
        raise GlintError(str(error.args[0])) from None


def suite_table(name: str) -> str:
    """The suite's types, a line each: number, title, function, unit, levels."""
    suite = find_suite(name)
    rows = [("#", "type", "function", "unit", "levels 1..n")]
    for kind in suite.types.values():
        levels = ", ".join(_strength(level) for level in kind.levels)
        rows.append((str(kind.number), kind.title, kind.distortion, kind.unit, levels))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows
    ]
    cells = sum(len(kind.levels) for kind in suite.types.values())
    others = ", ".join(other for other in distortions.suites() if other != suite.name)
    closing = f"{suite.name}, version {suite.version}: {len(suite.types)} types, {cells} cells."
    return "\n".join(
        [*(line.rstrip() for line in lines), "", closing + (f" Other suites: {others}." if others else "")]
    )


def suite_record(name: str) -> dict[str, Any]:
    """The suite's types as plain values: number, name, title, function, unit, levels, source."""
    suite = find_suite(name)
    types = [asdict(entry) for entry in suite.types.values()]
    return {"name": suite.name, "version": suite.version, "title": suite.title, "types": types}


def _strength(level: object) -> str:
    return f"{level:g}" if isinstance(level, (int, float)) else str(level)


def write_sheet(name: str, photo: Place, sheet: Path, seed: int, whole: bool = False) -> tuple[int, int]:
    """Draw the suite on a photo, in parts at true scale or `whole`, and write the PNG. Returns its width and height."""
    find_suite(name)
    picture = distortions.sheet(images.read_rgb(photo), suite=name, seed=seed, whole=whole)
    images.write_png(sheet, picture)
    return picture.shape[1], picture.shape[0]
