"""Colours by what a file says of them, whatever it calls itself: profiles, chunks, boxes, palettes."""

import io
import struct
import zlib

import numpy as np
import pytest
from images.making import chunk, grey_profile, png, srgb_profile, table_profile
from PIL import Image, ImageCms

from glint_data import images
from glint_data.errors import ImageRefused
from glint_data.images import profiles

CODES = np.random.default_rng(5).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def saved(image: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def managed(codes: np.ndarray, profile: bytes) -> np.ndarray:
    """What colour management makes of 8-bit RGB."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    return np.asarray(
        ImageCms.profileToProfile(Image.fromarray(codes), source, target, outputMode="RGB", renderingIntent=1)
    )


def off(encoded: bytes, right: np.ndarray) -> int:
    return int(np.abs(images.decode(encoded, "made").pixels.astype(int) - right).max())


@pytest.mark.parametrize("name", ["sRGB IEC61966-2.1", "my sRGB", "no such word", ""])
def test_a_name_says_nothing(name):
    image = Image.fromarray(CODES)
    assert off(saved(image, "PNG", icc_profile=srgb_profile(name)), CODES) == 0
    linear = srgb_profile(name, linear=True)
    assert off(saved(image, "PNG", icc_profile=linear), managed(CODES, linear)) == 0
    assert off(saved(image, "PNG", icc_profile=linear), CODES) > 50


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF"])
def test_profiles_count_in_every_format(form):
    profile = srgb_profile("Wide", swapped=True)
    smooth = np.asarray(Image.fromarray(CODES[:6, :8]).resize((64, 48)))
    options = {"lossless": True} if form == "WEBP" else {"quality": 95} if form in ("JPEG", "AVIF") else {}
    encoded = saved(Image.fromarray(smooth), form, icc_profile=profile, **options)
    plain = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
    assert off(encoded, managed(plain, profile)) == 0
    assert not np.array_equal(managed(plain, profile), plain)


def test_palettes_have_profiles_too():
    profile = srgb_profile("Wide", swapped=True)
    palette = Image.fromarray(CODES).quantize(64)
    right = managed(np.asarray(palette.convert("RGB")), profile)
    assert off(saved(palette, "PNG", icc_profile=profile), right) == 0
    assert off(saved(palette, "TIFF", icc_profile=profile), right) == 0
    gif = saved(palette, "GIF")
    blocks = b"".join(
        bytes([len(part)]) + part for part in (profile[at : at + 255] for at in range(0, len(profile), 255))
    )
    begin = gif.index(b"\x2c", 13 + 3 * 2 ** (1 + (gif[10] & 7)))
    marked = gif[:begin] + b"\x21\xff\x0bICCRGBG1012" + blocks + b"\0" + gif[begin:]
    assert off(marked, right) == 0


def test_grey_pictures_with_grey_and_colour_profiles():
    grey = Image.fromarray(CODES[..., 0])
    linear = grey_profile(1.0)
    unit = CODES[..., :1] / 255
    encoded = np.where(unit <= 0.0031308, unit * 12.92, 1.055 * unit ** (1 / 2.4) - 0.055)
    right = np.repeat(np.round(encoded * 255), 3, axis=2)
    assert off(saved(grey, "PNG", icc_profile=linear), right) <= 1
    colour = srgb_profile(linear=True)
    assert off(saved(grey, "PNG", icc_profile=colour), right) <= 1
    deep = CODES[..., :1].astype(np.uint16) * 257
    for profile in (linear, colour):
        assert off(saved(Image.fromarray(deep[..., 0]), "PNG", icc_profile=profile), right) <= 1
    photo = images.decode(saved(Image.fromarray(CODES), "PNG", icc_profile=linear), "x")
    assert "profile ignored" in photo.conversions[0], "a grey profile says nothing about colours"


@pytest.mark.parametrize("deep", [False, True])
def test_png_chunks_in_the_order_of_the_specification(deep):
    values = CODES.astype(np.uint16) * 257 if deep else CODES
    linear = managed(CODES, srgb_profile(linear=True))
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    usual = chunk(b"gAMA", struct.pack(">I", 45_455))
    srgb = chunk(b"sRGB", b"\0")
    here = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
    assert off(png(values, 2, gamma), linear) <= 1
    assert off(png(values, 2, gamma, here), linear) <= 1
    assert off(png(values, 2, usual), CODES) == 0
    assert off(png(values, 2, usual, here), CODES) == 0
    assert off(png(values, 2, srgb, gamma), CODES) == 0
    assert off(png(values, 2, chunk(b"cICP", bytes([1, 13, 0, 1])), gamma), CODES) == 0
    assert off(png(values, 2, chunk(b"cICP", bytes([1, 8, 0, 1])), srgb), linear) <= 1
    for transfer in (16, 18):
        with pytest.raises(ImageRefused, match="high dynamic range"):
            images.decode(png(values, 2, chunk(b"cICP", bytes([9, transfer, 0, 1]))), "x")


def test_display_p3_by_numbers_is_the_published_matrix():
    """Linear Display P3 to linear sRGB as CSS Color 4 gives it (both D65)."""
    matrix = np.array([[1.22494, -0.22494, 0], [-0.04206, 1.04206, 0], [-0.01964, -0.07864, 1.09827]])
    unit = CODES / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4) @ matrix.T
    linear = np.clip(linear, 0, 1)
    right = np.round(255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))
    p3 = chunk(b"cICP", bytes([12, 13, 0, 1]))
    assert off(png(CODES, 2, p3), right) <= 2
    assert off(png(CODES.astype(np.uint16) * 257, 2, p3), right) <= 1


@pytest.mark.parametrize("form", ["AVIF", "HEIF"])
def test_numbers_of_avif_and_heic_count_as_those_of_png(form):
    """The box colr of the kind nclx: primaries and transfer, two bytes each."""
    if form == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    even = np.full((48, 64, 3), (200, 40, 90), np.uint8)
    encoded = saved(Image.fromarray(even), form, quality=95)
    plain = images.decode(encoded, "x").pixels
    at = encoded.index(b"colrnclx") + 8
    for primaries, transfer in ((12, 13), (1, 8)):
        numbers = primaries.to_bytes(2) + transfer.to_bytes(2)
        marked = encoded[:at] + numbers + encoded[at + 4 :]
        right = images.decode(png(plain, 2, chunk(b"cICP", bytes([primaries, transfer, 0, 1]))), "x").pixels
        assert off(marked, right) <= 1
        assert not np.array_equal(right, plain)
    with pytest.raises(ImageRefused, match="high dynamic range"):
        images.decode(encoded[:at] + bytes([0, 9, 0, 16]) + encoded[at + 4 :], "x")


def test_curves_are_those_of_the_profile_format():
    """Tables and formulas (ICC.1:2022, 10.6 and 10.18) against Little CMS."""
    base = bytearray(srgb_profile())
    formulas = {
        0: (2.2,),
        1: (2.0, 0.9, 0.1),
        2: (2.0, 0.9, 0.02, 0.05),
        3: (2.4, 0.948, 0.052, 0.077, 0.04),
        4: (2.4, 0.9, 0.05, 0.07, 0.04, 0.01, 0.0),
    }
    deep = np.repeat(np.arange(0, 65536, 257, dtype=np.uint16)[None, :, None], 48, axis=0).repeat(3, axis=2)
    for form, numbers in formulas.items():
        curve = b"para" + bytes(4) + struct.pack(">HH", form, 0)
        curve += struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
        profile = bytearray(base)
        for entry in range(struct.unpack_from(">I", base, 128)[0]):
            at = 132 + 12 * entry
            if bytes(base[at + 1 : at + 4]) == b"TRC":
                profile[at + 4 : at + 12] = struct.pack(">II", len(base), len(curve))
        profile = bytes(profile) + curve
        profile = struct.pack(">I", len(profile)) + profile[4:]
        codes = (deep // 257).astype(np.uint8)
        assert off(saved(Image.fromarray(codes), "PNG", icc_profile=profile), managed(codes, profile)) == 0
        assert off(png(deep, 2, iccp(profile)), managed(codes, profile)) <= 1, form


def iccp(profile: bytes) -> bytes:
    import zlib

    return chunk(b"iCCP", b"any\0\0" + zlib.compress(profile))


def test_damaged_profiles_are_named_and_pixels_kept():
    for profile in (b"?", b"no profile", srgb_profile()[:200], bytes(4000)):
        for values in (CODES, CODES.astype(np.uint16) * 257):
            photo = images.decode(png(values, 2, iccp(profile)), "x")
            assert np.array_equal(photo.pixels, CODES)
            assert any("profile ignored" in done for done in photo.conversions), photo.conversions


def test_made_profiles_are_read_alike_by_little_cms_and_here():
    made = profiles.from_primaries(((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), (0.3127, 0.3290), None)
    assert profiles.is_srgb(made)
    wide = profiles.from_primaries(((0.708, 0.292), (0.17, 0.797), (0.131, 0.046)), (0.3127, 0.3290), 2.2)
    shaper = profiles.shaper_of(wide)
    ours = np.round(shaper.to_srgb(CODES / 255) * 255)
    assert np.abs(ours - managed(CODES, wide)).max() <= 1


def test_profiles_of_tables_count_at_full_depth():
    """A table that says the same as linear curves: 16-bit shadows keep the levels between two 8-bit codes."""
    codes = np.stack([np.arange(0, 65536, 31, dtype=np.uint16)[:2112].reshape(48, 44)] * 3, axis=-1)
    by_table, by_curves = (
        images.decode(png(codes, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))), "made")
        for profile in (table_profile(), srgb_profile(linear=True))
    )
    assert "converted from table" in by_table.conversions[1]
    off = np.abs(by_table.pixels.astype(int) - by_curves.pixels)
    assert off.max() <= 2 and off.mean() < 0.5
    assert len(np.unique(by_table.pixels)) > 230, "8-bit linear codes have 184 colours"
