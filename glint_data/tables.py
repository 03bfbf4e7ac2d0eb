"""Tables as people's programs write them: CSV with any separator and encoding, Excel sheets, numbers with commas."""

import csv
import functools
import io
import itertools
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from glint_data.errors import GlintError
from glint_data.storage.files import read_bytes
from glint_data.storage.places import Place, is_remote
from glint_data.texts import decoded

LARGEST_TABLE = 100_000_000
"""Bytes, of a sheet unpacked; the tables of the largest known scored set have three million."""

_SEPARATORS = ",;\t|"
_NOTHING = frozenset(("", "nan", "na", "n/a", "null", "none", "-", "#n/a", "?"))
_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


@dataclass(frozen=True)
class Table:
    """Rows of text by column. Columns are in small letters; `lines` are the rows' places in the file, from 1.

    `given_by` names whose rows these are where no file holds them: `file` then says only what they are relative to.
    """

    file: Place
    columns: list[str]
    rows: list[dict[str, str]]
    lines: list[int] = field(default_factory=list)
    separator: str = ","
    given_by: str = ""

    @property
    def name(self) -> str:
        """What sentences call it."""
        return self.given_by or str(self.file)

    def at(self, *lines: int) -> str:
        """What sentences call one of its lines, or two."""
        word = ("row" if self.given_by else "line") + "s" * (len(lines) > 1)
        return f"{self.name}: {word} {' and '.join(map(str, lines))}"

    def column(self, name: str) -> list[str]:
        """The texts of a column, stripped."""
        return [row[name].strip() for row in self.rows]

    def numbers(self, name: str) -> list[float | None]:
        """A column as numbers, None where it is empty. Raises `GlintError` with the first that is none."""
        where = [f"{self.at(line)}: {name}" for line in self.lines]
        return numbers(self.column(name), where, commas_are_decimal=self.separator != ",")


def read_table(file: Place, any_of: Sequence[Sequence[str]] = (), optional: Sequence[str] = ()) -> Table:
    """A CSV (comma, semicolon, tab or bar; UTF-8 or UTF-16) or the first sheet of an .xlsx with these columns.

    Args:
        any_of: for each needed column the names it may have.
        optional: columns that mean something where they are there. Of others that are there twice the first counts.

    Raises:
        GlintError: no such file, no table, too large, a column lacking or twice, or a line of another length.
    """
    content = _bytes_of(file)
    is_workbook = content[:4] == b"PK\x03\x04"
    if is_workbook:
        sheets, separator = sheets_of(file, content), "\t"
    elif content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise GlintError(
            f"{file}: an old Excel file (.xls), or one with a password; save it as .xlsx or CSV UTF-8"
        )
    else:
        cells, separator = _lines(file, decoded(content, str(file)))
        sheets = [Worksheet("", cells)]
    filled = [sheet for sheet in sheets if sheet.filled]
    fitting = [sheet for sheet in filled if not _lacking(_header(sheet.filled), any_of)]
    if not fitting:
        header = [name for name in _header(filled[0].filled) if name] if filled else []
        there = ", ".join(header[:8]) or "nothing"
        wanted = "; ".join(" or ".join(names) for names in _lacking(header, any_of))
        raise GlintError(f"{file}: lacks the column {wanted or 'names'}; its first line holds {there}")
    used = {name for names in any_of for name in names} | set(optional)
    several = [sheet.name for sheet in fitting if len(sheet.filled) > 1]
    if len(several) > 1:
        raise GlintError(
            f"{file}: the sheets {several[0]!r} and {several[1]!r} both hold such a table; save the one that is meant "
            "as CSV UTF-8"
        )
    sheet = max(fitting, key=lambda sheet: len(sheet.filled) > 1)
    if sheet.merged:
        raise GlintError(
            f"{file}: the cells {sheet.merged[0]} are merged, so that only the first of them holds something; "
            "take them apart and fill each"
        )
    if not is_workbook:  # a sheet ends a line at its last filled cell
        _refuse_short_lines(file, sheet.filled)
    return _table(file, sheet.filled, separator, used)


def _bytes_of(file: Place) -> bytes:
    try:
        if not is_remote(file) and (size := file.stat().st_size) > LARGEST_TABLE:
            raise GlintError(f"{file}: {size:,} bytes are more than a score table has; not opened")
        content = read_bytes(file)
    except OSError as error:
        raise GlintError(f"{file}: cannot be read ({error.strerror or error})") from error
    check_size(str(file), content)
    return content


