"""Legal TIFF files that few programs write: any number of bits, palettes, BigTIFF, extra channels."""

import io
import struct

import numpy as np
import pytest
from images.making import DEFLATE, tiff
from images.unusual import GENERATOR, GREY, SMOOTH, packed, read, refused


def any_depth(
    values: np.ndarray, bits: int, photometric: int, reversed_bits: bool = False, *more: tuple
) -> bytes:
    """An uncompressed TIFF of one strip; `values` (height, width, samples)."""
    height, width, count = values.shape
    data = packed(values.reshape(height, -1), bits)
    if reversed_bits:
        data = np.packbits(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")).tobytes()
    row = np.frombuffer(data, np.uint8).reshape(height, -1, 1)
    encoded = tiff(row, photometric, rows=height, more=((266, 3, (2 if reversed_bits else 1,)), *more))
    for number, value, wide in ((256, width, 4), (277, count, 2), (258, bits, 2)):
        at = encoded.index(struct.pack("<HHI", number, 4 if wide == 4 else 3, 1)) + 8
        encoded = encoded[:at] + value.to_bytes(wide, "little") + encoded[at + wide :]
    return encoded


@pytest.mark.parametrize("reversed_bits", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20])
def test_tiff_of_any_number_of_bits_in_both_bit_orders(bits, reversed_bits):
    top = 2**bits - 1
    codes = np.round(SMOOTH / 255 * top).astype(np.uint32)
    right = np.floor(codes / top * 255 + 0.5)
    if bits == 16:  # a file's own byte order, not the highest bit first
        codes = codes.astype(np.uint16).byteswap()
    assert np.array_equal(read(any_depth(codes, bits, 2, reversed_bits)), right)
    for photometric in (0, 1):
        grey = codes[..., :1]
        stored = grey if photometric else (np.uint16(65535) - grey if bits == 16 else top - grey)
        assert np.array_equal(
            read(any_depth(stored, bits, photometric, reversed_bits)), np.repeat(right[..., :1], 3, axis=2)
        )


def test_tiff_palettes_of_8_and_of_16_bits():
    codes = GENERATOR.integers(0, 256, (54, 70, 1), dtype=np.uint8)
    colours = GENERATOR.integers(0, 256, (3, 256))
    for scale in (1, 257):
        encoded = tiff(codes, 3, more=((320, 3, tuple((colours * scale).ravel().tolist())),))
        assert np.array_equal(read(encoded), colours.T[codes[..., 0]]), scale


def test_8_bit_tiffs_that_pillow_does_not_read():
    opaque = np.dstack([GREY, np.full((54, 70), 255, np.uint8)])
    right = np.repeat(GREY, 3, axis=2)
    assert np.array_equal(read(tiff(opaque, 1, more=((338, 3, (1,)),))), right), (
        "grey, multiplied by its opaque alpha"
    )
    extra = np.dstack([GREY, GREY, GREY, GREY])
    assert np.array_equal(read(tiff(extra, 1, more=((338, 3, (0, 0, 0)),))), right), (
        "three channels of something else"
    )
    import tifffile

    for values in (SMOOTH, SMOOTH.astype(np.uint16) * 257):
        out = io.BytesIO()
        tifffile.imwrite(out, values, photometric="rgb", bigtiff=True, byteorder=">", compression="zlib")
        assert np.array_equal(read(out.getvalue()), SMOOTH)


def test_what_a_tiff_lacks_here_is_named():
    webp = tiff(SMOOTH, 2, compression=DEFLATE).replace(
        struct.pack("<HHII", 259, 3, 1, 8), struct.pack("<HHII", 259, 3, 1, 50001)
    )
    refused(webp, r"compression that is not read here \(WEBP\)")
    refused(tiff(SMOOTH, 9), r"layout that is not read here \(ICCLAB, 3 samples of 8 bits\)")
    refused(
        tiff(SMOOTH.astype(np.uint16), 6), r"layout that is not read here \(YCBCR, 3 samples of 16 bits\)"
    )
