"""Which photo is in which split: read from a table, such as the split.csv of a training run."""

import csv
from pathlib import Path

from glint_data.errors import GlintError
from glint_data.exports.about import PARTS

_LEFT_OUT = "unused"


def read_split(file: Path) -> dict[str, str]:
    """Source -> train, val or test, from a CSV with the columns source and part.

    Sources that are "unused" are not returned.

    Raises:
        GlintError: no such table, or a part that is none.
    """
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            listed = {row["source"]: row["part"] for row in csv.DictReader(stream)}
    except (OSError, KeyError, csv.Error, UnicodeDecodeError) as error:
        raise GlintError(
            f"{file}: not a CSV with the columns source and part ({error}); "
            "a training run writes one as split.csv"
        ) from error
    wrong = sorted(set(listed.values()) - {*PARTS, _LEFT_OUT})
    if wrong:
        raise GlintError(f"{file}: part {wrong[0]!r}; parts are train, val, test (and {_LEFT_OUT})")
    return {source: part for source, part in listed.items() if part != _LEFT_OUT}
