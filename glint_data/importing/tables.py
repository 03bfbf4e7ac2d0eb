"""The few forms that published score tables come in, read to one frame of text columns.

`csv` (comma, with or without a header), `words` (columns apart by blanks, no header), `sheet` (.xlsx, the header
is the first row that holds the wanted names) and `matlab` (plain arrays of .mat files). Columns without a
header are called column1, column2, ... Nothing that could run code is opened.
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
        _check_size(file)
        try:
            frame = readers[form](file, wanted)
        except (OSError, ValueError, UnicodeDecodeError, zipfile.BadZipFile) as error:
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


def _check_size(file: Path) -> None:
    size = file.stat().st_size
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


def matlab_array(root: Path, place: str) -> list[Any]:
    """`FILE:VARIABLE` below the root as a flat list: numbers, or texts from a cell array.

    Raises:
        GlintError: no such file or variable, or not a readable .mat file.
    """
    import numpy as np
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    name, variable = place.split(":")
    file = root / name
    _check_size(file)
    try:
        found = loadmat(file, variable_names=[variable])
    except (OSError, ValueError, TypeError, NotImplementedError, MatReadError) as error:
        raise GlintError(
            f"{file}: not a readable .mat file ({error}); take it from the set's download again"
        ) from error
    if variable not in found:
        raise GlintError(f"{file}: holds no variable {variable}; is it the file of another release?")
    values = np.asarray(found[variable])
    if values.dtype == object:
        return [_cell_text(value) for value in values.ravel(order="F")]
    if values.dtype.kind in "US":
        return [str(value).strip() for value in values.ravel(order="F")]
    return [float(value) for value in values.ravel(order="F")]


def _cell_text(value: Any) -> str:
    """One element of a MATLAB cell array, which holds texts as arrays of one."""
    import numpy as np

    while isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return str(value).strip()
