"""TIFF of any depth, layout and meaning: the values that stand in it, rounded once, or a refusal by name."""

import io
import itertools

import numpy as np
import pytest
import tifffile
from images.making import DEFLATE, LZMA, LZW, NONE, PACKBITS, ZSTD, grey_profile, srgb_profile, tiff
from PIL import Image, ImageCms

from glint_data import images
from glint_data.errors import ImageRefused

GENERATOR = np.random.default_rng(11)
DEEP = GENERATOR.integers(0, 65536, (37, 53, 3), dtype=np.uint16)
GREY = DEEP[..., :1]
RIGHT = np.floor(DEEP / 65535 * 255 + 0.5).astype(np.uint8)


def grey_of(right: np.ndarray) -> np.ndarray:
    return np.repeat(right[..., :1], 3, axis=2)


def read(encoded: bytes) -> np.ndarray:
    return images.decode(encoded, "made.tif").pixels


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS, LZMA, ZSTD])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_16_bit_colour_in_every_layout(compression, tile):
    for planar, order, predictor in itertools.product((False, True), "<>", (1, 2)):
        if predictor == 2 and compression in (NONE, PACKBITS):
            continue
        encoded = tiff(DEEP, 2, order, planar, tile, compression=compression, predictor=predictor)
        assert np.array_equal(read(encoded), RIGHT), (planar, order, predictor)


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE])
def test_8_bit_samples_in_every_layout(compression):
    opaque = np.dstack([RIGHT, np.full((37, 53), 255, np.uint8)])
    for planar, tile, order in itertools.product((False, True), (None, (16, 32)), "<>"):
        layout = {"order": order, "planar": planar, "tile": tile, "compression": compression}
        assert np.array_equal(read(tiff(RIGHT, 2, **layout)), RIGHT), layout
        assert np.array_equal(read(tiff(opaque, 2, **layout, more=((338, 3, (2,)),))), RIGHT), layout
        assert np.array_equal(read(tiff(RIGHT[..., :1], 1, **layout)), grey_of(RIGHT)), layout


@pytest.mark.parametrize("order", "<>")
def test_white_may_be_zero_at_any_depth(order):
    assert np.array_equal(read(tiff(65535 - GREY, 0, order)), grey_of(RIGHT))
    assert np.array_equal(read(tiff(255 - RIGHT[..., :1], 0, order)), grey_of(RIGHT))
    assert np.array_equal(read(tiff(255 - RIGHT[..., :1], 0, order, planar=True)), grey_of(RIGHT))
    wide = GREY.astype(np.uint32) * 65537
    assert np.array_equal(read(tiff(0xFFFFFFFF - wide, 0, order)), grey_of(RIGHT))
    for data_type in (np.float32, np.float64):
        unit = (GREY / 65535).astype(data_type)
        assert np.array_equal(read(tiff(1 - unit, 0, order)), grey_of(RIGHT))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("predictor", [1, 3])
def test_floating_point_in_0_to_1(kind, predictor):
    unit = (DEEP / 65535).astype(kind)
    for planar, order in itertools.product((False, True), "<>"):
        encoded = tiff(unit, 2, order, planar, compression=DEFLATE, predictor=predictor)
        assert np.array_equal(read(encoded), RIGHT), (planar, order)
    half = read(tiff(unit.astype(np.float16), 2))
    assert np.abs(half.astype(int) - RIGHT).max() <= 1
    for wrong, said in ((unit * 2, "outside 0..1"), (np.full_like(unit, np.nan), "not finite")):
        with pytest.raises(ImageRefused, match=said):
            read(tiff(wrong, 2))


