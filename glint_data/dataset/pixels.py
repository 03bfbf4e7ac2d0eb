"""The pixels behind a sample: read from its file, or rendered from its recipe, and always checked.

A virtual dataset's samples give the same pixels and the same file bytes as those of the dataset it would be
materialised to. Every picture is compared with the hash that its row records.
"""

import contextlib
import functools
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

import distortions
from glint_data import images
from glint_data.dataset import manifest, rendering, runs
from glint_data.dataset.status import Status
from glint_data.errors import GlintError, ImageRefused
from glint_data.storage.files import holds, read_bytes
from glint_data.storage.places import Place, is_remote, recorded

if TYPE_CHECKING:
    from glint_data.dataset.sample import Sample


@dataclass(frozen=True)
class Picture:
    """`pixels` uint8 (H, W, 3) RGB with their `hash`; `file` are the bytes read, None where it was rendered.

    `mask` uint8 (H, W) is what a rendering in regions brings along, 255 where it distorts; `low_resolution` uint8
    (h, w, 3) the small image that was upscaled.
    """

    pixels: np.ndarray
    known: str | None
    format: str
    file: bytes | None = None
    parameters: str | None = None
    mask: np.ndarray | None = None
    low_resolution: np.ndarray | None = None

    @functools.cached_property
    def hash(self) -> str:
        """The pixels' hash: `known` already, or worked out now (a tenth of rendering a small photo)."""
        return self.known or images.pixel_hash(self.pixels)

    def encoded(self, format: str | None = None) -> bytes:
        """The bytes of a file of that format (None: its own), those read where they are of it."""
        format = format or self.format
        if self.file is not None and format == self.format:
            return self.file
        return images.ENCODERS[format](self.pixels)


_Key = tuple[str | None, ...]
"""What tells a photo's pixels from others: their hash and the places that they can be read from."""


@dataclass(frozen=True)
class _Held:
    """A pristine photo as read, and prepared for rendering."""

    picture: Picture
    photo: distortions.Photo


class Pictures:
    """Pixels for the samples of one dataset. `photos` pristine ones are kept: ask for one photo's samples together.

    `spare` bytes of further photos' pixels are kept as read, without the work that a photo's samples share: for
    samples that are asked for in any order.
    """

    def __init__(self, folder: Place, photos: int = 1, spare: int = 0) -> None:
        self.folder, self._most, self.spare = folder, photos, spare
        self._spared: OrderedDict[_Key, Picture] = OrderedDict()
        self._spared_bytes = 0
        self._held: OrderedDict[_Key, _Held] = OrderedDict()
        self._lock = threading.Lock()
        self._made_with: dict[str, str] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return shared_pictures, (self.folder, self._most, self.spare)

    @functools.cached_property
    def place(self) -> str:
        """The folder, however it was named."""
        return str(self.folder if is_remote(self.folder) else self.folder.resolve())

    def sample(self, sample: "Sample") -> Picture:
        """The sample's picture. Raises `ImageRefused` where its file or photo is gone, damaged or changed."""
        with _naming(sample):
            if sample.status == Status.PLANNED:
                return self._rendered(sample)
            if sample.status != Status.OK or not sample.path:
                raise ImageRefused(f"was not rendered: {sample.error or 'no file is named'}")
            return _read(manifest.inside(self.folder, sample.path), sample.image_hash)

    def pristine(self, sample: "Sample") -> Picture | None:
        """The pristine photo's picture, None for a sample without one. Raises `ImageRefused`."""
        if not sample.has_pristine:
            return None
        with _naming(sample):
            return self._photo(sample).picture

    def mask(self, sample: "Sample") -> np.ndarray:
        """The mask beside a sample's file, uint8 (H, W). Raises `ImageRefused` where it is gone or another."""
        with _naming(sample):
            file = manifest.inside(self.folder, str(sample.mask_path))
            return _read(file, sample.mask_hash).pixels[..., 0]

    def low_resolution(self, sample: "Sample") -> np.ndarray:
        """The small image beside a sample's file, uint8 (h, w, 3). Raises `ImageRefused` as `mask` does."""
        with _naming(sample):
            file = manifest.inside(self.folder, str(sample.low_resolution_path))
            return _read(file, sample.low_resolution_hash).pixels

    def photo(self, sample: "Sample") -> distortions.Photo:
        """The pristine photo, prepared for rendering. Raises `ImageRefused`."""
        with _naming(sample):
            return self._photo(sample).photo

    @functools.cached_property
    def format(self) -> str:
        """The format in which rendered images are, or would be, written."""
        return rendered_format(self.folder)

    def suite_version(self, sample: "Sample") -> str | None:
        """The version that the sample was planned with: its row's, else that of the run that made the dataset."""
        if sample.suite_version:
            return sample.suite_version
        if self._made_with is None:
            self._made_with = _suite_of_run(self.folder)
        return self._made_with.get(sample.suite or "")

    def _rendered(self, sample: "Sample") -> Picture:
        rendering.learn_suite(self.folder, sample.suite)
        photo = self._photo(sample).photo
        made = rendering.render(
            photo,
            sample.suite,
            self.suite_version(sample),
            sample.type,
            sample.level,
            sample.seed,
            sample.parameters,
        )
        if sample.image_hash and images.pixel_hash(made.pixels) != sample.image_hash:
            raise ImageRefused(
                "renders to other pixels here than those recorded; compare the versions in run.json, and the kind of "
                "processor it was made on (docs/scale.md, Other processors)"
            )
        parameters = json.dumps(made.parameters, sort_keys=True)
        return Picture(
            *(made.pixels, sample.image_hash, self.format),
            parameters=parameters,
            mask=made.mask,
            low_resolution=made.low_resolution,
        )

    def _photo(self, sample: "Sample") -> _Held:
        key = (sample.source_hash, sample.reference_path, sample.source_path, sample.source_edit)
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            picture = self._spared.get(key)
        picture = picture or self._read_photo(sample)
        held = _Held(picture, distortions.Photo(picture.pixels))
        with self._lock:
            self._held[key] = held
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            if self.spare:
                self._keep(key, replace(picture, file=None))
        return held

    def _keep(self, key: _Key, picture: Picture) -> None:
        """Among the spare ones, of which those that were not used for longest go."""
        if key not in self._spared:
            self._spared_bytes += picture.pixels.nbytes
        self._spared[key] = picture
        self._spared.move_to_end(key)
        while self._spared_bytes > self.spare:
            self._spared_bytes -= self._spared.popitem(last=False)[1].pixels.nbytes

    def _read_photo(self, sample: "Sample") -> Picture:
        """From the first place that holds exactly these pixels: the dataset's own copy, or the photo's file."""
        refusal = None
        if sample.reference_path:
            try:
                return _read(manifest.inside(self.folder, sample.reference_path), sample.source_hash)
            except ImageRefused as reason:
                refusal = reason
        if sample.source_path and sample.source_hash:
            try:
                return _read_source(sample.source_path, sample.source_edit, sample.source_hash)
            except ImageRefused as reason:
                refusal = refusal or reason
        raise refusal or ImageRefused("its row names no photo to render from, with its hash")


