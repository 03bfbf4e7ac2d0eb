"""Other people's metrics: a table of scores against a dataset's labels; PSNR, SSIM, GMSD of the same pairs beside."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from glint_data import images
from glint_data.dataset.sample import Sample
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import printable
from glint_data.storage.places import Place, is_remote, place
from glint_data.tables import read_table
from glint_data.training.judge import agreement, yardsticks
from glint_data.training.samples import Samples, read_samples

KEYS = ("sample_id", "path", "image", "distorted", "file", "name")
"""Columns that may say which sample a score is of: its identity, or its file."""


def evaluate_scores(file: str | Path, manifest: str | Place) -> dict[str, Any]:
    """Compare the scores in a CSV with a dataset's labels.

    Args:
        file: a column `score`, and `sample_id` or `path` (relative to the dataset or to the table, absolute, or the
            file's name alone). Rows without a score are counted, not judged.
        manifest: the labelled dataset.

    Returns:
        As `evaluate` of a run, with `yardsticks` (the same numbers of PSNR, SSIM and GMSD, where there are pristine
        originals), and how many samples had no score and rows no sample.

    Raises:
        GlintError: no such columns, a score that is no number, two scores for one sample, or no row of this dataset.
    """
    file = Path(file)
    rows = _rows(file)
    samples = read_samples([place(manifest)])
    scores, strangers = _matched(rows, samples, file, place(manifest))
    chosen = [index for index in range(len(samples)) if index in scores]
    if not chosen:
        raise GlintError(
            f"{file}: none of its {len(rows):,} rows gives a labelled sample of {manifest} a score; name samples by "
            "the manifest's sample_id, or by their path in the dataset"
        )
    judged = samples.take(np.array(chosen))
    evaluation = agreement.compare(judged, np.array([scores[index] for index in chosen]))
    return evaluation | {
        "scores": str(file),
        "manifest": str(manifest),
        "without_score": len(samples) - len(chosen),
        "rows_of_no_sample": strangers,
        "yardsticks": _yardsticks(judged),
    }


def _yardsticks(samples: Samples) -> dict[str, Any]:
    paired = samples.take(np.array([sample.has_pristine for sample in samples]))
    if not len(paired):
        return {}
    agreements = {}
    for name, values in yardsticks.measured(paired).items():
        known = np.flatnonzero(np.isfinite(values))
        if len(known):
            agreements[name] = agreement.compare(paired.take(known), values[known])
    return agreements


def _rows(file: Path) -> list[tuple[int, list[str], float | None]]:
    """(line, what its sample is called, score) of every row; an id and a path are two names."""
    table = read_table(file, [KEYS, ("score",)])
    keys = [name for name in KEYS if name in table.columns]
    names = zip(*(table.column(key) for key in keys), strict=True)
    return [
        (line, list(called), score)
        for line, called, score in zip(table.lines, names, table.numbers("score"), strict=True)
    ]


def _matched(
    rows: Sequence[tuple[int, list[str], float | None]], samples: Samples, file: Place, dataset: Place
) -> tuple[dict[int, float], int]:
    """Sample's index -> score, and how many rows are of no labelled sample."""
    known = _names(samples)
    scores: dict[int, float] = {}
    strangers = 0
    for line, (key, *others), score in rows:
        index, *also = (_sample_called(name, known, samples, file, dataset) for name in (key, *others))
        if index is None:
            strangers += 1
            continue
        for name, other in zip(others, also, strict=True):
            if other is not None and index >= 0 and other not in (index, -1):
                raise GlintError(
                    f"{file}: line {line}: {printable(key)} and {printable(name)} are two samples; correct the line"
                )
        if index < 0:
            raise GlintError(
                f"{file}: line {line}: {printable(key)} is the name of several samples; name them by sample_id"
            )
        if score is None:
            continue
        if index in scores:
            raise GlintError(f"{file}: line {line}: {printable(key)} has a score already; give one a sample")
        scores[index] = score
    return scores, strangers


def _sample_called(
    key: str, known: Mapping[str, int], samples: Samples, file: Place, dataset: Place
) -> int | None:
    """The index of the sample that a row names; None for no sample of this dataset, -1 for several.

    By its path, or else by its file's name alone, as it is called on another machine or in an export. A file that is
    there to be looked at has to show the sample too: other datasets' files bear the same names.
    """
    key = key if key in known else key.replace("\\", "/")  # as Windows writes paths
    places = [key, *_places(key, file, dataset)]
    for name in places:
        if name in known:
            return known[name]
    index = next((known[name] for name in (PurePath(key).name, PurePath(key).stem) if name in known), None)
    if index is None or index < 0 or PurePath(key).name == key:
        return index
    there = next((one for one in map(Path, places) if one.is_file()), None)
    return index if there is None or _shows(there, samples[index]) else None


def _places(key: str, file: Place, dataset: Place) -> list[str]:
    """Where a path may lead: from the dataset, or from the table."""
    if not key:
        return []
    if is_remote(dataset):
        return [str(place(dataset) / key)]
    folder = dataset if dataset.is_dir() else dataset.parent
    return [str((base / key).resolve()) for base in (folder, file.parent)]


def _shows(file: Path, sample: Sample) -> bool:
    try:
        expected = sample.image_hash or images.pixel_hash(sample.pixels())
        return images.pixel_hash(images.read_rgb(file)) == expected
    except ImageRefused:
        return False


def _names(samples: Samples) -> dict[str, int]:
    """What a sample may be called -> its index; -1 for a name that is several samples'."""
    known: dict[str, int] = {}
    ambiguous: dict[str, int] = {}
    for index, sample in enumerate(samples):
        known[sample.id] = index
        if sample.path:
            known[f"{samples.folder(index)}/{sample.path}"] = index
            for name in {PurePath(sample.path).name, PurePath(sample.path).stem}:
                ambiguous[name] = -1 if name in ambiguous else index
    return {**ambiguous, **known}


def scores_text(evaluation: dict[str, Any]) -> str:
    """The numbers as lines for a person: all, by type, by level, and what PSNR, SSIM and GMSD reach."""
    lines = [
        f"{evaluation['samples']:,} samples of {evaluation['photos']:,} photos "
        f"({evaluation['scores']} against {evaluation['manifest']})"
    ]
    if evaluation["without_score"]:
        lines.append(f"  {evaluation['without_score']:,} labelled samples have no score and do not count")
    if evaluation["rows_of_no_sample"]:
        lines.append(f"  {evaluation['rows_of_no_sample']:,} rows are of no labelled sample of this dataset")
    lines += agreement.text(evaluation)
    if evaluation["srocc"] is not None and evaluation["srocc"] < 0:
        lines.append(
            "  note: the scores fall as the labels rise; if lower is better in this metric, read the signs so"
        )
    lines += agreement.table(evaluation["by_distortion"], "by type")
    lines += agreement.table(evaluation["by_level"], "by level")
    beside = {"these scores": evaluation, **evaluation["yardsticks"]}
    if evaluation["yardsticks"]:
        lines += agreement.table(beside, "beside it")
        lines.append(
            "  (PSNR, SSIM and GMSD are of luminance, their RMSE on their own scales; GMSD is turned round)"
        )
    else:
        lines.append("  no pristine originals: PSNR, SSIM and GMSD cannot stand beside it")
    return "\n".join(lines)
