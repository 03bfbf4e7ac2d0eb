"""The parts of a sequential JPEG (ITU-T T.81, annex B): its tables and scans, for the judge of its blocks."""

import struct
from dataclasses import dataclass, field

import numpy as np

_BASELINE, _EXTENDED = 0xC0, 0xC1
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_HUFFMAN, _SCAN, _QUANTIZATION, _RESTARTS, _END = 0xC4, 0xDA, 0xDB, 0xDD, 0xD9


@dataclass
class _Tables:
    """What the markers before a scan have set: Huffman codes by the next 16 bits, quantization, the frame."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros((8, 1 << 16), np.uint16))
    steps: np.ndarray = field(default_factory=lambda: np.ones((4, 64), np.int64))
    size: tuple[int, int] = (0, 0)
    channels: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    interval: int = 0


def what_is_wrong(encoded: bytes) -> str | None:
    """What shows that a sequential JPEG is damaged; None where nothing does, and for other codings."""
    try:
        return _judged(encoded)
    except (struct.error, IndexError, KeyError, ValueError):
        return None  # a header that only a lenient decoder reads; what can be read of it, libjpeg has read


def _judged(encoded: bytes) -> str | None:
    from glint_data.images import jpeg_blocks

    tables, data = _Tables(), np.frombuffer(encoded, np.uint8)
    at, seen = 2, set[int]()
    while at + 4 <= len(encoded):
        marker = encoded[at + 1]
        if encoded[at] != 0xFF or marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            return None
        (length,) = struct.unpack_from(">H", encoded, at + 2)
        body = encoded[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == _HUFFMAN:
            _read_codes(body, tables.codes)
        elif marker == _QUANTIZATION:
            _read_steps(body, tables.steps)
        elif marker == _RESTARTS:
            (tables.interval,) = struct.unpack_from(">H", body)
        elif marker in _FRAMES:
            if marker not in (_BASELINE, _EXTENDED):
                return None
            _read_frame(body, tables)
        elif marker == _SCAN:
            names = [body[1 + 2 * number] for number in range(body[0])]
            order, count = _order(body, tables)
            status, block = jpeg_blocks.check_blocks(
                data, at, tables.codes, order, tables.steps, count, tables.interval
            )
            if status:
                return f"{jpeg_blocks.SAID[status]} (unit {min(block + 1, count):,} of {count:,})"
            seen.update(names)
            if seen >= tables.channels.keys():
                return None
            at = end_of_scan(encoded, at)
    return None


def _read_codes(body: bytes, codes: np.ndarray) -> None:
    """DHT: class and place of each table, how many codes have each length, their values (annex C)."""
    at = 0
    while at + 17 <= len(body):
        table = codes[4 * (body[at] >> 4) + (body[at] & 3)]
        counts, at, begin = body[at + 1 : at + 17], at + 17, 0
        table[:] = 0
        for length, count in enumerate(counts, 1):
            for value in body[at : at + count]:
                end = begin + (1 << (16 - length))
                table[begin:end] = length << 8 | value
                begin = end
            at += count


def _read_steps(body: bytes, steps: np.ndarray) -> None:
    """DQT: precision and place of each table, 64 steps in zigzag order."""
    at = 0
    while at < len(body):
        wide, table = body[at] >> 4, body[at] & 3
        steps[table] = struct.unpack_from(">64H" if wide else ">64B", body, at + 1)
        at += 129 if wide else 65


def _read_frame(body: bytes, tables: _Tables) -> None:
    """SOF: size, and of each channel its sampling and quantization table."""
    height, width, count = struct.unpack_from(">HHB", body, 1)
    if not height:
        raise ValueError("its height comes later (DNL)")
    tables.size = (width, height)
    for at in range(6, 6 + 3 * count, 3):
        tables.channels[body[at]] = (body[at + 1] >> 4, body[at + 1] & 15, body[at + 2] & 3)


def _order(body: bytes, tables: _Tables) -> tuple[np.ndarray, int]:
    """SOS: channel and tables of each block of an MCU, and how many MCUs there are (A.2)."""
    most_wide = max(wide for wide, _tall, _table in tables.channels.values())
    most_tall = max(tall for _wide, tall, _table in tables.channels.values())
    width, height = tables.size
    order = []
    for number in range(body[0]):
        name, table_numbers = body[1 + 2 * number], body[2 + 2 * number]
        wide, tall, table = tables.channels[name]
        entry = (number, table_numbers >> 4 & 3, table_numbers & 3, table)
        if body[0] == 1:
            across, down = (-(-width * wide // most_wide), -(-height * tall // most_tall))
            return np.array([entry]), -(-across // 8) * -(-down // 8)
        order += [entry] * (wide * tall)
    return np.array(order), -(-width // (8 * most_wide)) * -(-height // (8 * most_tall))


def end_of_scan(encoded: bytes, at: int) -> int:
    """Where the next marker stands: 0xFF that is followed neither by a zero nor by a restart marker."""
    while True:
        at = encoded.find(b"\xff", at)
        if at < 0 or at + 1 >= len(encoded):
            return len(encoded)
        following = encoded[at + 1]
        if following not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return at
        at += 1 if following == 0xFF else 2
