"""Is a dataset what its manifest says? Looks at everything, repairs nothing."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import distortions
from glint_data import images, records
from glint_data.dataset import manifest, rendering, runs, values
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.progress import printable, track
from glint_data.storage.files import holds
from glint_data.storage.places import Place, place, recorded
from glint_data.work import Workers, run_tasks

if TYPE_CHECKING:
    import pandas
    import pyarrow

RERENDERED = 40
"""Samples drawn at random whose pixels are rendered again from their recipes."""

RATED = "rated"
"""`label_method` of scores that people gave to these very images."""


@dataclass
class Findings:
    """What was looked at, and everything that is not as it should be."""

    folder: Place
    samples: int = 0
    files: int = 0
    rerendered: int = 0
    problems: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """The findings as plain values."""
        return records.as_mapping(self)

    def text(self, most: int = 20) -> str:
        """The findings for a person."""
        looked_at = f"{self.samples:,} samples, {self.files:,} files read, {self.rerendered} rendered again"
        if not self.problems:
            return f"{self.folder}: in order ({looked_at})"
        lines = [f"{self.folder}: {len(self.problems):,} problems ({looked_at})"]
        lines += [f"  {problem}" for problem in self.problems[:most]]
        if len(self.problems) > most:
            lines.append(f"  ... and {len(self.problems) - most:,} more")
        return printable(
            "\n".join(
                [
                    *lines,
                    "Nothing was changed. The command that made the dataset makes lost files again; "
                    "delete those that hold other pixels first.",
                ]
            )
        )


def verify(dataset: str | Place, workers: Workers, seed: int = 0, sources: bool = False) -> Findings:
    """Check schema, values, keys, files, hashes, labels and their provenance, and drift of some renderings.

    With `sources` the photos that the samples were made from are decoded too, wherever they lie.

    Raises:
        GlintError: there is no manifest to check, or it is of another version.
    """
    file = manifest.manifest_file(dataset)
    folder = manifest.dataset_folder(file)
    table = manifest.read_table(file, checked=False)
    rows = manifest.frame_of(table)
    findings = Findings(folder, samples=len(rows))
    findings.problems += [*values.problems(table), *_keys(rows), *_labels(rows), *_label_facts(file, rows)]
    findings.problems += [*_versions(folder), *_links(folder), *_cells(rows)]
    files = _files(folder, rows, findings.problems)
    tasks = [(str(file), expected) for file, expected in files.items()]
    for outcome in track(run_tasks(check_file, tasks, workers), len(tasks), "files") if tasks else ():
        findings.files += 1
        problem = outcome.error or outcome.result
        if problem:
            findings.problems.append(problem)
    if sources:
        photos = list(_photos(rows))
        for outcome in (
            track(run_tasks(check_photo, photos, workers), len(photos), "photos") if photos else ()
        ):
            findings.files += 1
            problem = outcome.error or outcome.result
            if problem:
                findings.problems.append(problem)
    _rerender(folder, table, rows, workers, seed, findings)
    return findings


def _keys(rows: "pandas.DataFrame") -> Iterator[str]:
    for name in rows.loc[rows["sample_id"].duplicated(), "sample_id"].unique():
        yield f"{name}: several rows have this sample_id"
    used = rows["path"].dropna()
    for path in used[used.duplicated()].unique():
        yield f"{path}: several rows have this path"
    done = rows["status"] == Status.OK
    for name in rows.loc[done & rows["path"].notna() & rows["image_hash"].isna(), "sample_id"]:
        yield f"{name}: no hash of its pixels is recorded, so nothing tells whether they are the right ones"
    for row in rows[rows["status"] == Status.FAILED].itertuples():
        yield f"{row.sample_id}: failed: {row.error}"


def _labels(rows: "pandas.DataFrame") -> Iterator[str]:
    """Labels that contradict themselves, or do not say where they came from."""
    labelled = rows[rows["mos"].notna()]
    unlabelled = rows[rows["mos"].isna()]
    transferred = labelled["label_method"].notna() & (labelled["label_method"] != RATED)
    tests = {
        "mos outside 0..1": ~labelled["mos"].between(0, 1),
        "mos below its own interval": labelled["mos"] < labelled["mos_low"],
        "mos above its own interval": labelled["mos"] > labelled["mos_high"],
        "mos_std below 0": labelled["mos_std"] < 0,
        "a label without the set it came from": labelled["label_set"].isna(),
        "a label without its method": labelled["label_method"].isna(),
        "a transferred label without the references it leans on": transferred
        & labelled["label_references"].isna(),
        "a transferred label without its interval": transferred
        & labelled["mos_low"].isna()
        & labelled["mos_std"].notna(),
    }
    for what, wrong in tests.items():
        for name in labelled.loc[wrong, "sample_id"]:
            yield f"{name}: {what}"
    half = unlabelled[["mos_std", "mos_low", "mos_high", "label_references"]].notna().any(axis=1)
    for name in unlabelled.loc[half, "sample_id"]:
        yield f"{name}: parts of a label without mos"


def _label_facts(file: Place, rows: "pandas.DataFrame") -> Iterator[str]:
    """What the manifest notes of its labels, against the labels in its rows."""
    noted = manifest.facts(file).get("label", {})
    labelled = rows[rows["mos"].notna()]
    if not noted or not len(labelled):
        return
    sets = set(labelled["label_set"].dropna())
    if (
        isinstance(noted.get("set"), str)
        and sets
        and noted["set"] not in {part for name in sets for part in name.split("+")}
    ):
        yield f"the manifest notes labels from {noted['set']}, its rows name {', '.join(sorted(sets))}"
    for method in labelled["label_method"].dropna().unique():
        mine = labelled.loc[labelled["label_method"] == method, "label_version"]
        several = sorted(mine.dropna().unique())
        if len(several) > 1:
            yield f"labels of {method!s} in several versions ({', '.join(several)}); 'glint-data label' makes them one"


def _versions(folder: Place) -> Iterator[str]:
    """A former version of a suite is no problem as long as it can be rendered."""
    settings = runs.read(folder).get("settings", {}) if holds(folder, runs.FILE) else {}
    suite, version = settings.get("suite"), settings.get("suite_version")
    if suite in distortions.suites():
        try:
            rendering.suite_of(suite, version)
        except GlintError as error:
            yield f"made with version {version} of {suite}: {error}"


def _cells(rows: "pandas.DataFrame") -> Iterator[str]:
    """Samples rendered here as a type or level that their suite does not have."""
    cells = rows[_rendered_here(rows)].drop_duplicates(["suite", "suite_version", "type", "level"])
    for row in cells[["sample_id", "suite", "suite_version", "type", "level"]].to_dict("records"):
        number, level, version = row["type"], row["level"], row["suite_version"]
        try:
            suite = rendering.suite_of(row["suite"], version if isinstance(version, str) else None)
        except GlintError:
            continue  # said once, by the versions
        if number not in suite.types or level not in suite.levels(number):
            yield f"{row['sample_id']}: {suite.name} has no type {number:g} with a level {level:g}"


def _rendered_here(rows: "pandas.DataFrame") -> "pandas.Series[bool]":
    made = rows["status"].isin((Status.OK, Status.PLANNED)) & rows["seed"].notna() & rows["type"].notna()
    return made & rows["suite"].isin(distortions.suites()) & rows["sample_id"].notna()


def _links(folder: Place) -> Iterator[str]:
    for link in runs.links(folder):
        yield f"{link}: is a link; a dataset holds its own files"


def _files(folder: Place, rows: "pandas.DataFrame", problems: list[str]) -> dict[Place, str]:
    """Every file the manifest names with its expected pixel hash; paths that leave the folder are problems."""
    files: dict[Place, str] = {}
    done = rows[rows["status"] == Status.OK]
    for path_column, hash_column in (("path", "image_hash"), ("reference_path", "source_hash")):
        pairs = done[[path_column, hash_column]].dropna().drop_duplicates()
        for path, expected in pairs.itertuples(index=False):
            try:
                files[manifest.inside(folder, path)] = expected
            except GlintError as error:
                problems.append(str(error))
    return files


def check_file(task: tuple[str, str]) -> str | None:
    """Compare a file's pixels with their hash; the sentence that says what is wrong, or None."""
    file, expected = task
    seen = images.pixel_hash(images.read_rgb(file))
    return (
        None
        if seen == expected
        else f"{file}: other pixels than were written (hash {seen[:12]}, not {expected[:12]})"
    )


