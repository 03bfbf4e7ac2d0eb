"""Importers of a plug-in: how a scored set is published, read into rows of one table."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data import plugins
from glint_data.errors import GlintError
from glint_data.registry import Registry
from glint_data.storage.places import is_remote
from glint_data.tables import Table

if TYPE_CHECKING:
    from glint_data.importing.own_pictures import TableSummary


@dataclass(frozen=True)
class Published:
    """A set as it was found: rows with the columns of `import table`, a row a picture.

    `distorted` and `reference` are paths, as text or `Path`, absolute or relative to the set's folder. `mos`
    and `mos_std` are on the set's own scale, whose lowest and highest possible scores are `range` (None where
    nobody scored).
    """

    rows: Iterable[Mapping[str, Any]]
    range: tuple[float, float] | None = None
    lower_is_better: bool = False


Importer = Callable[[Path], Published]
"""From the folder that a set was unpacked in to its rows. Raises `GlintError` where it does not hold the set."""

IMPORTERS = Registry[Importer]("scored set")


def import_published(name: str, root: Path, out: Path, workers: int, strip: bool = False) -> "TableSummary":
    """Make the dataset `out` of a set that a plug-in reads.

    Raises:
        GlintError: no such importer, one that raises, or its rows are no pictures with scores.
    """
    from glint_data.importing.own_pictures import import_own
    from glint_data.importing.own_table import checked_table, parse_range

    begun = time.monotonic()
    if not root.is_dir():
        raise GlintError(f"{root}: no such folder; name the folder that holds {name}")
    importer = IMPORTERS[name]
    who = f"importer {name}"
    # absolute: what it finds below the folder and what it names relative to it are then the same places
    folder = root.absolute()
    with plugins.raised_by(who):
        published = importer(folder)
    rows = _rows(who, published)
    if not rows:
        raise GlintError(f"{root}: {name} finds no pictures there")
    table = _table(who, folder / f"{name}.csv", rows)
    own = checked_table(table, parse_range(published.range, who), published.lower_is_better)
    return import_own(own, root, out, False, strip, workers, begun)


def _rows(who: str, published: object) -> list[Mapping[str, Any]]:
    """What an importer gave, a generator's rows too, as a list of mappings."""
    if not isinstance(published, Published):
        raise GlintError(
            f"{who} gave {type(published).__name__}: Published(rows, range=(LOW, HIGH)) is needed, with a row a picture"
        )
    with plugins.raised_by(who):
        rows: list[Any] = list(published.rows)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise GlintError(
                f"{who}: row {number} is {type(row).__name__} ({str(row)[:60]!r}): a dict is needed, such as "
                '{"distorted": "cat.png", "mos": 3.5}'
            )
    return rows


def _table(who: str, file: Path, rows: list[Mapping[str, Any]]) -> Table:
    """The rows as those of a table that would lie at `file`, beside what they name."""
    from glint_data.importing.own_table import COLUMNS, PICTURE

    keys = list(dict.fromkeys(key for row in rows for key in row))
    column_of = {key: str(key).strip().lower() for key in keys}
    columns = list(column_of.values())
    if not set(PICTURE) & set(columns):
        there = ", ".join(columns[:8]) or "nothing"
        raise GlintError(f"{who}: its rows lack {' or '.join(PICTURE)}, a picture's path; they hold {there}")
    for column in (*PICTURE, *COLUMNS):
        if columns.count(column) > 1:
            raise GlintError(f"{who}: its rows have two columns {column}; rename one")
    texts = [{name: _text(row.get(key)) for key, name in column_of.items()} for row in rows]
    return Table(file, columns, texts, list(range(1, len(rows) + 1)), given_by=who)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if is_remote(value):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    return repr(float(value)) if isinstance(value, float) else str(value)  # NumPy's own repr names its type
