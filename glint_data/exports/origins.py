"""The datasets that go into one export, and how what comes from each is told apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.storage.places import Place, is_remote, place


@dataclass(frozen=True)
class Origin:
    """One dataset of an export. `prefix` stands before the names of its samples and photos, "" where it is alone."""

    place: Place
    name: str
    prefix: str = ""

    def named(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row under names that no other dataset of the export has."""
        if not self.prefix or not row["sample_id"] or not row["source"]:
            return row
        return row | {
            "sample_id": self.prefix + row["sample_id"],
            "source": self.prefix + row["source"],
            "dataset_name": self.name,
        }


def origins_of(datasets: Sequence[str | Place]) -> list[Origin]:
    """The datasets by the names of their folders, numbered where two folders have the same.

    Raises:
        GlintError: none, or one of them twice.
    """
    paths = [place(dataset) for dataset in datasets]
    if not paths:
        raise GlintError("no dataset was named to export")
    names: list[str] = []
    seen: set[str] = set()
    for where in paths:
        folder = manifest.dataset_folder(where)
        resolved = folder if is_remote(folder) else folder.resolve()
        if str(resolved) in seen:
            raise GlintError(f"{where}: is named twice; one export holds each dataset once")
        seen.add(str(resolved))
        number, name = 2, resolved.name or "dataset"
        while name in names:
            name, number = f"{resolved.name}-{number}", number + 1
        names.append(name)
    alone = len(paths) == 1
    return [
        Origin(where, name, "" if alone else f"{name}/") for where, name in zip(paths, names, strict=True)
    ]
