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
SPAN = 256  # pixels of a row whose places and weights are worked out before they are sampled


def warp(image: np.ndarray, down: np.ndarray, right: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """The image sampled at (row - scale down, column - scale right): float32, same shape.

    `image`: H x W x 3 float32, or H x W x 4 as `with_empty_channel` makes it. `down`, `right`: H x W float32, px.
    Outside, the edge is repeated as far as the largest shift; the one ring of points that the kernel needs beyond is
    extrapolated as 3 f1 - 3 f2 + f3.
    """
    if image.shape[2] != LANES:
        four = warp(with_empty_channel(image), down, right, scale)
        return np.ascontiguousarray(four[..., : image.shape[2]])
    factor = np.float32(scale)
    farthest = max(
        abs(float(bound * factor)) for moves in (down, right) for bound in (moves.min(), moves.max())
    )
    margin = int(np.ceil(farthest)) + 1
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    if min(padded.shape[:2]) >= 5:
        for edge in (padded, padded.transpose(1, 0, 2)):
            edge[0] = 3 * edge[1] - 3 * edge[2] + edge[3]
            edge[-1] = 3 * edge[-2] - 3 * edge[-3] + edge[-4]
    out = np.empty(image.shape, np.float32)
    _sample(padded, down, right, factor, margin, out)
    return out


def with_empty_channel(image: np.ndarray) -> np.ndarray:
    """H x W x 3 float32 as H x W x 4, the last channel 0."""
    return cv2.merge([*cv2.split(image), np.zeros(image.shape[:2], np.float32)])


@intrinsic
def _put_pixel(
    typingctx: Any, source: Any, first: Any, stride: Any, weights: Any, column_at: Any, target: Any, to: Any
) -> Any:
    """target[to : to + 4] = the sum of 4 x 4 pixels of `source` from `first` on, by weights[0:8, column_at].

    The first four weights are the rows', the others the columns'. Two rows of pixels are one vector.
    """
    signature = types.void(source, first, stride, weights, column_at, target, to)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, first, stride, weights, column_at, target, to = arguments
        data, table, result = (
            context.make_array(signature.args[index])(context, builder, value).data
            for index, value in ((0, source), (3, weights), (5, target))
        )
        number = ir.IntType(32)
        pixel = ir.VectorType(ir.FloatType(), LANES)
        all_lanes = [ir.Constant(number, lane) for lane in range(2 * LANES)]

        def order(*lanes: int) -> Any:
            return ir.Constant(ir.VectorType(number, len(lanes)), list(lanes))

        def weight(index: int) -> Any:
            where = builder.add(column_at, ir.Constant(column_at.type, index * SPAN))
            return builder.load(builder.gep(table, [where]))

        def spread(value: Any, lanes: int) -> Any:
            vector = ir.Constant(ir.VectorType(ir.FloatType(), lanes), ir.Undefined)
            for lane in all_lanes[:lanes]:
                vector = builder.insert_element(vector, value, lane)
            return vector

        def at(base: Any, index: Any) -> Any:
            return builder.bitcast(builder.gep(base, [index]), pixel.as_pointer())

        def joined(one: Any, two: Any) -> Any:
            return builder.shuffle_vector(one, two, order(*range(2 * LANES)))

        across = [spread(weight(4 + index), 2 * LANES) for index in range(4)]
        total, index = None, first
        for pair in (0, 2):
            below, line = builder.add(index, stride), None
            for column in range(4):
                offset = ir.Constant(index.type, column * LANES)
                upper, lower = (
                    builder.load(at(data, builder.add(base, offset)), align=4) for base in (index, below)
                )
                part = builder.fmul(across[column], joined(upper, lower))
                line = part if line is None else builder.fadd(line, part)
            both = joined(spread(weight(pair), LANES), spread(weight(pair + 1), LANES))
            parts = builder.fmul(both, line)
            for half in (0, LANES):
                part = builder.shuffle_vector(parts, parts, order(*range(half, half + LANES)))
                total = part if total is None else builder.fadd(total, part)
            index = builder.add(below, stride)
        builder.store(total, at(result, to), align=4)
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
def _sample(
    padded: np.ndarray, down: np.ndarray, right: np.ndarray, scale: np.float32, margin: int, out: np.ndarray
) -> None:
    height, width = down.shape
    last_row, last_column = np.int32(padded.shape[0] - 3), np.int32(padded.shape[1] - 3)
    stride = padded.shape[1] * LANES
    firsts, weights = np.empty(SPAN, np.int64), np.empty((8, SPAN), np.float32)
    for row in range(height):
        for start in range(0, width, SPAN):
            count = min(SPAN, width - start)
            for i in range(count):  # apart from the sampling, so that it is done in vectors
                column = start + i
                y = np.float32(row + margin) - down[row, column] * scale
                x = np.float32(column + margin) - right[row, column] * scale
                top = min(max(np.int32(y), np.int32(1)), last_row)
                left = min(max(np.int32(x), np.int32(1)), last_column)
                firsts[i] = (np.int64(top) - 1) * stride + (np.int64(left) - 1) * LANES
                rows, columns = _weights(y - np.float32(top)), _weights(x - np.float32(left))
                weights[0, i], weights[1, i], weights[2, i], weights[3, i] = rows
                weights[4, i], weights[5, i], weights[6, i], weights[7, i] = columns
            target = (row * width + start) * LANES
            for i in range(count):
                _put_pixel(padded, firsts[i], stride, weights, i, out, target + i * LANES)  # type: ignore[call-arg]
