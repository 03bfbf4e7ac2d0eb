"""Legal files that were read wrongly or refused once, and such that have no one picture: PNG, GIF, JPEG, JPEG XL."""

import io
import struct
import zlib

import numpy as np
import pytest
from images.making import chunk, flat_jpeg, grey_profile, png, srgb_profile
from images.unusual import GENERATOR, GREY, SMOOTH, packed, read, refused, saved
from PIL import Image

from glint_data import images
from glint_data.errors import ImageRefused
from glint_data.images import jpeg_xl, profiles, tagged


def png_of_bits(values: np.ndarray, bits: int, colour_type: int, *chunks: bytes) -> bytes:
    height, width = values.shape
    rows = b"".join(b"\0" + packed(row[None], bits) for row in values)
    head = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    body = (chunk(b"IHDR", head), *chunks, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_grey_level_of_a_png_that_is_glass(bits):
    top = 2**bits - 1
    codes = np.round(GREY[..., 0] / 255 * top).astype(np.uint8)
    there, elsewhere = int(codes[3, 4]), np.where(codes == codes[3, 4], top - codes[3, 4], codes)
    key = chunk(b"tRNS", struct.pack(">H", there))
    refused(png_of_bits(codes, bits, 0, key), "transparent")
    right = np.floor(elsewhere / top * 255 + 0.5)[..., None].repeat(3, axis=2)
    assert np.array_equal(read(png_of_bits(elsewhere, bits, 0, key)), right)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_codes_without_a_colour_are_damage(bits):
    codes = GENERATOR.integers(0, 2**bits, (54, 70))
    codes[0, 0] = 2**bits - 1
    colours = GENERATOR.integers(0, 256, (2**bits, 3), dtype=np.uint8)
    right = png_of_bits(codes, bits, 3, chunk(b"PLTE", colours.tobytes()))
    assert np.array_equal(read(right), colours[codes])
    refused(png_of_bits(codes, bits, 3, chunk(b"PLTE", colours[:-1].tobytes() or b"")), "damaged")
    refused(png_of_bits(codes, bits, 3), "without its palette")
    palette = Image.fromarray(codes.astype(np.uint8), "P")
    palette.putpalette(colours.tobytes())
    out = io.BytesIO()
    palette.save(out, "BMP")
    bmp = out.getvalue()
    assert np.array_equal(read(bmp), colours[codes])


def test_numbers_for_colours_that_nobody_knows_are_not_srgb_without_a_word():
    def numbered(*numbers: int) -> images.ReadPhoto:
        rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in SMOOTH))
        head = struct.pack(">IIBBBBB", 70, 54, 8, 2, 0, 0, 0)
        chunks = (
            chunk(b"IHDR", head),
            chunk(b"cICP", bytes(numbers)),
            chunk(b"IDAT", rows),
            chunk(b"IEND", b""),
        )
        return images.decode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), "made")

    for primaries, transfer in ((0, 13), (1, 17), (99, 99)):
        photo = numbered(primaries, transfer, 0, 1)
        assert np.array_equal(photo.pixels, SMOOTH)
        assert "ignored: no profile, or colours that no known number stands for" in photo.conversions[0]
    for primaries in (8, 22):
        assert "converted" in numbered(primaries, 13, 0, 1).conversions[0]
    assert numbered(1, 13, 0, 1).conversions == numbered(2, 2, 0, 1).conversions == ()
    with pytest.raises(ImageRefused, match="narrow-range"):
        numbered(1, 13, 0, 0)


def test_a_gif_that_leaves_its_canvas_open_is_transparent_there():
    intact = saved("GIF", SMOOTH)
    at = intact.index(b"\x2c\0\0\0\0")
    for canvas, place in (((90, 80), (10, 5)), ((90, 80), (0, 0)), ((60, 40), (10, 5))):
        moved = bytearray(intact)
        moved[6:10] = struct.pack("<HH", *canvas)
        moved[at + 1 : at + 5] = struct.pack("<HH", *place)
        refused(bytes(moved), "leaves part of its canvas")
    smaller = bytearray(intact)
    smaller[6:10] = bytes(4)  # a canvas of 0x0, as some programs write it
    assert np.array_equal(read(bytes(smaller)), read(intact))


