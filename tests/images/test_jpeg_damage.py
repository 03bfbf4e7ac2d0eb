"""Damage within a JPEG that libjpeg does not warn of: found where blocks come out as no encoder makes them."""

import io
import itertools

import numpy as np
import pytest
import skimage.data
from images.making import flat_jpeg
from PIL import Image

from glint_data import images
from glint_data.errors import ImageRefused
from glint_data.images import jpeg, sequential

PHOTO = Image.fromarray(skimage.data.chelsea()[20:180, 100:308])
GREY = [(1, 1)]


def saved(photo=PHOTO, **options) -> bytes:
    out = io.BytesIO()
    photo.save(out, "JPEG", **options)
    return out.getvalue()


def passes(encoded: bytes) -> bool:
    try:
        images.decode(encoded, "made.jpg")
    except ImageRefused:
        return False
    return True


def pixels(encoded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(int)


def test_every_sound_jpeg_passes():
    for quality, subsampling, optimize in itertools.product((1, 30, 75, 100), (0, 1, 2), (False, True)):
        intact = saved(quality=quality, subsampling=subsampling, optimize=optimize)
        assert sequential.what_is_wrong(intact) is None and passes(intact)
    for options in ({"restart_marker_blocks": 1}, {"restart_marker_rows": 1}, {"progressive": True}):
        assert passes(saved(**options)), options
    for mode in ("L", "CMYK"):
        assert passes(saved(PHOTO.convert(mode))), mode
    for size in ((48, 48), (49, 63), (1, 1), (8, 300), (17, 5)):
        assert passes(saved(PHOTO.resize(size))), size
    generator = np.random.default_rng(1)
    for quality in (5, 50, 100):
        extreme = Image.fromarray(255 * generator.integers(0, 2, (96, 96, 3), dtype=np.uint8))
        assert passes(saved(extreme, quality=quality)), quality


@pytest.mark.parametrize(
    "sampling",
    [[(1, 1)] * 3, [(2, 2), (1, 1), (1, 1)], [(3, 1), (1, 1), (1, 1)], [(1, 1), (2, 1), (1, 2)]],
    ids=str,
)
@pytest.mark.parametrize("padding", [0, 1])
def test_made_jpegs_of_any_sampling_pass(sampling, padding):
    planes = [np.arange(6 * tall * 7 * wide).reshape(6 * tall, 7 * wide) % 256 for wide, tall in sampling]
    encoded = flat_jpeg(planes, sampling, padding)
    assert sequential.what_is_wrong(encoded) is None
    assert np.array_equal(images.decode(encoded, "made").pixels, pixels(encoded))


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (lambda bits: bits[:-40], "its data end before its last block"),
        (lambda bits: bits[:300] + "1" * 16 + bits[316:], "its data hold a code that is none"),
        # a difference of +255 (category 8: 1111110), twice
        (
            lambda bits: ("1111110" + "1" * 8 + "0") * 3 + bits[48:],
            "brighter or darker than 8 bits can be|code",
        ),
        (lambda bits: bits + "01", "its data do not end with their last block"),
    ],
)
def test_what_is_wrong_is_said(bend, said):
    plane = np.tile(np.array([[120, 130]]), (6, 5))
    encoded = flat_jpeg([plane], GREY, bend=bend)
    with pytest.raises(ImageRefused, match=rf"made\.jpg: damaged: .*({said}|premature|Corrupt)"):
        images.decode(encoded, "made.jpg")
    assert sequential.what_is_wrong(encoded) is not None


def test_levels_that_drift_out_of_range_are_damage():
    """A flipped bit in the first difference shifts all blocks that follow; libjpeg clips them without a word."""
    plane = np.full((6, 10), 250)
    plane[2:] = 5

    def flipped(bits):
        assert bits.startswith("11110" + "1111010"), "122, which is of category 7"
        return bits[:5] + "0" + bits[6:]  # and now -69

    assert sequential.what_is_wrong(flat_jpeg([plane], GREY)) is None
    drifted = flat_jpeg([plane], GREY, bend=flipped)
    jpeg._entropy_decoded(drifted)
    assert "brighter or darker than 8 bits" in sequential.what_is_wrong(drifted)


def test_zeros_are_damage_where_they_stand_for_levels_and_none_in_flat_areas():
    intact = saved()
    for at in range(intact.rindex(b"\xff\xda") + 14, len(intact) - 30, len(intact) // 25):
        assert not passes(intact[:at] + bytes(20) + intact[at + 20 :]), at
    flat = saved(Image.new("RGB", (800, 600), (200, 30, 90)), optimize=True)
    assert bytes(20) in flat and passes(flat)


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ({"quality": 90}, 3),
        ({}, 3),
        ({"optimize": True, "quality": 92}, 3),
        ({"restart_marker_blocks": 4}, 3),
    ],
    ids=str,
)
def test_a_hundred_bytes_of_damage_seldom_pass(options, most):
    """120 cases each, holes, zeros and noise; libjpeg's warnings alone let many more through."""
    generator, intact = np.random.default_rng(3), saved(**options)
    begin, passed = intact.rindex(b"\xff\xda") + 14, 0
    for case in range(120):
        at = int(generator.integers(begin, len(intact) - 110))
        noise = generator.integers(0, 256, 100, dtype=np.uint8).tobytes()
        damaged = intact[:at] + (b"", bytes(100), noise)[case % 3] + intact[at + 100 :]
        try:
            jpeg._entropy_decoded(damaged)
        except ValueError:
            continue
        passed += sequential.what_is_wrong(damaged) is None
    assert passed <= most
