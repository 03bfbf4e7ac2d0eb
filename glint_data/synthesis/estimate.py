"""What a run would cost, measured within seconds on a few of its photos on this very machine; nothing is written.

Crops from the middle of up to three photos are rendered, first small ones, then larger ones as long as there is
time; seconds and bytes are taken to grow with the pixels. A type's first rendering is not measured where there is
time for a second: it loads and compiles what the others find there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

import distortions
from glint_data import images, sources
from glint_data.dataset import rendering
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import Meter, busy, duration, say
from glint_data.storage.places import Place
from glint_data.synthesis import costs
from glint_data.synthesis.settings import Settings

MEASURED_PHOTOS = 3
BUDGET = 10.0
"""Seconds after which nothing more is measured."""
SIDES = (160, 320, 640, 1280, 2560)
"""Longer sides of the crops, in pixels; each takes about four times as long as the one before."""


@dataclass
class _Measured:
    """Seconds, bytes and pixels by type, of one size of crops."""

    side: int
    seconds: dict[int, float] = field(default_factory=dict)
    bytes: dict[int, int] = field(default_factory=dict)
    pixels: dict[int, int] = field(default_factory=dict)

    def add(self, number: int, seconds: float, size: int, pixels: int) -> None:
        """Count one rendered crop."""
        for values, value in ((self.seconds, seconds), (self.bytes, size), (self.pixels, pixels)):
            values[number] = values.get(number, 0) + value  # type: ignore[assignment]


def estimate(
    places: Sequence[str | Place], settings: Settings, workers: int, limit: int = 0, budget: float = BUDGET
) -> str:
    """Samples, bytes, time and the most expensive types, extrapolated by pixels; `budget` in seconds.

    Raises:
        GlintError: nothing to do, or none of the photos tried can be read.
    """
    until = time.monotonic() + budget
    settings = settings.resolved()
    files = sources.find(places)[: limit or None]
    with busy("photos read"):
        photos = _photos(files, settings)
    text = ""
    with Meter(None, "crops rendered") as meter:
        for measured, is_last in _rounds(photos, settings, until, meter):
            text = _text(measured, photos, len(files), settings, workers)
            if not is_last:
                say(
                    f"{text.splitlines()[1].strip()} (by crops of {measured.side} pixels a side: measuring on)"
                )
    return text


def _photos(files: list[Place], settings: Settings) -> list[np.ndarray]:
    tried = files[:: max(len(files) // MEASURED_PHOTOS, 1)][:MEASURED_PHOTOS]
    photos = []
    for file in tried:
        try:
            photos.append(settings.edit.of(images.read_rgb(file), str(file)))
        except ImageRefused:
            continue
    if not photos:
        raise GlintError(f"none of the {len(tried)} photos tried could be read, {tried[0]} first")
    return photos


def _rounds(
    photos: list[np.ndarray], settings: Settings, until: float, meter: Meter
) -> Iterator[tuple[_Measured, bool]]:
    """Measurements on ever larger crops, each better than the one before, while there is time; and whether it ends."""
    for side in SIDES:
        begun = time.monotonic()
        measured = _Measured(side)
        meter.note(f"{side} pixels a side")
        if not _measure(
            measured, photos, settings, lambda: time.monotonic() > until, side == SIDES[0], meter
        ):
            return
        took = time.monotonic() - begun
        is_last = all(max(photo.shape[:2]) <= side for photo in photos) or time.monotonic() + 4 * took > until
        yield measured, is_last
        if is_last:
            return


def _measure(
    measured: _Measured,
    photos: list[np.ndarray],
    settings: Settings,
    is_late: Callable[[], bool],
    at_least_once: bool,
    meter: Meter,
) -> bool:
    """Render and encode crops through every cell; false where time ran out before each type was seen."""
    by_level = sorted(settings.cells(), key=lambda cell: cell[1])
    for photo in photos:
        crop = _middle(photo, measured.side)
        prepared = distortions.Photo(crop)
        for number, level in by_level:
            is_first = at_least_once and number not in measured.seconds
            if is_late() and not is_first:
                continue
            cell = settings.suite, settings.suite_version, number, level
            try:
                if is_first and not is_late():
                    rendering.render(prepared, *cell, 0)
                begun = time.perf_counter()
                made = rendering.render(prepared, *cell, 0)
            except ImageRefused:  # the run will say so of that cell
                continue
            size = len(images.ENCODERS[settings.format](made.pixels))
            measured.add(number, time.perf_counter() - begun, size, crop.shape[0] * crop.shape[1])
            meter.advance()
    return bool(measured.seconds) and (at_least_once or measured.seconds.keys() == set(settings.types))


def _middle(photo: np.ndarray, side: int) -> np.ndarray:
    height, width = photo.shape[:2]
    high, wide = min(height, side), min(width, side)
    top, left = (height - high) // 2, (width - wide) // 2
    return np.ascontiguousarray(photo[top : top + high, left : left + wide])


def _text(measured: _Measured, photos: list[np.ndarray], count: int, settings: Settings, workers: int) -> str:
    cells = settings.cells()
    pixels = sum(photo.shape[0] * photo.shape[1] for photo in photos) / len(photos) * count
    levels = {number: sum(1 for other, _ in cells if other == number) for number in measured.seconds}
    share = {number: pixels * levels[number] / measured.pixels[number] for number in levels}
    seconds = {number: measured.seconds[number] * share[number] for number in levels}
    size = sum(measured.bytes[number] * share[number] for number in levels)
    size += pixels * sum(measured.bytes.values()) / sum(measured.pixels.values())  # the pristine copies
    samples = count * len(cells)
    lines = [
        f"{count:,} photos x {len(cells)} cells of {settings.suite} = {samples:,} samples",
        f"  about {_bytes(0 if settings.virtual else size)} as {settings.format}"
        f", about {duration(0 if settings.virtual else sum(seconds.values()) / workers)} with {workers} "
        f"worker{'s' if workers > 1 else ''}",
        f"  measured on {len(photos)} of the photos, in crops of up to {measured.side} pixels a side; "
        "most expensive types:",
        *costs.table(seconds, settings.suite),
        "Nothing was written.",
    ]
    return "\n".join(lines)


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
