"""Plain arrays out of .mat files, read in a process of their own.

SciPy's reader is compiled and trusts the sizes that a file states: a damaged one can take the whole process down,
so it takes down a worker, and the import says which file it was.
"""

from pathlib import Path
from typing import Any

from glint_data.errors import GlintError
from glint_data.importing.tables import check_size
from glint_data.work import run_tasks

LARGEST_ARRAY = 1_000_000
"""Entries of an array; the largest known set has 23,200 images."""


def matlab_arrays(root: Path, variables: list[str]) -> dict[str, list[Any]]:
    """Each `FILE:VARIABLE` below the root as a flat list: numbers, or texts from a cell array.

    Raises:
        GlintError: no such file or variable, or not a readable .mat file.
    """
    arrays = {}
    for outcome in run_tasks(read_array, [(str(root), variable) for variable in variables], 1):
        variable = outcome.task[1]
        if outcome.error is not None:
            file = str(root / variable.split(":")[0])
            named = outcome.error if file in outcome.error else f"{file}: {outcome.error}"
            raise GlintError(f"{named}; take it from the set's download again")
        arrays[variable] = outcome.result
    return arrays


def read_array(task: tuple[str, str]) -> list[Any]:
    """One array. Runs in a worker process."""
    import numpy as np
    from scipy.io import loadmat, whosmat

    root, file_and_variable = task
    name, variable = file_and_variable.split(":")
    file = Path(root, name)
    check_size(file)
    sizes = {listed: int(np.prod(shape, dtype=float)) for listed, shape, _type in whosmat(file)}
    if variable not in sizes:
        raise GlintError(f"{file}: holds no variable {variable}, but {', '.join(sizes) or 'none'}")
    if sizes[variable] > LARGEST_ARRAY:
        raise GlintError(f"{file}: {variable} has {sizes[variable]:,} entries, more than any set")
    values = np.asarray(loadmat(file, variable_names=[variable])[variable])
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
