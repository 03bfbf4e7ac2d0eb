"""One photo and the work that its cells share.

A photo read from a file has 256 possible values, so it is kept as 8-bit codes beside a table of 256 doubles:
what a stretch or any other pointwise map does to it happens in the table, exactly and once. Everything
derived (planes in single precision, Lab, histogram, ...) is computed when first asked for and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any

import cv2
import numpy as np

PIECE = 1 << 14  # values worked on at a time
LUMA = (0.2989, 0.5870, 0.1140)
CONSTANT = (
    1 / 512
)  # a range below half a grey level is none: stretching would show rounding errors as a picture
KEPT_PIXELS = (
    1 << 23
)  # of a photo larger than that (8 megapixels), shared work is computed anew: memory first

KEPT_FREED = (1 << 25) - (
    1 << 16
)  # bytes: the largest piece of memory that glibc lets its own thresholds follow


class Photo:
    """An RGB photo, values nominally in [0, 1]; what it was made from is never modified.

    `pixels`: H x W x 3 uint8, or H x W x 3 float32/float64 (finite). `table`: for uint8 pixels, the 256
    values that the codes stand for (default code / 255).
    """

    def __init__(self, pixels: np.ndarray, table: np.ndarray | None = None) -> None:
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
            raise ValueError(
                f"a photo is H x W x 3 with at least one pixel, got shape {pixels.shape}: "
                "use distortions.apply for greyscale, drop the alpha plane of RGBA"
            )
        if pixels.dtype not in (np.uint8, np.float32, np.float64):
            raise ValueError(f"a photo is uint8 or float in [0, 1], got {pixels.dtype}: convert it first")
        _keep_freed_memory()
        self._pixels = _read_only(pixels)
        self.codes = self._pixels if pixels.dtype == np.uint8 else None
        self.table = np.arange(256) / 255.0 if table is None else table
        self._shared: dict[Any, Any] = {}

    @property
    def height(self) -> int:
        return self._pixels.shape[0]

    @property
    def width(self) -> int:
        return self._pixels.shape[1]

    @cached_property
    def histogram(self) -> np.ndarray:
        """How often each 8-bit code occurs in the three planes together: 256 counts."""
        codes = self.codes if self.codes is not None else self.bytes
        return np.bincount(codes.reshape(-1), minlength=256)

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest value of all planes together."""
        if self.codes is not None and np.all(np.diff(self.table) >= 0):
            low, high, _, _ = cv2.minMaxLoc(self.codes.reshape(self.height, -1))
            return float(self.table[int(low)]), float(self.table[int(high)])
        if self.codes is not None:
            present = self.table[self.histogram > 0]
            return float(present.min()), float(present.max())
        low, high, _, _ = cv2.minMaxLoc(self._pixels.reshape(self.height, -1))
        return low, high

    @property
    def stretched(self) -> Photo:
        """This photo from its minimum..maximum to 0..1, all planes together; a constant one is left alone."""
        low, high = self.extremes
        if high - low < CONSTANT or (low, high) == (0.0, 1.0):
            return self  # not kept: a photo that held itself would outlive its use until a collection
        return self.shared(
            "stretched", lambda photo: photo.pointwise(lambda values: (values - low) / (high - low))
        )

    def pointwise(self, function: Callable[[np.ndarray], np.ndarray]) -> Photo:
        """The photo whose every value v is function(v), computed in double."""
        if self.codes is None:
            return Photo(function(self._pixels.astype(np.float64)))
        photo = Photo(self.codes, function(self.table))
        if "histogram" in self.__dict__:  # else it is counted where it is asked for: a millisecond
            photo.histogram = self.histogram
        return photo

    def rearranged(self, function: Callable[[np.ndarray], np.ndarray]) -> Photo:
        """The photo whose pixels `function` only copies from place to place (array in, new array out)."""
        return Photo(function(self._pixels), self.table)

    def shared(self, key: Any, compute: Callable[[Photo], Any]) -> Any:
        """`compute(photo)`, kept under `key`: the work that the levels of a type share."""
        if key not in self._shared:
            result = compute(self)
            if self.height * self.width > KEPT_PIXELS:
                return result
            self._shared[key] = result
        return self._shared[key]

    @cached_property
    def bytes(self) -> np.ndarray:
        """The values times 255, rounded half away from zero, saturated: H x W x 3 uint8."""
        if self.codes is None:
            return to_bytes(self._pixels)
        table = to_bytes(self.table)
        return self.codes if np.array_equal(table, np.arange(256)) else _read_only(cv2.LUT(self.codes, table))

    @cached_property
    def byte_histogram(self) -> np.ndarray:
        """How often each value of `bytes` occurs in the three planes together: 256 counts."""
        if self.codes is None:
            return self.histogram
        return np.bincount(to_bytes(self.table), weights=self.histogram, minlength=256)

    @property
    def double(self) -> np.ndarray:
        """The values, H x W x 3 float64, computed anew each time."""
        if self.codes is None:
            return _read_only(self._pixels.astype(np.float64))
        return _read_only(cv2.LUT(self.codes, self.table))

    @cached_property
    def single(self) -> np.ndarray:
        """The values, H x W x 3 float32."""
        if self.codes is None:
            return _read_only(self._pixels.astype(np.float32))
        return _read_only(cv2.LUT(self.codes, self.table.astype(np.float32)))

    @cached_property
    def gray(self) -> np.ndarray:
        """The luma .2989 R + .5870 G + .1140 B, H x W float64."""
        return _read_only(self.double @ np.array(LUMA))