def check_size(name: str, content: bytes) -> None:
    """Refuse what is larger, unpacked too, than any score table. Raises `GlintError`."""
    size = len(content)
    if content[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as parts:
                size = max(size, sum(part.file_size for part in parts.infolist()))
        except zipfile.BadZipFile as error:
            raise GlintError(f"{name}: a damaged .xlsx file ({error}); save it again") from error
    if size > LARGEST_TABLE:
        raise GlintError(f"{name}: {size:,} bytes are more than a score table has; not opened")


Lines = list[tuple[int, list[str]]]
"""(place in the file, cells) of each line."""


@dataclass(frozen=True)
class Worksheet:
    """A sheet's name and lines, and which of its cells are merged, such as B2:B4."""

    name: str
    lines: Lines
    merged: tuple[str, ...] = ()

    @functools.cached_property
    def filled(self) -> Lines:
        """The lines that hold something."""
        return [(number, line) for number, line in self.lines if any(cell.strip() for cell in line)]


def _lines(file: Place, text: str) -> tuple[Lines, str]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own note
        separator = first.strip()[4]
        text = text.replace(first, "", 1)
    else:
        separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        return [(reader.line_num, line) for line in reader], separator
    except csv.Error as error:
        raise GlintError(f"{file}: line {reader.line_num}: no CSV ({error})") from error


def _refuse_short_lines(file: Place, lines: Lines) -> None:
    """A file that was cut, or a line that lost a field: what is left of it may be another number."""
    header = len(lines[0][1])
    for number, cells in lines[1:]:
        if len(cells) < header:
            raise GlintError(
                f"{file}: line {number} has {len(cells)} fields, its header {header}; mend that line, or end it with "
                "its separators where fields are empty"
            )


def sheets_of(file: Place, content: bytes) -> list[Worksheet]:
    """Every sheet of an .xlsx as lines of text. A formula that was saved without its result is text itself ("=A1*2").

    Raises:
        GlintError: openpyxl is not installed, or the file cannot be read.
    """
    try:
        import openpyxl
    except ImportError:
        raise GlintError(
            f"{file}: reading .xlsx needs openpyxl: pip install openpyxl; or save the sheet as CSV UTF-8"
        ) from None
    try:
        results = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return [
                _sheet(results[sheet.title], sheet, parts.read(sheet._worksheet_path.lstrip("/")))
                for sheet in formulas.worksheets
            ]
    except Exception as error:  # openpyxl raises the errors of what it stumbles over
        raise GlintError(
            f"{file}: not a readable .xlsx file ({error}); save it again, or as CSV UTF-8"
        ) from error


def _sheet(results: Any, formulas: Any, source: bytes) -> Worksheet:
    """A sheet read for its results; for its formulas too, where its XML holds any."""
    lines: Lines = [(number, [cell_text(value) for value in row]) for number, row in _filled(results)]
    if b"<f>" in source or b"<f " in source:
        computed = dict(lines)
        lines = [
            (
                number,
                [
                    had or cell_text(value)
                    for had, value in itertools.zip_longest(computed.get(number, ()), row)
                ],
            )
            for number, row in _filled(formulas)
        ]
    merged = tuple(cells.decode() for cells in re.findall(rb'<mergeCell ref="([A-Z0-9:]+)"', source))
    return Worksheet(results.title, lines, merged)


_MOST_COLUMNS = 200


def _filled(sheet: Any) -> Iterable[tuple[int, Sequence[Any]]]:
    """Rows that hold something, with their numbers: one cell far below makes a million empty ones before it."""
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True), 1):
        if any(value is not None for value in row):
            yield number, row


def cell_text(value: Any) -> str:
    """A sheet's cell as text: empty for nothing, whole numbers without a fraction."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _header(sheet: Lines) -> list[str]:
    return [name.strip().lower() for name in sheet[0][1]]


def _lacking(header: list[str], any_of: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    return [names for names in any_of if not any(name in header for name in names)]


def _table(file: Place, sheet: Lines, separator: str, used: set[str]) -> Table:
    header = _header(sheet)
    while header and not header[-1]:
        header.pop()
    twice = sorted({name for name in header if header.count(name) > 1 and name in used})
    if twice:
        raise GlintError(f"{file}: has two columns {twice[0]}; rename one")
    column_of = {name: header.index(name) for name in header if name}
    rows, lines = [], []
    for number, cells in sheet[1:]:
        beyond = [cell for cell in cells[len(header) :] if cell.strip()]
        if beyond:
            raise GlintError(
                f"{file}: line {number} has {len(cells)} fields, its header {len(header)} ({beyond[-1]!r}); "
                "text that holds the separator has to stand in quotes"
            )
        padded = [*cells, *[""] * len(header)]
        rows.append({name: padded[at] for name, at in column_of.items()})
        lines.append(number)
    return Table(file, list(column_of), rows, lines, separator)


def numbers(texts: Sequence[str], where: Sequence[str], commas_are_decimal: bool) -> list[float | None]:
    """Texts as numbers, with a point or a decimal comma; None for what says nothing ("", "n/a").

    Args:
        where: what an error sentence calls each of them.
        commas_are_decimal: the file's separator is no comma, so a comma in a number is a decimal one.

    Raises:
        GlintError: the first that is no number, or whose comma may stand for thousands.
    """
    values: list[float | None] = []
    for text, cell in zip(texts, where, strict=True):
        plain = text.strip().replace("\u2212", "-").replace("\u00a0", "")
        if plain.lower() in _NOTHING:
            values.append(None)
        elif plain.startswith("="):
            raise GlintError(
                f"{cell} {text!r} is a formula without its result; open and save the file in a spreadsheet"
            )
        elif _POINT.fullmatch(plain) and math.isfinite(float(plain)):
            values.append(float(plain))
        elif _COMMA.fullmatch(plain):
            if _THOUSANDS.fullmatch(plain) and not commas_are_decimal:
                point, none = plain.replace(",", "."), plain.replace(",", "")
                raise GlintError(f"{cell} {text!r} may be {point} or {none}; write it with a point")
            values.append(float(plain.replace(",", ".")))
        else:
            raise GlintError(f"{cell} {text!r} is no number; write it with a point, such as 3.5")
    return values
