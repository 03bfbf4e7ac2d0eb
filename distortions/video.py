"""Frames of compressed video: H.264, H.265 and AV1 by the encoders that PyAV brings.

A short clip is made of the photo by a slow pan that ends on the photo itself; what is returned is that last frame,
which is predicted from the ones before it as nearly all frames of a video are. Encoders run on one thread, because
some share the work among threads in ways that change pixels.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from distortions.photo import Photo
from distortions.registry import distortion
from distortions.strengths import Range

FRAMES = 6
RATE = 25  # frames a second
LEAST_SIDE = 64  # smaller ones are continued at the edge: AV1 takes none
NEEDS = {"av": "av"}
ENCODERS: dict[str, dict[str, str]] = {
    "libx264": {
        "preset": "veryfast",
        "threads": "1",
        # mbtree=0: its assembly reads past the end of narrow pictures' rows of blocks, so that what else lay in memory
        # chose the quantisers (64x48 and 136x200 px came out in up to five ways; PyAV 18.1)
        "x264-params": "scenecut=0:mbtree=0:log-level=-1",
    },
    "libx265": {
        "preset": "veryfast",
        # ctu=32: of a picture of one coding unit (64 px) x265 made other pixels from call to call (PyAV 18.1)
        "x265-params": "log-level=none:pools=none:frame-threads=1:scenecut=0:no-info=1:ctu=32",
    },
    "libsvtav1": {"preset": "9", "svtav1-params": "lp=1:scd=0:keyint=250"},
}


def _draw_pan(rng: np.random.Generator, photo: Photo, crf: float) -> dict[str, Any]:
    """How many pixels the picture moves from frame to frame: [rows, columns], not both 0."""
    pan = (0, 0)
    while pan == (0, 0):
        pan = (int(rng.integers(-2, 3)), int(rng.integers(-3, 4)))
    return {"pan": list(pan)}


def _frame(photo: Photo, encoder: str, crf: float, pan: list[int]) -> np.ndarray:
    height, width = photo.height, photo.width
    rows, columns = (max(side + side % 2, LEAST_SIDE) for side in (height, width))
    far_down, far_right = (abs(step) * (FRAMES - 1) for step in pan)
    padding = ((far_down, far_down + rows - height), (far_right, far_right + columns - width), (0, 0))
    scene = np.pad(photo.bytes, padding, mode="symmetric" if min(height, width) > 1 else "edge")
    views = []
    for left in range(FRAMES - 1, -1, -1):
        top, start = far_down - pan[0] * left, far_right - pan[1] * left
        views.append(np.ascontiguousarray(scene[top : top + rows, start : start + columns]))
    return decode_last(encode(views, encoder, crf))[:height, :width]


def encode(views: list[np.ndarray], encoder: str, crf: float) -> bytes:
    """A Matroska file of the frames (H x W x 3 uint8, even sides), the first one a key frame."""
    import av

    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 tells its settings on stderr unless it is asked not to
    file = io.BytesIO()
    with _usual_priority(), av.open(file, "w", format="matroska") as container:
        stream: Any = container.add_stream(encoder, rate=RATE)
        stream.height, stream.width = views[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.gop_size = 250
        stream.options = {"crf": f"{crf:g}", **ENCODERS[encoder]}
        for view in views:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@contextmanager
def _usual_priority() -> Iterator[None]:
    """The calling thread keeps its scheduling.

    SVT-AV1, run as root, makes the thread that calls it a real-time one of the highest priority; whatever that starts
    inherits it, and all other processes of the machine wait.
    """
    if not hasattr(os, "sched_getscheduler"):  # Linux alone has it
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)


def decode_last(encoded: bytes) -> np.ndarray:
    """The last frame of a video, H x W x 3 uint8. Raises RuntimeError where it is a key frame: none was predicted."""
    import av

    with av.open(io.BytesIO(encoded), "r") as container:
        container.streams.video[0].thread_type = "NONE"
        frames = list(container.decode(video=0))
    if len(frames) != FRAMES or frames[-1].key_frame:
        raise RuntimeError(
            f"the encoder returned {len(frames)} of {FRAMES} frames, or predicted none: use another"
        )
    return frames[-1].to_ndarray(format="rgb24")


def _absent(encoder: str) -> Callable[[], tuple[str, ...]]:
    def lacks() -> tuple[str, ...]:
        import av

        return () if encoder in av.codecs_available else (f"a build of av (PyAV) with the encoder {encoder}",)

    return lacks


@distortion(Range(0, 51, "CRF"), draw=_draw_pan, needs=NEEDS, lacks=_absent("libx264"))
def h264(photo: Photo, crf: float, pan: list[int]) -> np.ndarray:
    """A predicted frame of H.264 (x264, veryfast, 4:2:0) at that constant rate factor."""
    return _frame(photo, "libx264", crf, pan)


@distortion(Range(0, 51, "CRF"), draw=_draw_pan, needs=NEEDS, lacks=_absent("libx265"))
def h265(photo: Photo, crf: float, pan: list[int]) -> np.ndarray:
    """A predicted frame of H.265 (x265, veryfast, 4:2:0) at that constant rate factor."""
    return _frame(photo, "libx265", crf, pan)


@distortion(Range(1, 63, "CRF", whole=True), draw=_draw_pan, needs=NEEDS, lacks=_absent("libsvtav1"))
def av1(photo: Photo, crf: float, pan: list[int]) -> np.ndarray:
    """A predicted frame of AV1 (SVT-AV1, preset 9, 4:2:0) at that constant rate factor."""
    return _frame(photo, "libsvtav1", crf, pan)