def test_32_bit_integers_are_of_their_own_range():
    assert np.array_equal(read(tiff(DEEP.astype(np.uint32) * 65537, 2)), RIGHT)
    with pytest.raises(ImageRefused, match="all black"):
        read(tiff(DEEP.astype(np.uint32), 2))


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32])
def test_signed_integers_are_refused(kind):
    for photometric, values in ((1, GREY), (2, DEEP)):
        with pytest.raises(ImageRefused, match=r"made\.tif: holds signed numbers"):
            read(tiff((values >> 9).astype(kind), photometric))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_depths(bits):
    values = DEEP >> (16 - bits)
    digits = (values.reshape(37, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
    rows = np.packbits(digits.reshape(37, -1).astype(np.uint8), axis=1)
    encoded = bytearray(tiff(rows[..., None], 1, rows=37))
    with tifffile.TiffFile(io.BytesIO(encoded)) as file:
        tags = file.pages[0].tags
        for name, value in (("ImageWidth", 53), ("SamplesPerPixel", 3), ("PhotometricInterpretation", 2)):
            tag = tags[name]
            size = 2 if tag.dtype == 3 else 4
            encoded[tag.valueoffset : tag.valueoffset + size] = value.to_bytes(size, "little")
        tag = tags["BitsPerSample"]
        encoded[tag.valueoffset : tag.valueoffset + 2] = bits.to_bytes(2, "little")
    right = np.floor(values / (2**bits - 1) * 255 + 0.5)
    assert np.array_equal(read(bytes(encoded)), right)


@pytest.mark.parametrize("alpha", [1, 2])
def test_alpha_is_dropped_where_opaque_and_refused_elsewhere(alpha):
    tag = ((338, 3, (alpha,)),)
    opaque = np.dstack([DEEP, np.full((37, 53), 65535, np.uint16)])
    for planar in (False, True):
        assert np.array_equal(read(tiff(opaque, 2, planar=planar, more=tag)), RIGHT)
    glass = opaque.copy()
    glass[3, 4, 3] = 65534
    with pytest.raises(ImageRefused, match="transparent"):
        read(tiff(glass, 2, more=tag))
    grey = np.dstack([GREY, opaque[..., 3]])
    assert np.array_equal(read(tiff(grey, 1, more=tag)), grey_of(RIGHT))
    assert np.array_equal(read(tiff(glass, 2, more=((338, 3, (0,)),))), RIGHT), "0: no alpha, something else"


def test_cmyk_of_16_bits_is_that_of_8():
    ink = np.dstack([DEEP, DEEP[::-1, :, 0]])
    codes = np.floor(ink / 65535 * 255 + 0.5).astype(np.uint8)
    right = np.asarray(Image.frombytes("CMYK", (53, 37), codes.tobytes()).convert("RGB"))
    for planar in (False, True):
        assert np.array_equal(read(tiff(ink, 5, planar=planar)), right)
    assert np.array_equal(read(tiff(codes, 5)), right)


def test_orientation():
    turns = {2: np.fliplr, 3: lambda p: np.rot90(p, 2), 4: np.flipud, 6: lambda p: np.rot90(p, -1)}
    turns |= {5: lambda p: np.rot90(np.flipud(p), -1), 7: lambda p: np.rot90(np.flipud(p)), 8: np.rot90}
    for turn, right in turns.items():
        for values in (DEEP, RIGHT):
            encoded = tiff(values, 2, more=((274, 3, (turn,)),))
            assert np.array_equal(read(encoded), right(RIGHT)), (turn, values.dtype)


@pytest.mark.parametrize("values", [DEEP, RIGHT], ids=["deep", "plain"])
def test_the_picture_is_the_first_full_page(values):
    def written(*pages):
        out = io.BytesIO()
        with tifffile.TiffWriter(out) as writer:
            for page, reduced in pages:
                writer.write(page, photometric="rgb", subfiletype=reduced)
        return out.getvalue()

    small = values[::3, ::3]
    assert np.array_equal(read(written((small, 1), (values, 0))), RIGHT)
    assert np.array_equal(read(written((small, 1), (small, 1), (values, 0), (small, 0))), RIGHT)
    assert np.array_equal(read(written((values, 0), (small, 1))), RIGHT)
    assert read(written((small, 1))).shape == (*small.shape[:2], 3), "a sole page is the picture"
    photo = images.decode(written((small, 1), (values, 0)), "x")
    assert "page 2" in photo.conversions[0]


def test_a_profile_counts_at_full_depth():
    """Linear values: 16 bits hold the dark levels that 8 linear bits lack."""
    codes = np.tile(np.arange(256, dtype=np.uint8), (48, 1))[..., None]
    unit = codes / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    deep = np.floor(linear * 65535 + 0.5).astype(np.uint16)
    colours = np.repeat(codes, 3, axis=2)
    grey = read(tiff(deep, 1, more=((34675, 7, grey_profile(1.0)),)))
    assert np.abs(grey.astype(int) - colours).max() <= 1
    rgb = read(tiff(np.repeat(deep, 3, axis=2), 2, more=((34675, 7, srgb_profile("sRGB", linear=True)),)))
    assert np.abs(rgb.astype(int) - colours).max() <= 1
    inverted = read(tiff(65535 - deep, 0, more=((34675, 7, grey_profile(1.0)),)))
    assert np.abs(inverted.astype(int) - colours).max() <= 1


def test_16_bit_colours_are_converted_as_little_cms_converts_8():
    codes = GENERATOR.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    for profile in (srgb_profile(swapped=True), srgb_profile(linear=True, swapped=True)):
        right = ImageCms.profileToProfile(
            Image.fromarray(codes),
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=1,
        )
        ours = read(tiff(codes.astype(np.uint16) * 257, 2, more=((34675, 7, profile),)))
        assert np.abs(ours.astype(int) - np.asarray(right)).max() <= 1


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, ZSTD])
def test_a_cut_file_is_refused(compression):
    encoded = tiff(DEEP, 2, compression=compression, rows=37)
    head = bytearray(encoded[:8])
    for keep in (0.3, 0.8):
        with pytest.raises(ImageRefused, match=r"made\.tif"):
            read(bytes(head) + encoded[8 : int(len(encoded) * keep)])
    with tifffile.TiffFile(io.BytesIO(encoded)) as file:
        offset, count = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    hole = (
        encoded[: offset + count // 2] + b"\xff" * (count // 3) + encoded[offset + count // 2 + count // 3 :]
    )
    if compression in (LZW, DEFLATE):  # the others have no checksum
        with pytest.raises(ImageRefused, match=r"made\.tif"):
            read(hole)


def test_sparse_and_foreign_layouts_are_sentences():
    intact = tiff(DEEP, 2, more=((338, 3, (0,)),))
    for wrong in (
        tiff(DEEP, 6),  # 16-bit YCbCr
        tiff(DEEP, 8),  # 16-bit Lab
        tiff(DEEP, 32803),  # a colour filter array
        intact.replace((7).to_bytes(4, "little"), (0).to_bytes(4, "little")),
    ):
        with pytest.raises(ImageRefused, match=r"made\.tif: "):
            read(wrong)
