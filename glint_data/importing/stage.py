"""A downloaded scored set to a dataset: its images taken over, its scores as labels, what is missing by name.

The manifest is written last; a run that dies is simply repeated.
"""

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glint_data
from glint_data import progress, sources
from glint_data.dataset import failures, manifest, runs
from glint_data.dataset.carried import write_again
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.importing.folder import ImageFolder
from glint_data.importing.layout import find_layout
from glint_data.importing.ratings import read_ratings
from glint_data.importing.records import row_of, set_facts
from glint_data.importing.taking import SPLIT, Taken, said_beside, take_over, tasks_of
from glint_data.records import as_mapping
from glint_data.reference_sets import scored_sets
from glint_data.sources import Refusal, Source
from glint_data.storage.files import make_durable, sweep, write_atomically
from glint_data.work import only_run

if TYPE_CHECKING:
    import pandas


@dataclass
class ImportSummary:
    """What an import did: counts against what the set is known to have, and what is missing."""

    folder: Path
    title: str
    layout: str
    rated: int
    rows_published: int
    imported: int = 0
    references: int = 0
    with_split: bool = False
    scale: str = ""
    beside: str | None = None
    refusals: list[Refusal] = field(default_factory=list)
    seconds: float = 0.0

    def text(self) -> str:
        """The closing lines for a person."""
        of = f" (the set has {self.rows_published:,})" if self.rated != self.rows_published else ""
        pristine = f", {self.references:,} references" if self.references else ""
        lines = [
            f"{self.imported:,} of {self.rated:,} rated images of {self.title}{of}{pristine}, "
            f"in {progress.duration(self.seconds)}",
            f"  {self.layout}; scores {self.scale}, in the manifest 0 to 1, higher is better",
            f"  {self.folder / manifest.FILE}",
        ]
        if self.with_split:
            lines.append(f"  the set's own parts: {self.folder / SPLIT}")
        if self.beside:
            lines.append(f"  {self.beside}")
        if self.refusals:
            lines.append(
                f"  {len(self.refusals):,} missing or refused: {self.folder / 'failures.csv'}; the first:"
            )
            lines += [f"    {refusal.error}" for refusal in self.refusals[:3]]
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return as_mapping(self)


def import_dataset(
    name: str,
    root: str | Path,
    out: str | Path,
    workers: int = 1,
    table: str | Path | None = None,
    strip: bool = False,
) -> ImportSummary:
    """Make the dataset `out` of the scored set `name` that lies in the folder `root`.

    Args:
        workers: processes that decode and take over images.
        table: the set's score table, where it does not lie in the folder.
        strip: leave out what cameras wrote beside the pixels.

    Raises:
        GlintError: no such set, no known layout (what was expected is shown), a table that cannot be right, or
            none of its images in the folder.
    """
    begun = time.monotonic()
    description = scored_sets.description_of(name)
    root, out = Path(root), Path(out)
    table = Path(table) if table is not None else None
    layout = find_layout(description, root, table)
    ratings = read_ratings(description, layout, root, table)
    distorted, pristine = find_images(description, root, ratings)
    runs.open_folder(out, "import", _settings(description, ratings, strip))
    with only_run(out):
        sweep(out)
        taken, refused = take_over(tasks_of(out, ratings, distorted, pristine, strip), workers)
        refused = [*_missing(ratings, distorted, pristine, root), *refused]
        if not any(key[0] == "images" for key in taken):
            failures.write(out, refused)
            raise GlintError(f"{root}: none of its images could be taken over; the first: {refused[0].error}")
        errors = {refusal.path: refusal.error for refusal in refused}
        rows = [
            row_of(description, row, taken, errors, distorted[image], pristine.get(reference))
            for row, image, reference in zip(
                ratings.itertuples(), ratings["image"], ratings["reference"], strict=True
            )
        ]
        files = {("images", image): file for image, file in distorted.items()}
        files |= {("references", name): file for name, file in pristine.items()}
        _write(out, description, layout, ratings, rows, taken, files)
        failures.write(out, refused)
    scale = layout.get("scores", description["scores"])
    return ImportSummary(
        out,
        description["title"],
        layout["name"],
        len(ratings),
        description["rows"],
        imported=sum(row["status"] == Status.OK for row in rows),
        references=sum(key[0] == "references" for key in taken),
        with_split=bool(ratings["split"].notna().any()),
        scale=f"{scale['low']:g} to {scale['high']:g}, {'higher' if scale['higher_is_better'] else 'lower'} is better",
        beside=said_beside(taken.values()),
        refusals=refused,
        seconds=time.monotonic() - begun,
    )


