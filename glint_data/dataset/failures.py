"""`failures.csv`: every file refused and every sample not made in a run; absent when there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from glint_data.dataset import csv_files
from glint_data.storage.files import holds, remove, write_atomically
from glint_data.storage.places import Place

FILE = "failures.csv"
COLUMNS = ("source_path", "stage", "error")


@dataclass(frozen=True)
class Refusal:
    """A file that was not admitted, or a sample that could not be made, and why."""

    path: str
    error: str
    stage: str = "scan"


def write(folder: Place, refusals: Sequence[Refusal], name: str = FILE) -> None:
    """Write the refusals, or remove the file where there are none."""
    if not refusals:
        remove(folder / name)
        return
    rows = [(refusal.path, refusal.stage, refusal.error) for refusal in refusals]
    write_atomically(folder / name, csv_files.written(COLUMNS, rows))


def read(folder: Place, name: str = FILE) -> list[Refusal]:
    """The refusals recorded in a folder; none where there is no file. Raises `GlintError` where it is damaged."""
    if not holds(folder, name):
        return []
    rows = csv_files.read_rows(folder / name, COLUMNS, "delete it, the next run writes it anew")
    return [Refusal(row["source_path"], row["error"], row["stage"]) for row in rows]
