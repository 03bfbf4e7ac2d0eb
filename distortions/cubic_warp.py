"""Sampling at displaced positions by cubic convolution (Keys 1981, a = -1/2), compiled.

OpenCV's remap has another cubic (a = -3/4) and rounds positions to 1/32 px; scipy.ndimage has splines. Pixels are kept
with a fourth, empty channel, so that one vector instruction works on a pixel: Numba's compiler doesn't find that by
itself, hence the intrinsic. The order of operations is the same in every channel, and none are fused.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

LANES = 4


def warp(image: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The image sampled at (row - down, column - right): float32, same shape.

    `image`: H x W x 3 float32, or H x W x 4 as `with_empty_channel` makes it. `down`, `right`: H x W float32, px.
    Outside, the edge is repeated as far as the largest shift; the one ring of points that the kernel needs beyond is
    extrapolated as 3 f1 - 3 f2 + f3.
    """
    if image.shape[2] != LANES:
        return np.ascontiguousarray(warp(with_empty_channel(image), down, right)[..., : image.shape[2]])
    farthest = max(abs(float(bound)) for moves in (down, right) for bound in (moves.min(), moves.max()))
    margin = int(np.ceil(farthest)) + 1
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    if min(padded.shape[:2]) >= 5:
        for edge in (padded, padded.transpose(1, 0, 2)):
            edge[0] = 3 * edge[1] - 3 * edge[2] + edge[3]
            edge[-1] = 3 * edge[-2] - 3 * edge[-3] + edge[-4]
    out = np.empty(image.shape, np.float32)
    _sample(padded, down, right, margin, out)
    return out


def with_empty_channel(image: np.ndarray) -> np.ndarray:
    """H x W x 3 float32 as H x W x 4, the last channel 0."""
    return cv2.merge([*cv2.split(image), np.zeros(image.shape[:2], np.float32)])


@intrinsic
def _put_pixel(
    typingctx: Any, source: Any, first: Any, stride: Any, rows: Any, columns: Any, target: Any, place: Any
) -> Any:
    """target[place : place + 4] = the sum of 4 x 4 pixels of `source` from `first` on, by those weights."""
    signature = types.void(source, first, stride, rows, columns, target, place)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, first, stride, rows, columns, target, place = arguments
        data, result = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in ((signature.args[0], source), (signature.args[5], target))
        )
        pixel = ir.VectorType(ir.FloatType(), LANES)

        def spread(weights: Any, index: int) -> Any:
            vector = ir.Constant(pixel, ir.Undefined)
            weight = builder.extract_value(weights, index)
            for lane in range(LANES):
                vector = builder.insert_element(vector, weight, ir.Constant(ir.IntType(32), lane))
            return vector

        def at(base: Any, index: Any) -> Any:
            return builder.bitcast(builder.gep(base, [index]), pixel.as_pointer())

        across = [spread(columns, index) for index in range(4)]
        total, index = None, first
        for row in range(4):
            line = None
            for column in range(4):
                offset = builder.add(index, ir.Constant(index.type, column * LANES))
                part = builder.fmul(across[column], builder.load(at(data, offset), align=4))
                line = part if line is None else builder.fadd(line, part)
            part = builder.fmul(spread(rows, row), line)
            total = part if total is None else builder.fadd(total, part)
            index = builder.add(index, stride)
        builder.store(total, at(result, place), align=4)
        return context.get_dummy_value()

    return signature, build


@njit(cache=True)
def _weights(t: np.float32) -> tuple[np.float32, ...]:
    """The four weights of Keys' kernel for the points at -1, 0, 1 and 2, all in single precision."""
    half, one, two = np.float32(0.5), np.float32(1), np.float32(2)
    return (
        t * (t * (one - half * t) - half),
        one + t * t * ((one + half) * t - (two + half)),
        t * (half + t * (two - (one + half) * t)),
        t * t * (half * t - half),
    )


@njit(cache=True)
def _sample(padded: np.ndarray, down: np.ndarray, right: np.ndarray, margin: int, out: np.ndarray) -> None:
    height, width = down.shape
    last_row, last_column = padded.shape[0] - 3, padded.shape[1] - 3
    stride = padded.shape[1] * LANES
    target = 0
    for row in range(height):
        for column in range(width):
            y = np.float32(row + margin) - down[row, column]
            x = np.float32(column + margin) - right[row, column]
            top = min(max(int(y), 1), last_row)
            left = min(max(int(x), 1), last_column)
            first = (top - 1) * stride + (left - 1) * LANES
            rows, columns = _weights(np.float32(y - top)), _weights(np.float32(x - left))
            _put_pixel(padded, first, stride, rows, columns, out, target)  # type: ignore[call-arg]
            target += LANES
