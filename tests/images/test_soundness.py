"""Damaged, foreign and oversized files: refused by name, whatever their ending."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from images.making import chunk, png
from PIL import Image

from glint_data import images
from glint_data.errors import ImageRefused

SMOOTH = np.asarray(
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (20, 24, 3), dtype=np.uint8)).resize((240, 200))
)


def saved(form: str, picture=SMOOTH, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, form, **options)
    return out.getvalue()


def read(encoded: bytes, name: str = "made.jpg") -> np.ndarray:
    return images.decode(encoded, name).pixels


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 4}, {"quality": 30}],
    ids=str,
)
def test_damaged_jpegs_are_refused_and_whole_ones_read(options):
    intact = saved("JPEG", **options)
    assert np.array_equal(read(intact), np.asarray(Image.open(io.BytesIO(intact)).convert("RGB")))
    middle = len(intact) * 3 // 5
    for damaged in (
        intact[:middle] + intact[middle + 300 :],
        intact[:middle] + bytes(300) + intact[middle + 300 :],
        intact[: len(intact) // 2] + b"\xff\xd9",
        intact[:middle],
        intact[: middle // 2] + intact[middle:],
    ):
        with pytest.raises(ImageRefused, match=r"made\.jpg: damaged"):
            read(damaged)


def test_padding_before_the_end_is_no_damage():
    intact = saved("JPEG")
    for padding in (1, 4, 1000):
        assert np.array_equal(read(intact[:-2] + bytes(padding) + intact[-2:]), read(intact))
    assert np.array_equal(read(intact + b"what a phone appends"), read(intact))
    with pytest.raises(ImageRefused, match="damaged"):
        read(intact[:-2] + intact[-200:-2] + bytes(40) + intact[-2:])


def test_grey_and_cmyk_jpegs_are_judged_too():
    for image in (Image.fromarray(SMOOTH[..., 0]), Image.fromarray(SMOOTH).convert("CMYK")):
        out = io.BytesIO()
        image.save(out, "JPEG")
        intact = out.getvalue()
        assert np.array_equal(read(intact), np.asarray(Image.open(io.BytesIO(intact)).convert("RGB")))
        with pytest.raises(ImageRefused, match="damaged"):
            read(intact[: len(intact) // 2] + b"\xff\xd9")


def test_multi_picture_jpegs_are_their_first_picture():
    out = io.BytesIO()
    Image.fromarray(SMOOTH).save(out, "MPO", save_all=True, append_images=[Image.fromarray(255 - SMOOTH)])
    assert np.abs(read(out.getvalue()).astype(int) - SMOOTH).mean() < 5


@pytest.mark.parametrize("interlaced", [False, True])
def test_every_flipped_byte_of_a_png_is_noticed(interlaced):
    values = SMOOTH[:48, :64].astype(np.uint16) * 257
    intact = png(values, 2, chunk(b"gAMA", struct.pack(">I", 45455)), interlaced=interlaced)
    assert np.array_equal(read(intact), SMOOTH[:48, :64])
    for at in range(8, len(intact), 101):
        with pytest.raises(ImageRefused, match=r"made\.jpg"):
            read(intact[:at] + bytes([intact[at] ^ 4]) + intact[at + 1 :])
    for keep in (20, 60, len(intact) - 13, len(intact) - 1):
        with pytest.raises(ImageRefused, match=r"made\.jpg"):
            read(intact[:keep])


@pytest.mark.parametrize("deep", [False, True])
def test_a_png_with_sound_checksums_but_too_few_rows_is_refused(deep):
    values = SMOOTH.astype(np.uint16) * 257 if deep else SMOOTH
    intact = png(values, 2)
    begin = intact.index(b"IDAT") - 4
    rows = zlib.decompress(intact[begin + 8 : -16])
    cut = intact[:begin] + chunk(b"IDAT", zlib.compress(rows[: len(rows) // 2])) + chunk(b"IEND", b"")
    with pytest.raises(ImageRefused, match="damaged"):
        read(cut)


@pytest.mark.parametrize("form", ["WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "AVIF", "PPM"])
def test_cut_files_of_other_formats_are_refused(form):
    intact = saved(form)
    read(intact)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(ImageRefused, match=r"made\.jpg"):
            read(intact[: int(len(intact) * share)])


def test_transparency_of_16_bit_png_by_key_and_by_channel():
    values = SMOOTH[:48, :64].astype(np.uint16) * 257
    key = struct.pack(">HHH", *values[3, 4])
    for encoded in (
        png(values, 2, chunk(b"tRNS", key)),
        png(values[..., :1], 0, chunk(b"tRNS", key[:2])),
        png(np.dstack([values, values[..., :1]]), 6),
        png(np.dstack([values[..., :1], values[..., :1]]), 4),
    ):
        with pytest.raises(ImageRefused, match="transparent"):
            read(encoded)
    opaque = np.full((48, 64, 1), 65535, np.uint16)
    assert np.array_equal(read(png(np.dstack([values, opaque]), 6)), SMOOTH[:48, :64])
    grey = np.repeat(SMOOTH[:48, :64, :1], 3, axis=2)
    assert np.array_equal(read(png(np.dstack([values[..., :1], opaque]), 4)), grey)
    unused = struct.pack(">H", 1)
    assert np.array_equal(read(png(values[..., :1], 0, chunk(b"tRNS", unused))), grey)


def test_deep_jpeg_2000_is_rounded_not_cut():
    import cv2

    values = np.random.default_rng(0).integers(0, 65536, (48, 64, 3), dtype=np.uint16)
    encoded = cv2.imencode(".jp2", values[..., ::-1], [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])[1]
    assert np.array_equal(read(encoded.tobytes()), np.floor(values / 257 + 0.5))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(40), "PostScript"),
        (b"\n\n<!DOCTYPE html><html></html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"%PDF-1.7\n", "PDF"),
        (b'<?xml version="1.0"?><svg/>', "SVG"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(50), "RAW"),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (b"dear reader", "not an image"),
    ],
)
def test_foreign_content_is_named_under_any_ending(content, said):
    for name in ("x.jpg", "x.png", "x.tif"):
        with pytest.raises(ImageRefused, match=said):
            images.decode(content, name)


def test_no_interpreter_is_started_for_postscript(monkeypatch):
    out = io.BytesIO()
    Image.fromarray(SMOOTH).save(out, "EPS")
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("Ghostscript was started"))
    for name in ("x.jpg", "x.eps", "x"):
        with pytest.raises(ImageRefused, match="PostScript"):
            images.decode(out.getvalue(), name)


@pytest.mark.parametrize("ending", ["CR2", "nef", "ARW", "dng", "raf"])
def test_raw_files_are_refused_by_their_ending(tmp_path, ending):
    file = tmp_path / f"a.{ending}"
    file.write_bytes(saved("TIFF"))
    with pytest.raises(ImageRefused, match=f"a.{ending}: a camera's RAW file.*16-bit TIFF"):
        images.read_rgb(file)


@pytest.mark.parametrize(
    ("module", "package", "mark"),
    [
        ("pillow_heif", "pillow-heif", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("pillow_jxl", "pillow-jxl-plugin", b"\xff\x0a" + bytes(40)),
    ],
)
def test_a_missing_package_is_named(monkeypatch, module, package, mark):
    from glint_data.images import formats

    formats._register.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImageRefused, match=f"need the package {package}: pip install {package}"):
        images.decode(mark, "x.png")
    formats._register.cache_clear()


@pytest.mark.parametrize(("module", "form"), [("pillow_heif", "HEIF"), ("pillow_jxl", "JXL")])
def test_heic_and_jpeg_xl_are_read_where_nothing_ran_before(tmp_path, module, form):
    plugin = pytest.importorskip(module)
    if form == "HEIF":
        plugin.register_heif_opener()
    options = {"lossless": True} if form == "JXL" else {"quality": 95}
    (tmp_path / "made.bin").write_bytes(saved(form, **options))
    script = (
        "import sys; from glint_data import images; "
        f"assert '{module}' not in sys.modules; print(images.read_rgb(sys.argv[1])[50, 60].tolist())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "made.bin")], capture_output=True, text=True, check=True
    )
    shown = np.array([int(word) for word in answer.stdout.strip(" []\n").split(",")])
    assert np.abs(shown - SMOOTH[50, 60]).max() <= (0 if form == "JXL" else 20)
    intact = (tmp_path / "made.bin").read_bytes()
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(ImageRefused, match=r"made\.bin"):
            images.decode(intact[: int(len(intact) * share)], "made.bin")


def test_memory_is_bounded_before_decoding():
    head = struct.pack(">IIBBBBB", 13_000, 13_000, 16, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100)))
    with pytest.raises(ImageRefused, match=r"13000x13000 of this depth would take 1\.9 GB"):
        read(bomb + chunk(b"IEND", b""))


@pytest.mark.parametrize(("highest", "code"), [(100, "u1"), (300, ">u2")])
def test_values_above_the_highest_that_a_ppm_names_are_refused(highest, code):
    header = b"P6\n4 3\n%d\n" % highest
    values = np.arange(36) % (highest + 1)
    pixels = read(header + values.astype(code).tobytes(), "made.ppm")
    assert np.abs(pixels.ravel() - values * (255 / highest)).max() <= 0.5
    values[7] = highest + 1
    with pytest.raises(ImageRefused, match=f"holds the value {highest + 1} where its header names {highest}"):
        read(header + values.astype(code).tobytes(), "made.ppm")