@cache
def _keep_freed_memory() -> None:
    """Have this process keep freed memory, up to twice KEPT_FREED, for what it needs next.

    Otherwise glibc hands it back after some cells and is given it again as zeroed pages, a fault each, which is a
    third of a blur's time. Its limits follow the largest piece that was freed; this one is never touched, so it
    costs nothing. Other C libraries take no notice.
    """
    np.empty(KEPT_FREED, np.uint8)


def pieces(*arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Flat views of contiguous arrays of one size, piece by piece: what is done to a piece stays in the cache."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, PIECE):
        yield tuple(array[start : start + PIECE] for array in flat)


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1] to uint8: times 255, rounded half away from zero, saturated, NaN as 0."""
    if values.dtype == np.float64:
        scaled = np.floor(np.clip(np.nan_to_num(values), 0.0, 1.0) * 255.0 + 0.5)
        return scaled.astype(np.uint8)
    # single precision never falls on an exact half of a level except by chance: OpenCV's rounding will do
    flat = np.maximum(values, 0).reshape(values.shape[0], -1)
    return cv2.convertScaleAbs(flat, alpha=255.0).reshape(values.shape)


def closing(result: Photo | np.ndarray, stretch: bool, floating: bool) -> np.ndarray:
    """What a distortion returned, as an image: H x W x 3, uint8, or float32 in [0, 1] where `floating`.

    `stretch`: bring minimum..maximum back to 0..1 first, as KADID-10k's generator does. A NaN becomes 0.
    """
    if isinstance(result, np.ndarray):
        if result.dtype != np.uint8 and not floating and stretch:
            return _stretched_bytes(result)
        result = Photo(result)
    if stretch:
        result = result.stretched
    if floating:
        return np.clip(np.nan_to_num(result.single), 0.0, 1.0)
    return result.bytes


def _stretched_bytes(values: np.ndarray) -> np.ndarray:
    flat = values.reshape(values.shape[0], -1)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)) or high - low < CONSTANT:
        return to_bytes(np.nan_to_num(values))
    if values.dtype == np.float64:
        rounded = np.empty(values.shape, np.uint8)
        for part, out in pieces(np.ascontiguousarray(values), rounded):
            scaled = part if (low, high) == (0.0, 1.0) else (part - low) / (high - low)
            scaled = scaled * 255.0
            scaled += 0.5
            out[:] = scaled  # cut off, and nothing is negative: halves away from zero
        return rounded
    scale = 255.0 / (high - low)
    return cv2.convertScaleAbs(flat, alpha=scale, beta=-low * scale).reshape(values.shape)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
