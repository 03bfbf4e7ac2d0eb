"""The irreversible 9/7 wavelet of JPEG 2000 by lifting (Daubechies, Sweldens 1998; ITU-T T.800, annex F)."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = (-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971)
SCALE = 1.230174104914001


def _lift(even: np.ndarray, odd: np.ndarray, steps: tuple[tuple[int, float], ...]) -> None:
    """Lifting in place along axis 0; the signal continues in mirror image at both ends."""
    for number, step in steps:
        if number % 2 == 0:  # odd samples from their even neighbours
            following = np.concatenate([even[1:], even[-1:]])[: len(odd)]
            odd += step * (even[: len(odd)] + following)
        else:
            before = np.concatenate([odd[:1], odd])[: len(even)]
            after = np.concatenate([odd, odd[-1:]])[: len(even)]
            even += step * (before + after)


def split(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) halves of the signal along axis 0, at least two samples long."""
    even, odd = signal[::2].copy(), signal[1::2].copy()
    _lift(even, odd, tuple(enumerate(STEPS)))
    return even / SCALE, odd * SCALE


def join(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The inverse of `split`."""
    even, odd = low * SCALE, high / SCALE
    _lift(even, odd, tuple((number, -step) for number, step in reversed(tuple(enumerate(STEPS)))))
    signal = np.empty((len(even) + len(odd), *low.shape[1:]), low.dtype)
    signal[::2], signal[1::2] = even, odd
    return signal


def analyse(image: np.ndarray, levels: int) -> list[Any]:
    """[LL, (HL, LH, HH) of the coarsest level, ..., of the finest]; `image` H x W or H x W x C, floating point."""
    bands: list[Any] = []
    for _ in range(levels):
        if min(image.shape[:2]) < 2:
            break
        low, high = split(image)
        (ll, hl), (lh, hh) = (tuple(_turn(part) for part in split(_turn(half))) for half in (low, high))
        bands.insert(0, (hl, lh, hh))
        image = ll
    return [image, *bands]


def synthesise(bands: list[Any]) -> np.ndarray:
    """The inverse of `analyse`."""
    image = bands[0]
    for hl, lh, hh in bands[1:]:
        low, high = (_turn(join(_turn(left), _turn(right))) for left, right in ((image, hl), (lh, hh)))
        image = join(low, high)
    return image


def _turn(array: np.ndarray) -> np.ndarray:
    return np.swapaxes(array, 0, 1)
