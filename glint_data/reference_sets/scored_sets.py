"""What is known of public scored sets: their descriptions and the score tables that ship with the package."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.registry import Registry

if TYPE_CHECKING:
    import pandas

SHIPPED = files("glint_data.manifests")


SETS = Registry[dict[str, Any]]("scored set")
"""Descriptions by name. What ships is data, a file each in `manifests/`; a plug-in brings an importer of its own."""

for _file in sorted(SHIPPED.iterdir(), key=lambda item: item.name):
    if _file.name.endswith(".json"):
        _description = json.loads(_file.read_text(encoding="utf-8"))
        if "scores" in _description:
            SETS.add(_description["name"], _description)


def known_sets() -> dict[str, dict[str, Any]]:
    """The descriptions of all scored sets, by name."""
    return dict(SETS.items())


def description_of(name: str) -> dict[str, Any]:
    """The description of a scored set. Raises `GlintError` naming those there are."""
    return SETS[name]


def bundled_scores_file(description: dict[str, Any]) -> Path:
    """Where the score table of a set ships. Raises `GlintError` for a set that cannot be a reference."""
    if not description.get("bundled_scores"):
        reason = description.get("not_a_reference", "its photos are authentic and have no pristine ones")
        raise GlintError(
            f"{description['title']} cannot serve as reference: {reason}; "
            f"'glint-data import {description['name']} FOLDER --out DATASET' makes a dataset to train or evaluate on"
        )
    return Path(str(SHIPPED / description["bundled_scores"]))


def bundled_scores(description: dict[str, Any]) -> "pandas.DataFrame":
    """The score table shipped for a set: reference, type, level, score, spread (the set's own scale).

    Without the types whose levels are not those of the suite (`cells_refused` in the set's description).
    """
    import pandas as pd

    file = bundled_scores_file(description)
    with file.open("rb") as stream:
        table = pd.read_csv(stream, dtype={"reference": str})
    if table.duplicated(["reference", "type", "level"]).any():
        raise GlintError(f"{file}: a (reference, type, level) is there twice; restore the file")
    refused = [int(type_number) for type_number in description.get("cells_refused", {})]
    return table[~table["type"].isin(refused)]
