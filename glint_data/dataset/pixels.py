"""The pixels behind a row of the manifest: read from its file, or rendered from its recipe, and checked.

A virtual dataset's rows give the same pixels and the same file bytes as those of the dataset it would be
materialised to. Every picture is compared with the hash that its row records.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

import distortions
from glint_data import images
from glint_data.dataset import manifest, runs
from glint_data.errors import GlintError, ImageRefused
from glint_data.storage.files import holds, read_bytes
from glint_data.storage.places import recorded

COLUMNS = [
    *("sample_id", "source", "source_path", "source_hash", "reference_path", "suite", "type", "level"),
    *("seed", "parameters", "path", "image_hash", "status"),
]
"""What a row needs so that its pixels can be had."""


@dataclass(frozen=True)
class Picture:
    """`pixels` uint8 (H, W, 3) RGB with their hash; `file` are the bytes read, None where it was rendered."""

    pixels: np.ndarray
    hash: str
    format: str
    file: bytes | None = None
    parameters: str | None = None

    def encoded(self, format: str | None = None) -> bytes:
        """The bytes of a file of that format (None: its own), those read where they are of it."""
        format = format or self.format
        if self.file is not None and format == self.format:
            return self.file
        return images.ENCODERS[format](self.pixels)


class Pictures:
    """Pixels for the rows of one dataset; the last photo is kept, so ask for all rows of one before the next."""

    def __init__(self, dataset: str | Path) -> None:
        self.folder = manifest.dataset_folder(dataset)
        self.format = rendered_format(self.folder)
        self._last: tuple[str, str | None, Picture] | None = None

    def sample(self, row: Mapping[str, Any]) -> Picture:
        """The sample's picture. Raises `ImageRefused` where its file or photo is gone, damaged or changed."""
        if row["status"] == "planned":
            return self._rendered(row)
        if row["status"] != "ok" or not row["path"]:
            raise ImageRefused(
                f"{row['sample_id']}: was not rendered: {row.get('error') or 'no file is named'}"
            )
        return _read(manifest.inside(self.folder, row["path"]), row["image_hash"])

    def pristine(self, row: Mapping[str, Any]) -> Picture | None:
        """The pristine photo's picture, None for a row without one. Raises `ImageRefused`."""
        if row["reference_path"]:
            key = (row["reference_path"], row["source_hash"])
            if self._last is None or self._last[:2] != key:
                self._last = (*key, _read(manifest.inside(self.folder, key[0]), key[1]))
            return self._last[2]
        if not has_pristine(row):
            return None
        return Picture(_photo(row["source_path"], row["source_hash"]).codes, row["source_hash"], "png")

    def _rendered(self, row: Mapping[str, Any]) -> Picture:
        if row["suite"] not in distortions.suites():
            raise ImageRefused(f"{row['sample_id']}: its suite {row['suite']} is not known here")
        photo = _photo(row["source_path"], row["source_hash"])
        drawn = json.loads(row["parameters"]) if row["parameters"] else None
        try:
            rendering = distortions.suite(row["suite"]).render(
                photo, row["type"], row["level"], seed=row["seed"], parameters=drawn
            )
        except (ValueError, RuntimeError, ArithmeticError, KeyError, TypeError) as error:
            raise ImageRefused(f"{row['sample_id']}: cannot be rendered: {error}") from error
        found = images.pixel_hash(rendering.pixels)
        if row["image_hash"] and found != row["image_hash"]:
            raise ImageRefused(f"{row['sample_id']}: renders to other pixels here than those recorded")
        parameters = json.dumps(rendering.parameters, sort_keys=True)
        return Picture(rendering.pixels, found, self.format, parameters=parameters)


def has_pristine(row: Mapping[str, Any]) -> bool:
    """Whether a row has a pristine photo behind it; a scored photograph has none."""
    return bool(row["reference_path"]) or row["status"] == "planned"


def rendered_format(folder: Path) -> str:
    """The format in which a dataset's images are, or would be, written."""
    settings = runs.read(folder).get("settings", {}) if holds(folder, runs.FILE) else {}
    return settings.get("format", "png") if isinstance(settings, dict) else "png"


def _read(file: Path, expected: str | None) -> Picture:
    try:
        encoded = read_bytes(file)
    except OSError as error:
        raise ImageRefused(f"{file}: cannot be read ({error.strerror or error})") from error
    except GlintError as error:
        raise ImageRefused(str(error)) from error
    pixels = images.decode(encoded, str(file)).pixels
    found = images.pixel_hash(pixels)
    if expected and found != expected:
        raise ImageRefused(
            f"{file}: other pixels than were written (hash {found[:12]}, not {expected[:12]}); "
            "'glint-data verify' finds all such files"
        )
    return Picture(pixels, found, PurePosixPath(file.name).suffix[1:].lower(), encoded)


@functools.lru_cache(maxsize=1)
def _photo(path: str | None, expected: str) -> distortions.Photo:
    if not path:
        raise ImageRefused("the row names no photo to render from")
    pixels = images.read_rgb(recorded(path))
    if images.pixel_hash(pixels) != expected:
        raise ImageRefused(
            f"{path}: is not the photo that the recipes were made for; restore it or synthesize again"
        )
    return distortions.Photo(pixels)
