"""Which photo is in which split: read from a table, such as the split.csv of a training run."""

from pathlib import Path

from glint_data.dataset.split import UNUSED, read_parts


def read_split(file: Path) -> dict[str, str]:
    """Source -> train, val or test; sources that are "unused" are not returned. Raises `GlintError`."""
    return {source: part for source, part in read_parts(file).items() if part != UNUSED}
