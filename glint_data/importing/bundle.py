"""The score tables that ship with the package, made from a set's own table.

    python -m glint_data.importing.bundle tid2013 TABLE_OR_FOLDER

writes `manifests/scores/tid2013.csv`: reference, type, level, score, spread on the set's own scale, by key.
"""

import argparse
from pathlib import Path

from glint_data.errors import GlintError
from glint_data.importing.layout import find_layout
from glint_data.importing.ratings import read_ratings
from glint_data.reference_sets import scored_sets
from glint_data.storage.files import write_atomically


def bundle(name: str, path: Path) -> str:
    """A set's scores as the CSV text that ships, ordered by key.

    Args:
        place: the set's folder, or its score table.

    Raises:
        GlintError: no such set or table, or a set whose scores belong to no type and level.
    """
    description = scored_sets.description_of(name)
    table = path if path.is_file() else None
    root = path.parent if table else path
    ratings = read_ratings(description, find_layout(description, root, table), root, table)
    if ratings["level"].isna().any():
        raise GlintError(
            f"{description['title']}: its images have no levels, so its scores belong to no cell"
        )
    kept = ratings[["source", "type", "level", "score", "spread"]].rename(columns={"source": "reference"})
    return kept.to_csv(index=False, lineterminator="\n")


def main() -> None:
    """Read the options and write the table into the package's folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name")
    parser.add_argument("path", type=Path, help="the set's score table, or the folder it was unpacked in")
    arguments = parser.parse_args()
    content = bundle(arguments.name, arguments.path)
    file = scored_sets.bundled_scores_file(scored_sets.description_of(arguments.name))
    write_atomically(file, content.encode())
    print(file)


if __name__ == "__main__":
    main()