def test_a_camera_in_adobe_rgb_writes_no_profile():
    """DCF's R03: the picture is that of the same codes with an Adobe RGB profile, within a level."""
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 0xFFFF, 0xA005: {1: "R03"}}
    options = {"quality": 95, "subsampling": 0}
    camera = images.decode(saved("JPEG", exif=exif.tobytes(), **options), "made")
    adobe = profiles.from_primaries(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), (0.3127, 0.3290), 563 / 256)
    assert np.array_equal(camera.pixels, read(saved("JPEG", icc_profile=adobe, **options)))
    plain = read(saved("JPEG", **options))
    assert np.abs(camera.pixels.astype(int) - plain).max() > 5
    exif[0x8769] = {0xA001: 1, 0xA005: {1: "R98"}}
    assert np.array_equal(read(saved("JPEG", exif=exif.tobytes(), **options)), plain)


def with_frame(encoded: bytes, marker: int, bits: int = 8) -> bytes:
    at = encoded.index(b"\xff\xc0")
    return encoded[:at] + bytes([0xFF, marker]) + encoded[at + 2 : at + 4] + bytes([bits]) + encoded[at + 5 :]


def test_codings_of_jpeg_that_are_not_decoded_are_no_damage():
    intact = saved("JPEG")
    refused(with_frame(intact, 0xC1, 12), r"not decoded here \(lossy, 12 bits\)")
    refused(with_frame(intact, 0xC3), r"not decoded here \(lossless, 8 bits\)")
    refused(with_frame(intact, 0xC5), r"not decoded here \(hierarchical, 8 bits\)")
    refused(with_frame(intact, 0xF7), r"not decoded here \(JPEG-LS, 8 bits\)")


def test_unusual_sampling_is_no_damage():
    """Legal, read by every decoder, but unknown to the interface that tells libjpeg's warnings."""
    for sampling in ([(3, 1), (1, 1), (1, 1)], [(2, 2), (1, 2), (2, 1)], [(1, 1), (2, 2), (1, 1)]):
        planes = [
            np.full((4 * tall, 5 * wide), level)
            for (wide, tall), level in zip(sampling, (90, 128, 128), strict=True)
        ]
        planes[0][1] = 200
        encoded = flat_jpeg(planes, sampling)
        assert np.array_equal(read(encoded), np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))), (
            sampling
        )


@pytest.mark.parametrize("bits", [1, 2, 4, 7])
def test_jpeg_2000_of_few_bits_is_scaled_not_shifted(bits):
    """A file of 8 bits whose header is made to say fewer, and whose codes fit."""
    top = 2**bits - 1
    shallow = np.round(GREY[..., 0] / 255 * top).astype(np.uint8)
    # reversible coding subtracts half of the range first: of 8 bits 128, of fewer 2^(bits-1)
    codes = shallow + np.uint8(128 - 2 ** (bits - 1))
    encoded = bytearray(saved("JPEG2000", codes, irreversible=False))
    begin = encoded.index(b"\xff\x4f\xff\x51")
    encoded[begin + 42] = bits - 1
    header = encoded.index(b"ihdr")
    encoded[header + 14] = bits - 1
    right = np.floor(shallow / top * 255 + 0.5)[..., None].repeat(3, axis=2)
    assert np.array_equal(read(bytes(encoded)), right)


def test_jpeg_2000_with_channels_of_different_depths_is_refused():
    encoded = bytearray(saved("JPEG2000"))
    encoded[encoded.index(b"\xff\x4f\xff\x51") + 45] = 5
    refused(bytes(encoded), r"different depths \(6, 8 bits\)|damaged")


def jxl(**options) -> bytes:
    pytest.importorskip("pillow_jxl")
    return saved("JXL", lossless=True, **options)


def test_jpeg_xl_size_and_orientation_come_from_its_codestream():
    for shape in ((54, 70), (48, 64), (300, 511), (8, 8), (1000, 1)):
        picture = np.zeros((*shape, 3), np.uint8)
        pytest.importorskip("pillow_jxl")
        for container in (False, True):
            assert jpeg_xl.size(saved("JXL", picture, lossless=True, use_container=container)) == shape[::-1]
    exif = Image.Exif()
    exif[0x0112] = 6
    assert np.array_equal(read(jxl(exif=exif.tobytes())), SMOOTH), (
        "the standard: EXIF's orientation does not count"
    )


