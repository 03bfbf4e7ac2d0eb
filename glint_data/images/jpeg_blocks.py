"""The blocks of a sequential JPEG, decoded as strictly as the standard writes them (ITU-T T.81, F.2), to judge damage.

libjpeg warns where it runs out of data or meets a code that is none. A few changed bytes often do neither: codes find
back into step after some blocks, but with a run beyond a block's end, or with levels that drifted by the lost
differences until a block's mean lies outside what pixels can have. Both are looked for here; no pixel is made.
"""

import numpy as np
from numba import njit

ENDS_EARLY, NO_CODE, BEYOND_A_BLOCK, BEYOND_8_BITS, NOT_FILLED, ZEROS = 1, 2, 3, 4, 5, 6
SAID = {
    ENDS_EARLY: "its data end before its last block",
    NO_CODE: "its data hold a code that is none",
    BEYOND_A_BLOCK: "its data run beyond a block",
    BEYOND_8_BITS: "a block of it is brighter or darker than 8 bits can be",
    NOT_FILLED: "its data do not end with their last block",
    ZEROS: "its data are zeros where they stand for something",
}

LARGEST = 1320
"""Of a dequantized coefficient: those of 8-bit pixels reach 1024, of encoders that overshoot on purpose 1272."""
MOST_ZEROS, MOST_CODED = 96, 8
"""Bits that are zero in a row, and the coefficients they stand for: flat areas are coded by zeros, levels are not."""


@njit(cache=True)
def check_blocks(
    data: np.ndarray,
    at: int,
    codes: np.ndarray,
    order: np.ndarray,
    steps: np.ndarray,
    blocks: int,
    interval: int,
) -> tuple[int, int]:
    """Decode one scan and say what is wrong with it (0: nothing), and in which block.

    Args:
        data: uint8, the file; its scan begins at byte `at`.
        codes: (8, 65536) uint16: for each Huffman table (DC 0 to 3, AC 0 to 3) and the next 16 bits the code's
            length << 8 | value, 0 where there is none.
        order: (blocks in an MCU, 4) of channel, DC table, AC table, quantization table.
        steps: (4, 64) quantization steps in zigzag order.
        blocks: MCUs in the scan.
        interval: MCUs between restart markers, 0: none.
    """
    before = np.zeros(4, np.int64)
    held, count, padded, ended = np.uint64(0), 0, 0, False
    zeros, coded = 0, 0
    for mcu in range(blocks):
        if interval and mcu and mcu % interval == 0:
            at, held, count, padded, ended = _refilled(data, at, held, count, padded, ended)
            if (
                not ended
                or not _is_filled(held, count, padded)
                or at + 1 >= len(data)
                or data[at + 1] & 0xF8 != 0xD0
            ):
                return NOT_FILLED, mcu
            at += 2
            before[:] = 0
            held, count, padded, ended = np.uint64(0), 0, 0, False
        for part in range(len(order)):
            channel, dc, ac, table = order[part, 0], order[part, 1], order[part, 2], order[part, 3]
            position = 0
            while position < 64:
                at, held, count, padded, ended = _refilled(data, at, held, count, padded, ended)
                window = int(held >> np.uint64(count - 16)) & 0xFFFF
                code = int(codes[dc if position == 0 else 4 + ac, window])
                length, value = code >> 8, code & 0xFF
                count -= length
                if count < padded:
                    return ENDS_EARLY, mcu
                run, size = (0, value) if position == 0 else (value >> 4, value & 15)
                if (
                    length == 0
                    or size > (11 if position == 0 else 10)
                    or (position and size == 0 and 0 < run < 15)
                ):
                    return NO_CODE, mcu
                zeros = zeros + length + size if window >> (16 - length) == 0 else 0
                coded = coded + (size > 0) if zeros else 0
                if position and size == 0:
                    if run == 0:
                        break
                    position += 16
                    if position > 64:
                        return BEYOND_A_BLOCK, mcu
                    continue
                position += run
                if position > 63:
                    return BEYOND_A_BLOCK, mcu
                count -= size
                if count < padded:
                    return ENDS_EARLY, mcu
                level = int(held >> np.uint64(count)) & ((1 << size) - 1)
                if level:
                    zeros, coded = 0, 0
                if zeros > MOST_ZEROS and coded > MOST_CODED:
                    return ZEROS, mcu
                if size and level < (1 << (size - 1)):
                    level -= (1 << size) - 1
                if position == 0:
                    before[channel] += level
                    level = int(before[channel])
                if abs(level) * steps[table, position] > LARGEST + steps[table, position]:
                    return BEYOND_8_BITS, mcu
                position += 1
    at, held, count, padded, ended = _refilled(data, at, held, count, padded, ended)
    # where much is left over, libjpeg says so, or it is a camera's padding
    return (0 if not ended or _is_filled(held, count, padded) else NOT_FILLED), blocks


@njit(cache=True)
def _refilled(
    data: np.ndarray, at: int, held: np.uint64, count: int, padded: int, ended: bool
) -> tuple[int, np.uint64, int, int, bool]:
    """More than 48 bits held, which are enough for a code and what follows it; zeros after the data's end."""
    while count <= 48:
        byte = np.uint64(0)
        if not ended:
            ended = at >= len(data)
        if not ended and data[at] == 0xFF:
            while at + 1 < len(data) and data[at + 1] == 0xFF:
                at += 1
            ended = at + 1 >= len(data) or data[at + 1] != 0
        if ended:
            padded += 8
        else:
            byte = np.uint64(data[at])
            at += 2 if data[at] == 0xFF else 1
        held = (held << np.uint64(8)) | byte
        count += 8
    return at, held, count, padded, ended


@njit(cache=True)
def _is_filled(held: np.uint64, count: int, padded: int) -> bool:
    """Whether what is left is filling: ones, or zeros as some write them (F.1.2.3), and then whole bytes of the same.

    libjpeg overlooks a few bytes.
    """
    left = count - padded
    if left <= 0:
        return left == 0
    part, whole_bits = left % 8, left - left % 8
    rest = int(held >> np.uint64(padded)) & ((1 << left) - 1)
    first, last = rest >> whole_bits, rest & ((1 << whole_bits) - 1)
    return (first == 0 or first == (1 << part) - 1) and (last == 0 or last == (1 << whole_bits) - 1)
