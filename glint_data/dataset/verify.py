"""Is a dataset what its manifest says? Looks at everything, repairs nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import distortions
from glint_data import images, records
from glint_data.dataset import manifest, rendering, runs
from glint_data.dataset.columns import FILES
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.rows_seen import RowsSeen
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.progress import printable, track
from glint_data.storage.files import holds
from glint_data.storage.places import Place, place, recorded
from glint_data.work import Workers, run_tasks

RERENDERED = 40
"""Samples drawn at random whose pixels are rendered again from their recipes."""


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

    With `sources` the photos that the samples were made from are decoded too, wherever they lie. The manifest is read
    some thousand rows at a time.

    Raises:
        GlintError: there is no manifest to check, or it is of another version.
    """
    file = manifest.manifest_file(dataset)
    folder = manifest.dataset_folder(file)
    findings, seen = Findings(folder), RowsSeen(file, seed, RERENDERED)
    for batch in manifest.batches(file, checked=False):
        findings.problems += seen.problems_of(batch)
    findings.samples = seen.samples
    findings.problems += [*seen.problems_between(), *_versions(folder), *_links(folder)]
    files = _files(file, findings.problems)
    findings.files += _looked_at(check_file, files, seen.files_named, "files", workers, findings)
    if sources:
        photos = list(_photos(file))
        findings.files += _looked_at(check_photo, photos, len(photos), "photos", workers, findings)
    again = [(str(folder), row) for _, _, row in seen.drawn]
    findings.rerendered = _looked_at(
        check_rendering, again, len(again), "samples rendered again", workers, findings
    )
    return findings


def _looked_at(
    check: Callable[[Any], str | None],
    tasks: Iterable[Any],
    total: int,
    what: str,
    workers: Workers,
    findings: Findings,
) -> int:
    """How many tasks were done; what is wrong goes to the findings."""
    count = 0
    for outcome in track(run_tasks(check, tasks, workers), total, what) if total else ():
        count += 1
        if problem := outcome.error or outcome.result:
            findings.problems.append(problem)
    return count


def _versions(folder: Place) -> Iterator[str]:
    """A former version of a suite is no problem as long as it can be rendered."""
    settings = runs.read(folder).get("settings", {}) if holds(folder, runs.FILE) else {}
    suite, version = settings.get("suite"), settings.get("suite_version")
    if suite in distortions.suites():
        try:
            rendering.suite_of(suite, version)
        except GlintError as error:
            yield f"made with version {version} of {suite}: {error}"


def _links(folder: Place) -> Iterator[str]:
    for link in runs.links(folder):
        yield f"{link}: is a link; a dataset holds its own files"


def _files(file: Place, problems: list[str]) -> Iterator[tuple[str, str]]:
    """Every file the manifest names with its expected pixel hash; paths that leave the folder are problems."""
    folder, references = manifest.dataset_folder(file), set[str]()
    columns = ["status", *FILES, *FILES.values(), "reference_path", "source_hash"]
    for batch in manifest.batches(file, columns, checked=False):
        for row in batch.to_pylist():
            if row["status"] != Status.OK:
                continue
            named = [(row[path], row[expected]) for path, expected in FILES.items()]
            if row["reference_path"] not in references:
                references.add(row["reference_path"])
                named.append((row["reference_path"], row["source_hash"]))
            for path, expected in named:
                if path is None or expected is None:
                    continue
                try:
                    yield str(manifest.inside(folder, path)), expected
                except GlintError as error:
                    problems.append(str(error))


def check_file(task: tuple[str, str]) -> str | None:
    """Compare a file's pixels with their hash; the sentence that says what is wrong, or None."""
    file, expected = task
    seen = images.pixel_hash(images.read_rgb(file))
    return (
        None
        if seen == expected
        else f"{file}: other pixels than were written (hash {seen[:12]}, not {expected[:12]})"
    )


def _photos(file: Place) -> Iterator[tuple[str, str, str, str | None]]:
    """Name, path, recorded hash and edit of every photo that samples were made from."""
    columns, seen = ["source", "source_path", "source_hash", "source_edit"], set[tuple[Any, ...]]()
    for batch in manifest.batches(file, columns, checked=False):
        for name, path, expected, edit in dict.fromkeys(tuple(row.values()) for row in batch.to_pylist()):
            photo = (name, path, expected, edit)
            if None not in photo[:3] and photo not in seen:
                seen.add(photo)
                yield photo


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


def check_rendering(task: tuple[str, dict[str, Any]]) -> str | None:
    """Render a sample again from its recipe, as it was drawn; the sentence that says how it drifted, or None."""
    folder, row = task
    as_planned = row | {"status": Status.PLANNED, "parameters": None}
    try:
        Sample.from_row(as_planned, Pictures(place(folder))).pixels()
    except GlintError as refusal:
        return str(refusal)
    return None
