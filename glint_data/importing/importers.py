"""Importers of a plug-in: how a scored set is published, read into rows of one table."""

import csv
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.registry import Registry

if TYPE_CHECKING:
    from glint_data.importing.own_pictures import TableSummary


@dataclass(frozen=True)
class Published:
    """A set as it was found: rows with the columns of `import table`, a row a picture.

    `distorted` and `reference` are paths; `mos` and `mos_std` are on the set's own scale, whose lowest and highest
    possible scores are `range` (None where nobody scored).
    """

    rows: Sequence[Mapping[str, Any]]
    range: tuple[float, float] | None = None
    lower_is_better: bool = False


Importer = Callable[[Path], Published]
"""From the folder that a set was unpacked in to its rows. Raises `GlintError` where it does not hold the set."""

IMPORTERS = Registry[Importer]("scored set")


def import_published(name: str, root: Path, out: Path, workers: int, strip: bool = False) -> "TableSummary":
    """Make the dataset `out` of a set that a plug-in reads.

    Raises:
        GlintError: no such importer, or its rows are no pictures with scores.
    """
    from glint_data.importing.own_pictures import import_table

    if not root.is_dir():
        raise GlintError(f"{root}: no such folder; name the folder that holds {name}")
    published = IMPORTERS[name](root)
    if not published.rows:
        raise GlintError(f"{root}: {name} finds no pictures there")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / f"{name}.csv"
        _write(table, published.rows)
        return import_table(
            table, out, published.range, published.lower_is_better, strip=strip, workers=workers
        )


def _write(table: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_text(row.get(column)) for column in columns])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, os.PathLike):
        return str(Path(value).absolute())
    return repr(value) if isinstance(value, float) else str(value)
