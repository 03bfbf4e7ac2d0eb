"""Scores for users' images: one number each, the same every time, with its spread over the crops."""

import csv
import glob
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import defaults, images, sources
from glint_data.dataset import runs
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import track
from glint_data.storage.files import write_atomically
from glint_data.storage.places import Place, is_remote, place
from glint_data.training.judge.inference import score_image
from glint_data.training.run.trained import TrainedRun, open_trained, run_folder

SMALLEST = 48
"""Pixels of a side: the smallest photo that datasets are made of, and so that was learned from."""

COLUMNS = ("image", "score", "spread", "crops", "width", "height", "unlike_training", "error")


def score(
    run: str | Path | None,
    paths: Iterable[str | Place],
    references: Sequence[str | Place] = (),
    out: str | Path | None = None,
    crops: int = defaults.CROPS,
    device: str = "auto",
) -> list[dict[str, Any]]:
    """Score images with a trained run: files, folders (searched through) and glob patterns.

    Scores are on the labels' scale: 0 worst to 1 best, unbounded, so that a single image may lie a little
    outside. `spread` is the standard deviation over the image's crops. `run` may be a run's folder, a published
    checkpoint (whose scores are on the scale of what its authors trained on), or None for the judge that ships.
    For a full-reference network `references` holds one pristine image for all, one for each image, or one folder
    with files of the same names. `out` is written as CSV or JSON, by its ending. An image that cannot
    be read gets an `error` and no score. `unlike_training` says whether a picture is further from what the run learned
    from than nearly all pictures held out of it were; null where the run does not know.

    Returns one dictionary per image with the keys `COLUMNS`.

    Raises:
        GlintError: nothing to score, a damaged run, or references missing or not needed.
    """
    if out is not None and Path(out).suffix.lower() not in (".csv", ".json"):
        raise GlintError(f"{out}: scores are written as .csv or .json; name such a file")
    files = find_images(paths)
    trained = open_trained(run, device)
    pristine = pair(files, [place(listed) for listed in references], trained.network.needs_reference)
    rows = []
    for file, reference in zip(track(files, len(files), "images scored"), pristine, strict=True):
        rows.append(_score_file(trained, file, reference, crops))
    if out is not None:
        write_scores(Path(out), rows, trained.scale)
    return rows


def about(run: str | Path | None) -> dict[str, str]:
    """What a run's record says of its scores: what it was trained on, where they do not hold; empty where nothing."""
    folder = run_folder(run)
    facts = runs.read(folder).get("about") if (folder / runs.FILE).is_file() else None
    return {str(name): str(value) for name, value in facts.items()} if isinstance(facts, dict) else {}


def run_and_images(words: Sequence[str], run: str | Path | None) -> tuple[str | Path | None, list[str]]:
    """Which run is meant and which images: `score RUN A B`, `score A B --run RUN`, or `score A B` by the judge.

    A first word is a run where it is a folder with a run's record, and no run is named otherwise.

    Raises:
        GlintError: a run and no image.
    """
    images_named = list(words)
    if run is None and images_named and is_run(images_named[0]):
        run = images_named.pop(0)
    if not images_named:
        raise GlintError(f"{run}: name images, folders or patterns to score with this run")
    return run, images_named


def is_run(word: str | Path) -> bool:
    """Whether a folder holds the record of a training run."""
    try:
        return (Path(word) / runs.FILE).is_file() and runs.read(Path(word)).get("verb") == "train"
    except GlintError:  # a damaged record is a run's too, and is named when it is opened
        return True


class Scorer:
    """A run's network as a function of one picture: `Scorer("run")("photo.jpg")`; the network is opened once."""

    def __init__(
        self, run: str | Path | None = None, crops: int = defaults.CROPS, device: str = "auto"
    ) -> None:
        """`run` as in `score`. Raises `GlintError` where it cannot be opened, or needs a reference."""
        self.trained = open_trained(run, device)
        self.crops = crops
        if self.trained.network.needs_reference:
            raise GlintError(
                f"{run}: holds {self.trained.network.name}, which compares a picture with its pristine original; use "
                "score with references, or a run of a network without"
            )

    def __call__(self, picture: Any) -> float:
        """The score of a path, a PIL image or an array: about 0 worst to 1 best, not clipped.

        An array is uint8, height x width x 3, RGB; or height x width, grey.

        Raises:
            GlintError: an unreadable file, or an array of another form.
        """
        return score_image(self.trained.network, as_pixels(picture), None, self.crops).value

    def __repr__(self) -> str:
        return f"Scorer({str(self.trained.folder)!r})"


