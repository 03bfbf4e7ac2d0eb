"""Frames of video: predicted, repeatable, and a missing encoder is said by its name."""

import os
from pathlib import Path

import numpy as np
import pytest

import distortions
from distortions import video

av = pytest.importorskip("av", reason="NOT TESTED: video frames need the package av")
TYPES = [entry.name for entry in distortions.suite("video").types.values()]


def scene(height=64, width=96):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / 5 + c) * np.cos(y / 7 + c) for c in range(3)]
    return np.stack(planes, -1).astype(np.uint8)


@pytest.mark.parametrize("name", TYPES)
def test_a_frame_is_the_same_every_time_and_lies_where_the_photo_does(name):
    if not distortions.distortion_named(name).available:
        pytest.skip(f"NOT TESTED: {distortions.distortion_named(name).missing}")
    image = scene()
    first = distortions.apply(image, name, 1, "video", seed=3)
    for _ in range(8):
        assert np.array_equal(first, distortions.apply(image, name, 1, "video", seed=3))
    away = np.abs(first.astype(int) - image).mean()
    for shift in (-1, 1):  # were another frame of the pan taken, it would fit better a pixel away
        assert away < np.abs(first.astype(int) - np.roll(image, shift, axis=1)).mean()


@pytest.mark.parametrize("name", TYPES)
def test_what_else_lies_in_memory_changes_no_pixel(name):
    if not distortions.distortion_named(name).available:
        pytest.skip(f"NOT TESTED: {distortions.distortion_named(name).missing}")
    noise = np.random.default_rng(0)
    image = np.clip(scene(48, 64) + noise.normal(0, 6, (48, 64, 3)), 0, 255).astype(np.uint8)
    clutter, seen = [], set()
    for _ in range(40):
        clutter = [*clutter[-20:], noise.integers(0, 256, int(noise.integers(1000, 400000)), dtype=np.uint8)]
        for level in (3, 4):
            seen.add((level, distortions.apply(image, name, level, "video", seed=7).tobytes()))
    assert len(seen) == 2


@pytest.mark.skipif(
    not hasattr(os, "sched_getscheduler"), reason="scheduling can be asked for on Linux alone"
)
@pytest.mark.parametrize("name", TYPES)
def test_no_thread_of_ours_becomes_a_real_time_one(name):
    if not distortions.distortion_named(name).available:
        pytest.skip(f"NOT TESTED: {distortions.distortion_named(name).missing}")
    before = os.sched_getscheduler(0)
    distortions.apply(scene(), name, 1, "video", seed=3)
    threads = [thread.name for thread in Path("/proc/self/task").iterdir()]
    assert os.sched_getscheduler(0) == before
    assert {os.sched_getscheduler(int(thread)) for thread in threads} == {before}


@pytest.mark.parametrize("encoder", video.ENCODERS)
def test_the_frame_taken_is_predicted(encoder, monkeypatch):
    if encoder not in av.codecs_available:
        pytest.skip(f"NOT TESTED: no encoder {encoder}")
    views = [np.ascontiguousarray(scene(64, 100)[:, step : step + 96]) for step in range(4)]
    if (
        encoder == "libx264"
    ):  # x265 gives a clip of one frame a time stamp that the container now and then refuses
        monkeypatch.setattr(video, "FRAMES", 1)
        with pytest.raises(RuntimeError, match="predicted none"):
            video.decode_last(video.encode(views[:1], encoder, 30))
    monkeypatch.setattr(video, "FRAMES", 4)
    assert video.decode_last(video.encode(views, encoder, 30)).shape == (64, 96, 3)


def test_a_missing_encoder_is_said_by_its_name(monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"h264"})
    with pytest.raises(ValueError, match=r"h265 needs a build of av .PyAV. with the encoder libx265"):
        distortions.apply(scene(), "h265", 1, "video")
    page = distortions.sheet(scene(), suite="video", tile_width=60)
    assert page.shape[2] == 3
