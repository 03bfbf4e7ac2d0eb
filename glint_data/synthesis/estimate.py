"""What a run would cost, measured on a few photos of it on this very machine; nothing is written."""

import time
from collections.abc import Sequence
from pathlib import Path

import distortions
from glint_data import images, sources
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import duration
from glint_data.synthesis import costs
from glint_data.synthesis.recipes import Settings

MEASURED_PHOTOS = 3


def estimate(places: Sequence[str | Path], settings: Settings, workers: int, limit: int = 0) -> str:
    """Samples, bytes, time and the dearest types, extrapolated by pixels from up to three photos.

    Raises:
        GlintError: nothing to do, or none of the photos tried can be read.
    """
    settings = settings.resolved()
    files = sources.find(places)[: limit or None]
    cells = settings.cells()
    tried = files[:: max(len(files) // MEASURED_PHOTOS, 1)][:MEASURED_PHOTOS]
    seconds = dict.fromkeys(settings.types, 0.0)
    size, measured = 0, 0
    for file in tried:
        try:
            pixels = images.read_rgb(file)
        except ImageRefused:
            continue
        measured += 1
        size += _measure(pixels, settings, cells, seconds)
    if not measured:
        raise GlintError(f"none of the {len(tried)} photos tried could be read, {tried[0]} first")
    samples = len(files) * len(cells)
    scale = len(files) / measured
    total = sum(seconds.values()) * scale / workers
    lines = [
        f"{len(files):,} photos x {len(cells)} cells of {settings.suite} = {samples:,} samples",
        f"  about {_bytes(0 if settings.virtual else size * scale)} as {settings.format}"
        f", about {duration(total)} with {workers} worker{'s' if workers > 1 else ''}",
        f"  measured on {measured} of the photos; dearest types:",
        *costs.table(seconds, settings.suite),
        "Nothing was written.",
    ]
    return "\n".join(lines)


def _measure(pixels, settings: Settings, cells: list[tuple[int, int]], seconds: dict[int, float]) -> int:
    """Render and encode one photo's samples, add the time by type; returns the bytes they would take."""
    suite = distortions.suite(settings.suite)
    photo = distortions.Photo(pixels)
    size = len(images.encode_png(pixels))
    for kind, level in cells:
        begun = time.perf_counter()
        rendering = suite.render(photo, kind, level, seed=0)
        size += len(images.ENCODERS[settings.format](rendering.pixels))
        seconds[kind] += time.perf_counter() - begun
    return size


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