def scorer(run: str | Path | None = None, crops: int = defaults.CROPS, device: str = "auto") -> Scorer:
    """A function that scores one picture after another; the network is opened once. See `Scorer`."""
    return Scorer(run, crops, device)


def as_pixels(picture: Any) -> np.ndarray:
    """A path, a PIL image or an array as uint8 (H, W, 3) RGB. Raises `GlintError` for what is none of these."""
    if isinstance(picture, (str, Path)) or hasattr(picture, "fs"):
        return images.read_rgb(picture)
    if hasattr(picture, "convert") and hasattr(picture, "mode"):
        picture = images.pixels_of(picture)
    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or not pixels.size:
        raise GlintError(
            f"an array of {pixels.dtype} with shape {pixels.shape} is no picture; give uint8, height x width x 3 (RGB)"
        )
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.shape[2] != 3:
        raise GlintError(f"an array with shape {pixels.shape} is no picture; give height x width x 3 (RGB)")
    return np.ascontiguousarray(pixels)


def _score_file(trained: TrainedRun, file: Place, reference: Place | None, crops: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"image": str(file)}
    try:
        pixels = images.read_rgb(file)
        row |= {"height": pixels.shape[0], "width": pixels.shape[1]}
        scored = score_image(
            trained.network, pixels, images.read_rgb(reference) if reference else None, crops
        )
    except (ImageRefused, GlintError) as refusal:
        return row | {"error": str(refusal)}
    if trained.familiar is not None and scored.described is not None:
        is_small = min(pixels.shape[:2]) < SMALLEST
        row["unlike_training"] = is_small or trained.familiar.is_unlike(scored.described)
    return row | {"score": round(scored.value, 6), "spread": round(scored.spread, 6), "crops": scored.crops}


def find_images(paths: Iterable[str | Place]) -> list[Place]:
    """Image files of files, folders and patterns, each once, in order. Raises `GlintError` where there are none."""
    files: dict[Place, None] = {}
    for text in paths:
        path = place(text)
        if is_remote(path):
            files |= dict.fromkeys(sources.find([path], datasets=True))
        elif path.is_dir():
            inside = sources.find(
                [path], datasets=True
            )  # as absolute paths, but images keep the names that the person used
            files |= dict.fromkeys(path / os.path.relpath(str(file), str(path)) for file in inside)
        elif path.is_file():
            files[path] = None
        else:
            matching = sorted(Path(name) for name in glob.glob(str(text), recursive=True))  # noqa: PTH207
            if not matching:
                raise GlintError(f"{text}: no such image, folder or pattern")
            files |= dict.fromkeys(file for file in matching if file.is_file())
    if not files:
        raise GlintError(
            f"{', '.join(map(str, paths))}: no image files there; name images or a folder that holds some"
        )
    return list(files)


def pair(files: Sequence[Place], references: Sequence[Place], needed: bool) -> list[Place | None]:
    """The reference of every file. Raises `GlintError` where the two do not fit together."""
    if not needed:
        if references:
            raise GlintError("this run's network judges images without a reference; leave --reference away")
        return [None] * len(files)
    if len(references) == 1 and references[0].is_dir():
        paired: list[Place | None] = [references[0] / file.name for file in files]
        missing = [file for file in paired if file is not None and not file.is_file()]
        if missing:
            raise GlintError(f"{missing[0]}: no such reference; the folder needs a file of each image's name")
        return paired
    if len(references) == 1:
        return [references[0]] * len(files)
    if len(references) != len(files):
        raise GlintError(
            f"{len(files)} images and {len(references)} references: this run's network compares each image with its "
            "pristine original; name one reference for all, one for each, or a folder with files of the same names"
        )
    return list(references)


def write_scores(file: Path, rows: list[dict[str, Any]], scale: dict[str, Any]) -> None:
    """CSV, or JSON with the scale beside the rows."""
    if file.suffix.lower() == ".json":
        content = json.dumps({"scale": scale, "scores": rows}, indent=1) + "\n"
    else:
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        content = table.getvalue()
    write_atomically(file, content.encode("utf-8", "backslashreplace"))
