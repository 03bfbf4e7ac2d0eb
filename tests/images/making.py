"""TIFF files of any layout and colour profiles, made by hand: what the reader is held against is written down here."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

NONE, LZW, DEFLATE, PACKBITS, LZMA, ZSTD = 1, 5, 8, 32773, 34925, 50000
_BY_LIBTIFF = {LZW: "tiff_lzw", PACKBITS: "packbits", LZMA: "lzma", ZSTD: "zstd"}
_FORMS = {1: "B", 3: "H", 4: "I"}


def packed(data: bytes, compression: int) -> bytes:
    """A strip's bytes under a compression: libtiff's own, as the only strip of a grey picture of one row."""
    if compression == NONE:
        return data
    if compression == DEFLATE:
        return zlib.compress(data)
    out = io.BytesIO()
    row = Image.frombytes("L", (len(data), 1), data)
    row.save(out, "TIFF", compression=_BY_LIBTIFF[compression])
    tags = Image.open(out).tag_v2
    return out.getvalue()[tags[273][0] : tags[273][0] + tags[279][0]]


def tiff(
    values: np.ndarray,
    photometric: int,
    order: str = "<",
    planar: bool = False,
    tile: tuple[int, int] | None = None,
    rows: int = 7,
    compression: int = NONE,
    predictor: int = 1,
    more: tuple[tuple[int, int, tuple], ...] = (),
) -> bytes:
    """`values` (height, width, samples) as a TIFF; `more` are further tags (number, type, values), bytes as type 7."""
    height, width, count = values.shape
    tall, wide = tile or (rows, width)
    segments = []
    for plane in [values[..., at : at + 1] for at in range(count)] if planar else [values]:
        for top in range(0, height, tall):
            for left in range(0, width, wide):
                block = plane[top : top + tall, left : left + wide]
                if tile:
                    missing = (tall - block.shape[0], wide - block.shape[1])
                    block = np.pad(block, ((0, missing[0]), (0, missing[1]), (0, 0)))
                segments.append(packed(_coded(block, order, predictor), compression))
    bits = 8 * values.itemsize
    sample_format = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    offsets, body = [], b""
    for segment in segments:
        offsets.append(8 + len(body))
        body += segment + bytes(len(segment) % 2)
    layout = [(322, 4, (wide,)), (323, 4, (tall,))] if tile else [(278, 4, (tall,))]
    numbers = (324, 325) if tile else (273, 279)
    tags = [
        *((256, 4, (width,)), (257, 4, (height,)), (258, 3, (bits,) * count), (259, 3, (compression,))),
        *(
            (262, 3, (photometric,)),
            (277, 3, (count,)),
            (284, 3, (2 if planar else 1,)),
            (317, 3, (predictor,)),
        ),
        *((339, 3, (sample_format,) * count), (numbers[0], 4, tuple(offsets)), *layout),
        *((numbers[1], 4, tuple(map(len, segments))), *more),
    ]
    return (b"II*\0" if order == "<" else b"MM\0*") + _chain(tags, body, order)


def _chain(tags: list[tuple], body: bytes, order: str) -> bytes:
    begin = 8 + len(body)
    table = struct.pack(order + "H", len(tags))
    beyond, place = b"", begin + 2 + 12 * len(tags) + 4
    for number, form, values in sorted(tags):
        data = values if form == 7 else struct.pack(f"{order}{len(values)}{_FORMS[form]}", *values)
        table += struct.pack(order + "HHI", number, form, len(values))
        if len(data) <= 4:
            table += data + bytes(4 - len(data))
        else:
            table += struct.pack(order + "I", place + len(beyond))
            beyond += data + bytes(len(data) % 2)
    return struct.pack(order + "I", begin) + body + table + bytes(4) + beyond


def _coded(block: np.ndarray, order: str, predictor: int) -> bytes:
    if predictor == 2:
        whole = np.ascontiguousarray(block).view(f"u{block.itemsize}")
        block = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1])).view(block.dtype)
    if predictor == 3:
        high_first = np.ascontiguousarray(block.astype(block.dtype.newbyteorder(">")))
        tall, wide, count = block.shape
        planes = high_first.view(np.uint8).reshape(tall, wide * count, block.itemsize).transpose(0, 2, 1)
        grouped = planes.reshape(tall, -1, count)
        return np.diff(grouped, axis=1, prepend=np.zeros_like(grouped[:, :1])).tobytes()
    return block.astype(block.dtype.newbyteorder(order)).tobytes()


def srgb_profile(name: str = "any", linear: bool = False, swapped: bool = False) -> bytes:
    """Pillow's own sRGB profile under another name, with linear curves, or with red and blue exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", data, 128)
    tags = {}
    for entry in range(count):
        tag, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * entry)
        tags[tag] = (offset, size)
    if swapped:
        (red, size), (blue, _) = tags[b"rXYZ"], tags[b"bXYZ"]
        data[red : red + size], data[blue : blue + size] = data[blue : blue + size], data[red : red + size]
    if linear:
        for tag in (b"rTRC", b"gTRC", b"bTRC"):
            data[tags[tag][0] : tags[tag][0] + 12] = b"curv" + bytes(8)
    begin = tags[b"desc"][0]
    size, start = struct.unpack_from(">II", data, begin + 20)
    data[begin + start : begin + start + size] = name.ljust(size // 2)[: size // 2].encode("utf-16-be")
    data[84:100] = bytes(16)
    return bytes(data)


def grey_profile(gamma: float) -> bytes:
    """A grey profile (version 2) of one gamma."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))

    words = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    tags = [
        (b"desc", words + bytes(-len(words) % 4)),
        (b"wtpt", b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249)),
        (b"kTRC", b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)),
        (b"cprt", b"text" + bytes(4) + b"none" + bytes(4)),
    ]
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags:
        table += tag + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content
    head = bytearray(128)
    head[0:4] = struct.pack(">I", 128 + len(table) + len(body))
    head[8:12], head[12:24], head[36:40] = b"\x02\x40\0\0", b"mntrGRAY" + b"XYZ ", b"acsp"
    head[68:80] = fixed(0.9642, 1, 0.8249)
    return bytes(head) + table + body


def table_profile() -> bytes:
    """A profile of a table (lut16Type, two points a channel) that says the same as linear sRGB (ICC.1:2022, 10.10)."""
    columns = np.array(
        [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
    )
    corners = np.array(list(np.ndindex(2, 2, 2)), float) @ columns.T  # XYZ of each corner; 1.0 is 32768
    ramp = struct.pack(">2H", 0, 65535)
    table = (
        b"mft2"
        + bytes(4)
        + bytes([3, 3, 2, 0])
        + struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel().tolist())
    )
    table += struct.pack(">2H", 2, 2) + 3 * ramp
    table += np.round(corners * 32768).astype(">u2").tobytes() + 3 * ramp
    words = b"desc" + bytes(4) + struct.pack(">I", 6) + b"table\0" + bytes(78)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = [(b"desc", words), (b"cprt", b"text" + bytes(4) + b"none"), (b"wtpt", white), (b"A2B0", table)]
    tags = [(name, content + bytes(-len(content) % 4)) for name, content in tags]
    entries, body = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        entries += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content
    head = bytearray(128)
    head[0:4] = struct.pack(">I", 128 + len(entries) + len(body))
    head[8:12], head[12:24], head[36:40] = b"\x02\x40\0\0", b"mntrRGB XYZ ", b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + entries + body


def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(values: np.ndarray, colour_type: int, *chunks: bytes, interlaced: bool = False) -> bytes:
    """`values` (height, width, samples), 8 or 16 bits, as a PNG with these chunks before the pixels."""
    height, width = values.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 8 * values.itemsize, colour_type, 0, 0, int(interlaced))
    # Adam7 (PNG, 8.2): begin and step of columns and rows in each of the seven passes
    passes = (
        [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)]
        if interlaced
        else [(0, 1, 0, 1)]
    )
    rows = b""
    for left, across, top, down in passes:
        part = values[top::down, left::across].astype(values.dtype.newbyteorder(">"))
        rows += b"".join(b"\0" + row.tobytes() for row in part) if part.shape[1] else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(chunks)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


_CODES_OF_LENGTH = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
"""Of DC categories 0 to 11 (ITU-T T.81, table K.3)."""


def flat_jpeg(
    planes: list[np.ndarray], sampling: list[tuple[int, int]], padding: int = 1, bend=None
) -> bytes:
    """A baseline JPEG of flat blocks: for each channel the grey levels (blocks down, blocks across), padded to MCUs.

    `sampling` are each channel's factors (across, down); `padding` is the bit that fills the last byte; `bend` changes
    the bits before they are packed.
    """
    codes, code, category = {}, 0, 0
    for length, count in enumerate(_CODES_OF_LENGTH, 1):
        for _ in range(count):
            codes[category] = f"{code:0{length}b}"
            code, category = code + 1, category + 1
        code <<= 1
    down = planes[0].shape[0] // sampling[0][1]
    across = planes[0].shape[1] // sampling[0][0]
    bits, before = "", [0] * len(planes)
    for row, column in np.ndindex(down, across):
        for at, (plane, (wide, tall)) in enumerate(zip(planes, sampling, strict=True)):
            for y, x in np.ndindex(tall, wide):
                level = (
                    int(plane[row * tall + y, column * wide + x]) - 128
                )  # of a quantizer of 8: the mean itself
                change, before[at] = level - before[at], level
                size = abs(change).bit_length()
                low = change if change >= 0 else change + (1 << size) - 1
                bits += (
                    codes[size] + (f"{low:0{size}b}" if size else "") + "0"
                )  # the only AC code: end of block
    bits = bend(bits) if bend else bits
    bits += str(padding) * (-len(bits) % 8)
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    most = [max(factors[axis] for factors in sampling) for axis in (0, 1)]
    size = struct.pack(">HH", 8 * most[1] * down, 8 * most[0] * across)
    channels = range(1, len(planes) + 1)
    frame = b"".join(
        bytes([at, wide << 4 | tall, 0]) for at, (wide, tall) in zip(channels, sampling, strict=True)
    )
    dc = b"\0" + bytes(_CODES_OF_LENGTH) + bytes(range(12))
    ac = b"\x10" + bytes([1, *[0] * 15]) + b"\0"

    def part(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    return b"".join(
        (
            b"\xff\xd8"
            + part(0xDB, b"\0" + bytes([8]) * 64)
            + part(0xC0, b"\x08" + size + bytes([len(planes)]) + frame),
            part(0xC4, dc) + part(0xC4, ac),
            part(0xDA, bytes([len(planes)]) + b"".join(bytes([at, 0]) for at in channels) + b"\0\x3f\0"),
            data + b"\xff\xd9",
        )
    )
