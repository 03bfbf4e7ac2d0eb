"""Distortions of others: they may fail, but end no program, and what they draw has to be kept by a recipe."""

import signal
import sys

import numpy as np
import pytest

import distortions
from distortions.registry import Distortion

PHOTO = distortions.Photo(np.random.default_rng(2).integers(0, 256, (40, 56, 3), dtype=np.uint8))


def leave(*_) -> None:
    sys.exit(3)


def be_told_to_end(*_) -> None:
    signal.raise_signal(signal.SIGUSR1)


def be_interrupted(*_) -> None:
    raise KeyboardInterrupt


def drawing(value) -> Distortion:
    return Distortion("odd", lambda photo, strength, a: photo.single, lambda *_: value, "")


def test_one_that_exits_fails_and_ends_nothing():
    sentence = r"odd raised SystemExit\(3\), which would end the program: have it raise an error"
    with pytest.raises(RuntimeError, match=sentence):
        Distortion("odd", lambda photo, strength: leave(), None, "").render(PHOTO, 1.0, {})
    with pytest.raises(RuntimeError, match=sentence):
        Distortion("odd", leave, leave, "").parameters(PHOTO, 1.0, np.random.default_rng(1))
    with pytest.raises(RuntimeError, match=sentence):
        Distortion("odd", leave, None, "", lacks=leave).require()
    with pytest.raises(KeyboardInterrupt):
        Distortion("odd", lambda photo, strength: be_interrupted(), None, "").render(PHOTO, 1.0, {})


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no such signal")
def test_who_is_told_to_end_by_a_signal_ends_even_while_it_distorts():
    before = signal.signal(signal.SIGUSR1, leave)
    try:
        with pytest.raises(SystemExit):
            Distortion("odd", lambda photo, strength: be_told_to_end(), None, "").render(PHOTO, 1.0, {})
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            {"a": np.float32(0.5)},
            "odd drew a = np.float32(0.5): draw gives finite plain numbers, lists and text",
        ),
        ({"a": np.arange(3)}, "odd drew a = array([0, 1, 2]): draw gives"),
        ({"a": [{"b": np.int64(1)}]}, "odd drew a = [{'b': np.int64(1)}]: draw gives"),
        ({"a": float("nan")}, "odd drew a = nan: draw gives finite"),
        ({"a": {1: 2}}, "odd drew a = {1: 2}: draw gives"),
        ({"a": np.zeros((99, 99))}, "odd drew a = array([["),
        ([1], "odd drew [1]: draw gives a dict"),
        (None, "odd drew None: draw gives a dict"),
    ],
)
def test_what_json_cannot_keep_is_refused_where_it_is_drawn(value, sentence):
    with pytest.raises(ValueError, match=r"^odd drew") as refused:
        drawing(value).parameters(PHOTO, 1.0, np.random.default_rng(1))
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 250


def test_what_json_can_keep_is_taken():
    value = {"a": [1, 0.5, True, None, "text", {"b": [np.float64(2)]}]}
    assert drawing(value).parameters(PHOTO, 1.0, np.random.default_rng(1)) == value