def bits_first(*fields: tuple[int, int]) -> bytes:
    """Fields (value, bits), lowest bits first."""
    value, place = 0, 0
    for field, count in fields:
        value |= field << place
        place += count
    return value.to_bytes(-(-place // 8), "little")


def test_jpeg_xl_that_is_large_or_moves_is_refused_by_its_header():
    """As ISO/IEC 18181-1, D.2 and D.3 write them: the reader itself would decode before it tells."""
    side = ((0, 1), (3, 2), (40_000 - 1, 30), (1, 3))  # not small; 30 bits; as wide as high
    animation = (
        (0, 1),
        (1, 1),
        (0, 3),
        (0, 1),
        (0, 1),
        (1, 1),
    )  # not all default; extra fields; ...; it moves
    large = b"\xff\x0a" + bits_first(*side, *animation[:1], (0, 40)) + bytes(40)
    small = ((1, 1), (5, 5), (0, 3), (7, 5))  # 48 high, 64 wide
    with pytest.raises(ImageRefused, match="40000x40000 is more than"):
        pytest.importorskip("pillow_jxl")
        read(large)
    assert jpeg_xl.size(b"\xff\x0a" + bits_first(*small, (1, 1)) + bytes(40)) == (64, 48)
    with pytest.raises(ImageRefused, match="an animation"):
        jpeg_xl.size(b"\xff\x0a" + bits_first(*small, *animation) + bytes(40))
    with pytest.raises(ImageRefused, match="damaged"):
        jpeg_xl.size(b"\xff\x0a\x00")
    with pytest.raises(ImageRefused, match="without a picture"):
        jpeg_xl.size(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100))


def test_jpeg_xl_in_linear_light_is_refused_where_8_bits_are_all_there_is(monkeypatch):
    """As lossy files with a wide profile and 16-bit linear ones come out of the reader."""
    encoded = jxl()
    monkeypatch.setattr(tagged, "profile_of", lambda *_: srgb_profile(linear=True))
    refused(encoded, "JPEG XL in linear light")
    assert read(saved("PNG")).shape == SMOOTH.shape, "8-bit linear codes in a PNG are all that was ever there"
    for gamma in (1.8, 2.2, None):
        jpeg_xl.check_steps(
            profiles.from_primaries(((0.7, 0.29), (0.2, 0.7), (0.15, 0.06)), (0.3127, 0.329), gamma)
        )
    jpeg_xl.check_steps(b"?")


def test_the_bound_on_pixels_is_one_number():
    """Pillow's own bound, a tenth lower, does not come first."""
    head = struct.pack(">IIBBBBB", 14_000, 13_500, 8, 0, 0, 0, 0)  # 189 million
    rows = zlib.compress(bytes(14_001 * 20))
    cut = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    refused(cut[:-1], "made: damaged: the file ends|damaged: cut off")
    larger = cut.replace(
        chunk(b"IHDR", head), chunk(b"IHDR", struct.pack(">IIBBBBB", 14_300, 14_000, 8, 0, 0, 0, 0))
    )
    refused(larger, "more than 200000000 pixels")


def test_a_progressive_jpeg_is_measured_before_its_data_are_read(monkeypatch):
    from glint_data.images import jpeg

    encoded = saved("JPEG", progressive=True)
    at = encoded.index(b"\xff\xc2")
    huge = encoded[: at + 5] + struct.pack(">HH", 65_000, 65_000) + encoded[at + 9 :]
    monkeypatch.setattr(jpeg, "check", lambda *_: pytest.fail("read before its size was known"))
    refused(huge, "65000x65000 is more than")


def test_16_bit_png_says_nothing_on_the_terminal(capfd):
    values = SMOOTH.astype(np.uint16) * 257
    odd = chunk(b"iCCP", b"x\0\0" + zlib.compress(grey_profile(1.0)))
    assert np.array_equal(read(png(values, 2, odd)), SMOOTH)
    assert capfd.readouterr().err == ""
