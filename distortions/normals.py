"""Normal random numbers as NumPy's generator draws them, value for value, a few times as fast where Numba is at hand.

Marsaglia, Tsang, The ziggurat method for generating random variables, J. Stat. Softw. 5 (2000), with 256 layers, in
single precision. Most of NumPy's time goes into calls for one 32-bit word each; here the words are drawn in blocks.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit

BLOCK = 1 << 15  # 64-bit words drawn at a time
LAYERS = 256
TAIL = 3.6541528853610088  # where the lowest layer's rectangle ends and the tail begins
AREA = 0.00492867323399  # of every layer, under exp(-x^2 / 2)
WORD = np.float32(1 / 16777216)  # of the 24 bits that become a number in [0, 1)
SEED, CHECKED = 5, 1 << 15  # compared with NumPy's once a process
NEED = 64  # words that one number hardly ever takes; with fewer left the next block is drawn


def _layers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every layer: the 23-bit numbers that are inside at once, their scale, and the curve's height at its edge."""
    edges = np.empty(LAYERS)
    edges[LAYERS - 1] = TAIL
    for layer in range(LAYERS - 2, 0, -1):
        above = AREA / edges[layer + 1] + math.exp(-(edges[layer + 1] ** 2) / 2)
        edges[layer] = math.sqrt(-2 * math.log(above))
    edges[0] = AREA / math.exp(-TAIL * TAIL / 2)  # the lowest layer, as a rectangle of the same area
    heights = np.exp(-edges * edges / 2)
    heights[0] = 1.0
    inside = np.zeros(LAYERS)
    inside[0] = TAIL / edges[0]
    inside[2:] = edges[1:-1] / edges[2:]
    return (
        np.rint(inside * (1 << 23)).astype(np.uint32),
        (edges / (1 << 23)).astype(np.float32),
        heights.astype(np.float32),
    )


INSIDE, SCALE, HEIGHT = _layers()
SCALE = np.concatenate([SCALE, -SCALE])  # the ninth bit is the sign: a table instead of a branch


class Normals:
    """The numbers of `numpy.random.default_rng(seed).standard_normal(shape, dtype=float32)`, call after call."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._block = np.empty(0, np.uint32)
        self._next = 0

    def draw(self, *shape: int) -> np.ndarray:
        """Independent N(0, 1) of that shape: float32."""
        if not _agrees():
            return self._generator.standard_normal(shape, dtype=np.float32)
        return self._drawn(shape)

    def _drawn(self, shape: tuple[int, ...]) -> np.ndarray:
        numbers = np.empty(math.prod(shape), np.float32)
        made = 0
        while made < numbers.size:
            made, self._next = _fill(numbers, made, self._block, self._next, INSIDE, SCALE, HEIGHT)
            if made < numbers.size:
                fresh = (
                    self._generator.bit_generator.random_raw(BLOCK).astype("<u8", copy=False).view(np.uint32)
                )  # the low half first
                self._block = np.concatenate([self._block[self._next :], fresh])
                self._next = 0
        return numbers.reshape(shape)


@cache
def _agrees() -> bool:
    """Whether the NumPy that is installed draws these numbers: another release may draw others, and then goes first."""
    ours = Normals(SEED)._drawn((CHECKED,))
    return np.array_equal(ours, np.random.default_rng(SEED).standard_normal(CHECKED, dtype=np.float32))


@njit(cache=True)
def _fill(
    numbers: np.ndarray,
    made: int,
    words: np.ndarray,
    index: int,
    inside: np.ndarray,
    scale: np.ndarray,
    height: np.ndarray,
) -> tuple[int, int]:
    """Fill `numbers` from `made` on with what `words` give from `index` on: how far both came."""
    last = words.size - NEED
    while made < numbers.size and index < last:
        count = _at_once(numbers[made:], words[index:last], inside, scale)
        made, index = made + count, index + count
        if made == numbers.size or index == last:
            break
        word = words[index]
        index += 1
        layer, magnitude = word & np.uint32(0xFF), word >> np.uint32(9)
        x = np.float32(magnitude) * scale[word & np.uint32(0x1FF)]
        if layer == 0:
            beyond, index = _tail(words, index)
            x = np.float32(TAIL) + beyond
            if magnitude & np.uint32(0x100):
                x = -x
        else:
            uniform = np.float32(words[index] >> np.uint32(8)) * WORD
            index += 1
            under = (height[layer - np.uint32(1)] - height[layer]) * uniform + height[layer]
            if under >= math.exp(-0.5 * np.float64(x) * np.float64(x)):
                continue
        numbers[made] = x
        made += 1
    return made, index


@njit(cache=True)
def _at_once(numbers: np.ndarray, words: np.ndarray, inside: np.ndarray, scale: np.ndarray) -> int:
    """A number for a word, up to the first word that isn't inside its layer at once: how many (98.8 % are)."""
    for i in range(min(numbers.size, words.size)):
        word = words[i]
        magnitude = word >> np.uint32(9)
        if magnitude >= inside[word & np.uint32(0xFF)]:
            return i
        numbers[i] = np.float32(np.int32(magnitude)) * scale[word & np.uint32(0x1FF)]
    return min(numbers.size, words.size)


@njit(cache=True)
def _tail(words: np.ndarray, index: int) -> tuple[np.float32, int]:
    """How far beyond TAIL a number of the tail lies (Marsaglia 1964), and the next word's place."""
    while True:
        first = np.float32(words[index] >> np.uint32(8)) * WORD
        second = np.float32(words[index + 1] >> np.uint32(8)) * WORD
        index += 2
        beyond = -np.float32(1 / TAIL) * math.log1p(-first)
        height = -math.log1p(-second)
        if height + height > beyond * beyond:
            return np.float32(beyond), index