@functools.lru_cache(maxsize=16)
def shared_pictures(folder: Place, photos: int, spare: int) -> Pictures:
    """One for all samples of a dataset that come from another process, so that they share its photos."""
    return Pictures(folder, photos, spare)


@contextlib.contextmanager
def _naming(sample: "Sample") -> Iterator[None]:
    """Refusals within the block name the sample."""
    try:
        yield
    except GlintError as refusal:
        text = str(refusal)
        raise ImageRefused(text if sample.id in text else f"{sample.id}: {text}") from refusal


def rendered_format(folder: Place) -> str:
    """The format in which a dataset's images are, or would be, written.

    Raises:
        GlintError: the dataset's run.json names one that is none of ours; no file is named after it.
    """
    name = _settings(folder).get("format", "png")
    if not isinstance(name, str) or name not in images.ENCODERS:
        raise GlintError(
            f"{folder / runs.FILE}: names the format {name!r}, known are {', '.join(images.ENCODERS)}; restore the file"
        )
    return name


def _suite_of_run(folder: Place) -> dict[str, str]:
    """The suite that the run used, with its version."""
    settings = _settings(folder)
    suite, version = settings.get("suite"), settings.get("suite_version")
    return {suite: version} if isinstance(suite, str) and isinstance(version, str) else {}


def _settings(folder: Place) -> dict[str, Any]:
    return runs.read(folder).get("settings", {}) if holds(folder, runs.FILE) else {}


def _read(file: Place, expected: str | None) -> Picture:
    try:
        encoded = read_bytes(file)
    except OSError as error:
        raise ImageRefused(
            f"{file}: cannot be read ({error.strerror or error}); the command that made the dataset, such as "
            "'glint-data synthesize', makes lost files again"
        ) from error
    except GlintError as error:
        raise ImageRefused(str(error)) from error
    pixels = images.decode(encoded, str(file)).pixels
    seen = images.pixel_hash(pixels)
    if expected and seen != expected:
        raise ImageRefused(
            f"{file}: other pixels than were written (hash {seen[:12]}, not {expected[:12]}); "
            "'glint-data verify' finds all such files"
        )
    return Picture(pixels, seen, PurePosixPath(file.name).suffix[1:].lower(), encoded)


def _read_source(path: str, edit: str | None, expected: str) -> Picture:
    """The photo from its own file; what an export copies is then a PNG of its pixels."""
    pixels = images.edit_from(edit).of(images.read_rgb(recorded(path)), path)
    if images.pixel_hash(pixels) != expected:
        raise ImageRefused(
            f"{path}: is not the photo that the recipes were made for; restore it or synthesize again"
        )
    return Picture(pixels, expected, "png")
