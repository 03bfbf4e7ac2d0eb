"""Small CSV files as people and spreadsheets write them: a byte-order mark, UTF-16, semicolons, tabs, capitals."""

import codecs
import csv
import io
from collections.abc import Sequence

from glint_data.errors import GlintError
from glint_data.storage.files import read_bytes
from glint_data.storage.places import Place

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t"


def read_rows(file: Place, needed: Sequence[str], advice: str) -> list[dict[str, str]]:
    """The lines of a CSV as {column in small letters: text}; every line has the needed columns.

    `advice` ends the sentence of what is wrong, such as who writes such a file.

    Raises:
        GlintError: the file cannot be read, is no text, lacks a column, or a line has more or fewer fields.
    """
    wanted = " and ".join(needed) if len(needed) < 3 else f"{', '.join(needed[:-1])} and {needed[-1]}"
    try:
        text = _decoded(read_bytes(file))
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=first.count)
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except (OSError, csv.Error, UnicodeError) as error:
        raise GlintError(f"{file}: not a CSV with the columns {wanted} ({error}); {advice}") from error
    header = [name.strip().lower() for name in lines[0]] if lines else []
    missing = [name for name in needed if name not in header]
    if missing:
        there = f"has {', '.join(header[:6])}" if header else "is empty"
        raise GlintError(
            f"{file}: not a CSV with the columns {wanted} ({there}, lacks {missing[0]}); {advice}"
        )
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise GlintError(
                f"{file}: line {number} has {len(line)} fields, its header {len(header)}; mend that line"
            )
    return [dict(zip(header, line, strict=True)) for line in lines[1:]]


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    return content.decode(encoding, "strict" if encoding != "utf-8" else "surrogateescape")


def written(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The bytes of a CSV; names that are no UTF-8 come back as they were."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(header)
    writer.writerows(rows)
    return table.getvalue().encode("utf-8", "surrogateescape")