def _settings(description: dict[str, Any], ratings: "pandas.DataFrame", strip: bool) -> dict[str, Any]:
    """What must be the same when an import is repeated into the same folder: the set and its scores."""
    keys = ratings[["sample_id", "mos"]].to_csv(index=False).encode()
    settings = {
        "set": description["name"],
        "ratings": len(ratings),
        "scores": hashlib.sha256(keys).hexdigest(),
    }
    return settings | ({"strip": True} if strip else {})


def find_images(
    description: dict[str, Any], root: Path, ratings: "pandas.DataFrame"
) -> tuple[dict[str, Path | None], dict[str, Path | None]]:
    """The file of every rated image and of every reference, by their names in the table; None where missing.

    Raises:
        GlintError: a name leads out of the folder, or not one image is there.
    """
    folders = description["images"]
    rated = ImageFolder(root, folders["distorted"])
    distorted = {image: rated.find(image) for image in ratings["image"]}
    if not any(distorted.values()):
        example = ratings["image"].iloc[0]
        raise GlintError(
            f"{root}: holds none of the {len(ratings):,} images that the table of {description['title']} rates; "
            f"expected {folders['distorted'][0] or '.'}/{example} and so on. Unpack the images there"
        )
    pristine = ImageFolder(root, folders.get("pristine", []))
    return distorted, {name: pristine.find(name) for name in ratings["reference"].dropna().unique()}


def _missing(
    ratings: "pandas.DataFrame",
    distorted: dict[str, Path | None],
    pristine: dict[str, Path | None],
    root: Path,
) -> list[Refusal]:
    lost = [Refusal(name, f"{name}: not in {root}", "import") for name, file in distorted.items() if not file]
    rated = ratings.groupby("reference")["image"].count()
    return lost + [
        Refusal(
            name,
            f"reference {name}: not in {root}; {rated[name]} images stay without their pristine one",
            "import",
        )
        for name, file in pristine.items()
        if not file
    ]


def _write(
    out: Path,
    description: dict[str, Any],
    layout: dict[str, Any],
    ratings: "pandas.DataFrame",
    rows: list[dict[str, Any]],
    taken: dict[tuple[str, str], Taken],
    files: dict[tuple[str, str], Path | None],
) -> None:
    """Everything but the images: sources, the set's own split, and last the manifest."""
    import pandas

    make_durable([out / image.path for image in taken.values()])
    sources.write(out, _sources(ratings, taken, files))
    if ratings["split"].notna().any():
        parts = ratings[["source", "split"]].rename(columns={"split": "part"}).drop_duplicates()
        write_atomically(out / SPLIT, parts.to_csv(index=False).encode())
    facts: dict[str, Any] = {
        "suite": description.get("suite"),
        "label": set_facts(description, layout, ratings),
    }
    facts["label"]["version"] = glint_data.__version__
    write_again(out, pandas.DataFrame(rows), facts)


def _sources(
    ratings: "pandas.DataFrame",
    taken: dict[tuple[str, str], Taken],
    files: dict[tuple[str, str], Path | None],
) -> list[Source]:
    """The pristine photos that were found, or the authentic ones themselves, as the sources of the dataset."""
    subfolder, column = (
        ("references", "reference") if ratings["reference"].notna().any() else ("images", "image")
    )
    records: list[Source] = []
    listed = ratings.dropna(subset=column).drop_duplicates(column)
    for name, source in zip(listed[column], listed["source"], strict=True):
        file = files.get((subfolder, name))
        if (subfolder, name) in taken and file is not None:
            image = taken[subfolder, name]
            known = (len(records), str(file.resolve()), image.bytes, image.modified, image.hash)
            records.append(Source(source, *known, image.width, image.height, image.conversions))
    return records
