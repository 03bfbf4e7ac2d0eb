"""Milliseconds of some types of the named suites, beside the straightforward way in SciPy, OpenCV, Pillow or PyAV.

    python -m benchmarks.suites [--rounds 3]

A 512 x 384 photo, one core, CPU time (video: of all its threads), the least of some rounds in turns. The other way does
the same work as one would write it down: it draws no parameters that can be rendered again, and its pixels are near
ours, not equal. A restoration pipeline draws its steps, so that ours is the least of several pipelines, too.
"""

# ruff: noqa: E402 (what comes before the imports must)
from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy is imported: one core

import argparse
import io
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage, special

import distortions
from benchmarks.distortions import synthetic_photo
from distortions.video import _usual_priority

Way = Callable[[np.ndarray], Any]


def _bytes(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def defocus(pixels: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[-8:9, -8:9]
    disk = (x * x + y * y <= 36).astype(float)
    return _bytes(ndimage.correlate(pixels / 255, (disk / disk.sum())[..., None], mode="mirror"))


def zoom(pixels: np.ndarray) -> np.ndarray:
    image = pixels / 255
    total, steps = image.copy(), np.arange(1, 1.21, 0.02)
    for by in steps:
        rows, columns = (int(np.ceil(side / by)) for side in image.shape[:2])
        top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
        large = ndimage.zoom(image[top : top + rows, left : left + columns], (by, by, 1), order=1)
        total += large[: image.shape[0], : image.shape[1]]
    return _bytes(total / (len(steps) + 1))


def elastic(pixels: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    moves = [ndimage.gaussian_filter(rng.uniform(-1, 1, pixels.shape[:2]), 2.44) * 12.2 for _ in range(2)]
    where = [
        axis + move for axis, move in zip(np.mgrid[: pixels.shape[0], : pixels.shape[1]], moves, strict=True)
    ]
    planes = [ndimage.map_coordinates(pixels[..., c] / 255, where, order=1, mode="reflect") for c in range(3)]
    return _bytes(np.stack(planes, -1))


def jpeg(pixels: np.ndarray, quality: int = 15) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def restored(pixels: np.ndarray) -> np.ndarray:
    """Twice blur, resizing, noise and JPEG with a sinc filter at the end, to a quarter of the size and back."""
    rng, image, (height, width) = np.random.default_rng(0), pixels / 255, pixels.shape[:2]
    for scale in (0.5, 0.25):
        image = cv2.GaussianBlur(image, (21, 21), 1.5)
        image = cv2.resize(image, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_AREA)
        image = jpeg(_bytes(image + rng.normal(0, 15 / 255, image.shape)), 60) / 255
    y, x = np.mgrid[-10:11, -10:11]
    r = np.hypot(x, y) + 1e-9
    kernel = special.j1(2.0 * r) / r
    image = cv2.filter2D(image, -1, kernel / kernel.sum())
    return cv2.resize(_bytes(image), (width, height), interpolation=cv2.INTER_CUBIC)


def video(encoder: str, crf: str, **options: str) -> Way:
    """Six frames of a pan encoded and decoded."""

    def run(pixels: np.ndarray) -> np.ndarray:
        import av

        file = io.BytesIO()
        with _usual_priority(), av.open(file, "w", format="matroska") as container:
            stream: Any = container.add_stream(encoder, rate=25)
            stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], "yuv420p"
            stream.options = {"crf": crf, **options}
            for step in range(6):
                frame = np.ascontiguousarray(np.roll(pixels, (-2 * step, step), (0, 1)))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
        with av.open(io.BytesIO(file.getvalue())) as container:
            return list(container.decode(video=0))[-1].to_ndarray(format="rgb24")

    return run


WAYS: tuple[tuple[str, str, int, str, Way], ...] = (
    ("imagenet_c", "defocus_blur", 3, "scipy.ndimage", defocus),
    ("imagenet_c", "zoom_blur", 3, "scipy.ndimage", zoom),
    ("imagenet_c", "elastic_transform", 3, "scipy.ndimage", elastic),
    ("imagenet_c", "jpeg_compression", 3, "Pillow", jpeg),
    ("restoration", "real_esrgan_x4", 5, "OpenCV, SciPy", restored),
    ("video", "h264", 3, "PyAV", video("libx264", "35", preset="veryfast", threads="1")),
    (
        "video",
        "h265",
        3,
        "PyAV",
        video("libx265", "37", preset="veryfast", **{"x265-params": "log-level=none"}),
    ),
    ("video", "av1", 3, "PyAV", video("libsvtav1", "48", preset="9", **{"svtav1-params": "lp=1"})),
)


def milliseconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return (time.process_time() - begun) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    os.environ.setdefault("SVT_LOG", "1")
    pixels = synthetic_photo()
    print(f"{'CPU ms, 512 x 384':32}{'ours':>10}{'other':>10}  ratio, the other way")
    for suite, name, level, other, way in WAYS:
        seeds = iter(range(1000))
        calls: tuple[Callable[[], Any], ...] = (
            lambda suite=suite, name=name, level=level, seeds=seeds: distortions.apply(
                pixels, name, level, suite, seed=next(seeds)
            ),
            lambda way=way: way(pixels),
        )
        rounds = [[milliseconds(call) for call in calls] for _ in range(options.rounds + 1)][1:]
        ours, theirs = (min(column) for column in zip(*rounds, strict=True))
        print(f"{suite + ' ' + name:32}{ours:10.1f}{theirs:10.1f}{theirs / ours:7.2f}  {other}", flush=True)


if __name__ == "__main__":
    main()
