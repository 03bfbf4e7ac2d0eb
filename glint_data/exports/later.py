"""Rows kept on disk until all of them are known: for formats that need the range of all scores first."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from glint_data.errors import GlintError
from glint_data.exports.deviation import Deviations
from glint_data.exports.format import Row
from glint_data.exports.soft_labels import Scale


class Later:
    """Takes rows with a score one after the other; gives them back when the range of the scores is known.

    Memory does not grow with the rows. `file` is removed by `close`.
    """

    def __init__(self, file: Path, columns: Sequence[str], deviations: Deviations) -> None:
        self._file, self._columns, self._deviations = file, tuple(columns), deviations
        self._stream = file.open("w", encoding="utf-8")
        self._low, self._high = float("inf"), float("-inf")

    def add(self, row: Row) -> None:
        """Keep what is needed of a row: the columns, `mos`, and its deviation as `std`."""
        kept: dict[str, Any] = {name: row[name] for name in self._columns}
        kept |= {"mos": row["mos"], "std": self._deviations.of(row), "split": row["split"]}
        self._low, self._high = min(self._low, row["mos"]), max(self._high, row["mos"])
        self._stream.write(json.dumps(kept) + "\n")

    @property
    def scale(self) -> Scale:
        """The range of all scores so far."""
        return Scale(self._low, self._high)

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows in the order in which they came."""
        self._stream.flush()
        with self._file.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)

    def close(self) -> None:
        """Remove the file."""
        self._stream.close()
        self._file.unlink(missing_ok=True)


def with_deviation(row: dict[str, Any], to: str) -> float:
    """A row's deviation. Raises `GlintError` where it has none, which this format cannot do without."""
    if row["std"] is None:
        raise GlintError(
            f"{row['sample_id']}: has a score without a standard deviation, which --to {to} needs; "
            "import the scores with a column mos_std, or export to qalign, vqr1 or csv"
        )
    return float(row["std"])
