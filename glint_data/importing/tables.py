"""The few forms that published score tables come in, read to one frame of text columns.

`csv` (comma, with or without a header), `words` (columns apart by blanks, no header) and `sheet` (.xlsx, the
header is the first row that holds the wanted names). Columns without a header are called column1, column2, ...
For `matlab` see matlab.py. Nothing that could run code is opened.
"""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError

if TYPE_CHECKING:
    import pandas

LARGEST_TABLE = 100_000_000
"""Bytes; the tables of the largest known set have three million."""


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
    import pandas

    return pandas.read_csv(file, dtype=str, skipinitialspace=True)


def _bare_csv(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    import pandas

    return _numbered(pandas.read_csv(file, dtype=str, header=None, skipinitialspace=True))


def _words(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    import pandas

    return _numbered(pandas.read_csv(file, dtype=str, header=None, sep=r"\s+"))


def _numbered(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    return frame.set_axis([f"column{number + 1}" for number in range(frame.shape[1])], axis=1)


def _sheet(file: Path, wanted: list[str]) -> "pandas.DataFrame":
    """The first sheet with a row that holds all wanted names; below it, the rows whose wanted cells are filled."""
    import pandas

    try:
        sheets = pandas.read_excel(file, sheet_name=None, header=None, dtype=object)
    except ImportError:
        raise GlintError(
            f"{file}: reading .xlsx needs openpyxl: pip install 'glint-data[formats]'; or save the sheet as "
            f"{file.with_suffix('.csv').name} beside it"
        ) from None
    for cells in sheets.values():
        texts = cells.map(_cell)
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


def _cell(value: Any) -> str:
    """A cell as text: empty for nothing, whole numbers without a fraction."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