def _photos(rows: "pandas.DataFrame") -> Iterator[tuple[str, str, str, str | None]]:
    """Name, path, recorded hash and edit of every photo that samples were made from."""
    columns = ["source", "source_path", "source_hash", "source_edit"]
    known = rows[columns].dropna(subset=columns[:3]).drop_duplicates()
    for name, path, expected, edit in known.itertuples(index=False):
        yield name, path, expected, edit if isinstance(edit, str) else None


def check_photo(task: tuple[str, str, str, str | None]) -> str | None:
    """Compare a photo's pixels, from its own file, with what its samples were made of; see `check_file`."""
    name, path, expected, edit = task
    seen = images.pixel_hash(images.edit_from(edit).of(images.read_rgb(recorded(path)), path))
    return (
        None
        if seen == expected
        else f"{path}: other pixels than when the samples of {name} were made (hash {seen[:12]}, not {expected[:12]}); "
        "restore the photo, or touch the file and run the command that made the dataset again, which takes it in under "
        "another name"
    )


def _rerender(
    folder: Place,
    table: "pyarrow.Table",
    rows: "pandas.DataFrame",
    workers: Workers,
    seed: int,
    findings: Findings,
) -> None:
    ids = sorted(rows.loc[_rendered_here(rows), "sample_id"])
    chosen = set(random.Random(seed).sample(ids, min(RERENDERED, len(ids))))
    numbers = [number for number, name in enumerate(rows["sample_id"]) if name in chosen]
    tasks = [(str(folder), row) for row in table.take(numbers).to_pylist()] if numbers else []
    again = run_tasks(check_rendering, tasks, workers)
    for outcome in track(again, len(tasks), "samples rendered again") if tasks else ():
        findings.rerendered += 1
        problem = outcome.error or outcome.result
        if problem:
            findings.problems.append(problem)


def check_rendering(task: tuple[str, dict[str, Any]]) -> str | None:
    """Render a sample again from its recipe, as it was drawn; the sentence that says how it drifted, or None."""
    folder, row = task
    as_planned = row | {"status": Status.PLANNED, "parameters": None}
    try:
        Sample.from_row(as_planned, Pictures(place(folder))).pixels()
    except GlintError as refusal:
        return str(refusal)
    return None
