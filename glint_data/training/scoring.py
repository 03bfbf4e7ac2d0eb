"""Scores for users' images: one number each, the same every time, with its spread over the crops."""

import csv
import glob
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from glint_data import images, sources
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import track
from glint_data.storage.files import write_atomically
from glint_data.storage.places import is_remote, place
from glint_data.training.evaluation import CROPS
from glint_data.training.inference import score_image
from glint_data.training.trained import SCALE, open_trained

COLUMNS = ("image", "score", "spread", "crops", "width", "height", "error")


def score(
    run: str | Path,
    paths: Iterable[str | Path],
    references: Sequence[str | Path] = (),
    out: str | Path | None = None,
    crops: int = CROPS,
    device: str = "auto",
) -> list[dict[str, Any]]:
    """Score images with a trained run: files, folders (searched through) and glob patterns.

    Scores are on the labels' scale: 0 worst to 1 best, unbounded, so that a single image may lie a little
    outside. `spread` is the standard deviation over the image's crops. For a full-reference network
    `references` holds one pristine image for all, one for each image, or one folder with files of the same
    names. `out` is written as JSON where it ends in .json, else as CSV. An image that cannot be read gets
    an `error` and no score.

    Returns one dictionary per image with the keys `COLUMNS`.

    Raises:
        GlintError: nothing to score, a damaged run, or references missing or not needed.
    """
    trained = open_trained(run, device)
    files = find_images(paths)
    pristine = pair(files, [place(given) for given in references], trained.network.needs_reference)
    rows = []
    for file, reference in zip(track(files, len(files), "images scored"), pristine, strict=True):
        rows.append(_score_file(trained.network, file, reference, crops))
    if out is not None:
        write_scores(Path(out), rows)
    return rows


def _score_file(network, file: Path, reference: Path | None, crops: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"image": str(file)}
    try:
        pixels = images.read_rgb(file)
        row |= {"height": pixels.shape[0], "width": pixels.shape[1]}
        found = score_image(network, pixels, images.read_rgb(reference) if reference else None, crops)
    except (ImageRefused, GlintError) as refusal:
        return row | {"error": str(refusal)}
    return row | {"score": round(found.value, 6), "spread": round(found.spread, 6), "crops": found.crops}


def find_images(paths: Iterable[str | Path]) -> list[Path]:
    """Image files of files, folders and patterns, each once, in order. Raises `GlintError` where there are none."""
    found: dict[Path, None] = {}
    for given in paths:
        path = place(given)
        if is_remote(path):
            found |= dict.fromkeys(sources.find([path], datasets=True))
        elif path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in images.EXTENSIONS)
            found |= dict.fromkeys(inside)
        elif path.is_file():
            found[path] = None
        else:
            matching = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207
            if not matching:
                raise GlintError(f"{given}: no such image, folder or pattern")
            found |= dict.fromkeys(file for file in matching if file.is_file())
    if not found:
        raise GlintError(
            f"{', '.join(map(str, paths))}: no image files there; name images or a folder that holds some"
        )
    return list(found)


def pair(files: list[Path], references: list[Path], needed: bool) -> list[Path | None]:
    """The reference of every file. Raises `GlintError` where the two do not fit together."""
    if not needed:
        if references:
            raise GlintError("this run's network judges images without a reference; leave --reference away")
        return [None] * len(files)
    if len(references) == 1 and references[0].is_dir():
        paired = [references[0] / file.name for file in files]
        missing = [file for file in paired if not file.is_file()]
        if missing:
            raise GlintError(f"{missing[0]}: no such reference; the folder needs a file of each image's name")
        return paired
    if len(references) == 1:
        return references * len(files)
    if len(references) != len(files):
        raise GlintError(
            f"{len(files)} images and {len(references)} references: this run's network compares each image with its "
            "pristine original; name one reference for all, one for each, or a folder with files of the same names"
        )
    return list(references)


def write_scores(file: Path, rows: list[dict[str, Any]]) -> None:
    """CSV, or JSON with the scale beside the rows."""
    if file.suffix.lower() == ".json":
        content = json.dumps({"scale": SCALE, "scores": rows}, indent=1) + "\n"
    else:
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        content = table.getvalue()
    write_atomically(file, content.encode("utf-8", "surrogateescape"))
