"""Is a dataset what its manifest says? Looks at everything, repairs nothing."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import distortions
from glint_data import images, records
from glint_data.dataset import manifest, runs
from glint_data.errors import GlintError
from glint_data.progress import printable, track
from glint_data.storage.files import holds
from glint_data.storage.places import recorded
from glint_data.work import Workers, run_tasks

if TYPE_CHECKING:
    import pandas

RERENDERED = 40
"""Samples drawn by lot whose pixels are rendered again from their recipes."""

RECIPE = ("sample_id", "source_hash", "suite", "type", "level", "seed", "image_hash")


@dataclass
class Findings:
    """What was looked at, and everything that is not as it should be."""

    folder: Path
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
                [*lines, "Nothing was changed. The command that made the dataset makes lost files again."]
            )
        )


def verify(dataset: Path, workers: Workers, seed: int = 0) -> Findings:
    """Check schema, keys, files, hashes, label provenance, and drift of a random sample of renderings.

    Raises:
        GlintError: there is no manifest to check, or it is of another version.
    """
    folder = manifest.dataset_folder(dataset)
    rows = manifest.read(dataset)
    findings = Findings(folder, samples=len(rows))
    findings.problems += [*_keys(rows), *_labels(rows), *_versions(folder), *_links(folder)]
    files = _files(folder, rows, findings.problems)
    tasks = [(str(file), expected) for file, expected in files.items()]
    for outcome in track(run_tasks(check_file, tasks, workers), len(tasks), "files") if tasks else ():
        findings.files += 1
        problem = outcome.error or outcome.result
        if problem:
            findings.problems.append(problem)
    _rerender(folder, rows, workers, seed, findings)
    return findings


def _keys(rows: "pandas.DataFrame") -> Iterator[str]:
    for name in rows.loc[rows["sample_id"].duplicated(), "sample_id"].unique():
        yield f"{name}: several rows have this sample_id"
    used = rows["path"].dropna()
    for path in used[used.duplicated()].unique():
        yield f"{path}: several rows have this path"
    for row in rows[rows["status"] == "failed"].itertuples():
        yield f"{row.sample_id}: failed: {row.error}"
    for status in set(rows["status"].dropna()) - {"ok", "planned", "failed"}:
        yield f"unknown status {status!r} in {int((rows['status'] == status).sum()):,} rows"


def _labels(rows: "pandas.DataFrame") -> Iterator[str]:
    labelled = rows[rows["mos"].notna()]
    tests = {
        "mos outside 0..1": ~labelled["mos"].between(0, 1),
        "mos below its own interval": labelled["mos"] < labelled["mos_low"],
        "mos above its own interval": labelled["mos"] > labelled["mos_high"],
        "mos_std below 0": labelled["mos_std"] < 0,
        "a label without the set it came from": labelled["label_set"].isna(),
        "a label without its method": labelled["label_method"].isna(),
        "a transferred label without the references it leans on": (
            labelled["label_method"].notna()
            & (labelled["label_method"] != "rated")
            & labelled["label_references"].isna()
        ),
    }
    for what, wrong in tests.items():
        for name in labelled.loc[wrong, "sample_id"]:
            yield f"{name}: {what}"


def _versions(folder: Path) -> Iterator[str]:
    if not holds(folder, runs.FILE):
        return
    record = runs.read(folder)
    suite, version = record.get("settings", {}).get("suite"), record.get("settings", {}).get("suite_version")
    if suite in distortions.suites() and distortions.suite(suite).version != version:
        yield f"made with version {version} of {suite}; here is version {distortions.suite(suite).version}"


def _links(folder: Path) -> Iterator[str]:
    for link in runs.links(folder):
        yield f"{link}: is a link; a dataset holds its own files"


def _files(folder: Path, rows: "pandas.DataFrame", problems: list[str]) -> dict[Path, str]:
    """Every file the manifest names with its expected pixel hash; paths that leave the folder are problems."""
    files: dict[Path, str] = {}
    done = rows[rows["status"] == "ok"]
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
    found = images.pixel_hash(images.read_rgb(file))
    return (
        None
        if found == expected
        else f"{file}: other pixels than were written (hash {found[:12]}, not {expected[:12]})"
    )


def _rerender(
    folder: Path, rows: "pandas.DataFrame", workers: Workers, seed: int, findings: Findings
) -> None:
    rendered_here = rows["status"].isin(("ok", "planned")) & rows["seed"].notna()
    ids = sorted(rows.loc[rendered_here, "sample_id"])
    chosen = set(random.Random(seed).sample(ids, min(RERENDERED, len(ids))))
    tasks = [
        (_photo_file(folder, row), *(getattr(row, name) for name in RECIPE))
        for row in rows[rows["sample_id"].isin(chosen)].itertuples()
        if row.suite in distortions.suites()
    ]
    for outcome in run_tasks(check_rendering, tasks, workers):
        findings.rerendered += 1
        problem = outcome.error or outcome.result
        if problem:
            findings.problems.append(problem)


def _photo_file(folder: Path, row) -> str:
    if row.reference_path is None or row.reference_path != row.reference_path:
        return str(recorded(row.source_path))
    return str(manifest.inside(folder, row.reference_path))


def check_rendering(task: tuple) -> str | None:
    """Render a sample again from its recipe; the sentence that says how it drifted, or None."""
    file, name, source_hash, suite, kind, level, seed, expected = task
    photo = images.read_rgb(file)
    if images.pixel_hash(photo) != source_hash:
        return f"{file}: no longer the photo that {name} was made from"
    pixels = distortions.suite(suite).render(distortions.Photo(photo), kind, level, seed=seed).pixels
    if isinstance(expected, str) and images.pixel_hash(pixels) != expected:
        return f"{name}: renders to other pixels here than those recorded; compare the versions in run.json"
    return None
