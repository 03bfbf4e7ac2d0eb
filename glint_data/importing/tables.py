"""The few forms that published score tables come in, read to one frame of text columns.

`csv` (comma, with or without a header), `words` (columns apart by blanks, no header) and `sheet` (.xlsx, the
header is the first row that holds the wanted names). Columns without a header are called column1, column2, ...
For `matlab` see matlab.py. Nothing that could run code is opened.
"""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data import tables as own_tables
from glint_data.errors import GlintError
from glint_data.storage.files import read_bytes
from glint_data.tables import LARGEST_TABLE
from glint_data.texts import read_text

if TYPE_CHECKING:
    import pandas


def read_table(files: list[Path], form: str, wanted: list[str], header: bool = True) -> "pandas.DataFrame":
    """All files of one form as one frame of text, with a column `table` for the file's name.

    Raises:
        GlintError: a file is unreadable, too large, or lacks one of the `wanted` columns.
    """
    import pandas

    readers = {"csv": _csv if header else _bare_csv, "words": _words, "sheet": _sheet}
    frames = []
    for file in files:
        try:
            check_size(file)
            frame = readers[form](file, wanted)
        except GlintError:
            raise
        except Exception as error:  # parsers of broken files raise their own kinds
            raise GlintError(
                f"{file}: not a readable table ({error}); take it from the set's download again"
            ) from error
        lacking = [name for name in wanted if name not in frame.columns]
        if lacking:
            raise GlintError(
                f"{file}: lacks the columns {', '.join(lacking)}; found {', '.join(map(str, frame.columns[:8]))}"
            )
        frames.append(frame[wanted].assign(table=file.name))
    return pandas.concat(frames, ignore_index=True)


def check_size(file: Path) -> None:
    """Refuse a table larger, unpacked too, than any set's. Raises `GlintError`."""
    size = file.stat().st_size
    if file.suffix.lower() == ".xlsx" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as parts:
            size = max(size, sum(part.file_size for part in parts.infolist()))
    if size > LARGEST_TABLE:
        raise GlintError(f"{file}: {size:,} bytes are more than a score table has; not opened")


def _csv(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    """With the wanted columns under the names they are wanted by, whatever their case in the file."""
    import pandas

    table = own_tables.read_table(file, [(name.lower(),) for name in wanted])
    return pandas.DataFrame({name: table.column(name.lower()) for name in wanted})


def _bare_csv(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    import pandas

    text = io.StringIO(read_text(file))
    return _numbered(pandas.read_csv(text, dtype=str, header=None, skipinitialspace=True))


def _words(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    import pandas

    return _numbered(pandas.read_csv(io.StringIO(read_text(file)), dtype=str, header=None, sep=r"\s+"))


def _numbered(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    return frame.set_axis([f"column{number + 1}" for number in range(frame.shape[1])], axis=1)


def _sheet(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    """The first sheet with a row that holds all wanted names; below it, the rows whose wanted cells are filled."""
    import pandas

    sheets = own_tables.sheets_of(file, read_bytes(file))
    for sheet in sheets:
        texts = pandas.DataFrame([cells for _number, cells in sheet.lines]).fillna("")
        if all(name.startswith("column") for name in wanted):
            rows = _numbered(texts)
            number = pandas.to_numeric(rows[wanted[-1]], errors="coerce")
            return rows[number.notna()]
        for position in range(len(texts)):
            names = texts.iloc[position].tolist()
            if all(name in names for name in wanted):
                below = texts.iloc[position + 1 :].set_axis(names, axis=1)
                below = below.loc[:, ~below.columns.duplicated()]
                return below[(below[wanted] != "").all(axis=1)]
    raise ValueError(f"no sheet has a row with {', '.join(wanted)}")
