"""Files of every mode to upright sRGB pixels, or refused by name."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from glint_data import images
from glint_data.errors import CannotWrite, ImageRefused


@pytest.fixture
def rgb() -> np.ndarray:
    """A small picture without symmetry, so that a turned or mirrored one differs."""
    rows, columns = np.mgrid[0:48, 0:64]
    return np.stack([rows * 5, columns * 3, (rows * columns) % 256], axis=-1).astype(np.uint8)


def saved(tmp_path, image: Image.Image, name: str, **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def test_png_keeps_every_pixel(tmp_path, rgb):
    path = tmp_path / "plain.png"
    images.write_png(path, rgb)
    assert np.array_equal(images.read_rgb(path), rgb)
    assert np.array_equal(np.asarray(Image.open(path)), rgb), "another reader sees other pixels"


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (37, 53), (300, 301)])
def test_png_of_any_size_is_read_alike_by_other_readers(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for picture in (pixels, pixels[::-1, ::-1], np.zeros_like(pixels)):
        encoded = images.encode_png(picture)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(encoded))), picture)
        assert np.array_equal(cv2.imdecode(np.frombuffer(encoded, np.uint8), -1)[..., ::-1], picture)


def test_png_is_written_from_rgb_bytes_only(rgb):
    for wrong in (rgb / 255.0, rgb[..., :2]):
        with pytest.raises(ValueError, match="uint8 RGB"):
            images.encode_png(wrong)


def test_lossless_webp_keeps_every_pixel(rgb):
    assert np.array_equal(images.decode(images.encode_webp(rgb), "x").pixels, rgb)


def test_greyscale_is_repeated(tmp_path, rgb):
    grey = rgb[..., 0]
    pixels = images.read_rgb(saved(tmp_path, Image.fromarray(grey), "grey.png"))
    assert np.array_equal(pixels, np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_16_bit_colour_is_rounded(tmp_path, name):
    values = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    path = tmp_path / name
    cv2.imwrite(str(path), values[..., ::-1])
    photo = images.read_photo(path)
    assert np.array_equal(photo.pixels, np.round(values / 65535 * 255).astype(np.uint8))
    assert "16 bits" in photo.conversions[0]


def test_16_bit_grey_is_rounded(tmp_path):
    values = np.random.default_rng(1).integers(0, 65536, (40, 50), dtype=np.uint16)
    path = tmp_path / "deep_grey.png"
    cv2.imwrite(str(path), values)
    assert np.array_equal(images.read_rgb(path)[..., 1], np.round(values / 65535 * 255).astype(np.uint8))


def test_cmyk_becomes_rgb(tmp_path):
    red = Image.new("CMYK", (64, 48), (0, 255, 255, 0))
    photo = images.read_photo(saved(tmp_path, red, "print.jpg", quality=95))
    assert photo.pixels[10, 10] == pytest.approx([255, 0, 0], abs=3)
    assert any("CMYK" in done for done in photo.conversions)


def test_exif_orientation_is_applied(tmp_path, rgb):
    image = Image.fromarray(rgb)
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned: rotate clockwise to see it upright
    path = saved(tmp_path, image, "turned.png", exif=exif)
    assert np.array_equal(images.read_rgb(path), np.rot90(rgb, -1))


def test_16_bit_colour_is_turned_upright_too(tmp_path):
    values = np.random.default_rng(2).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    encoded = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    exif = Image.Exif()
    exif[0x0112] = 8
    body = exif.tobytes().removeprefix(b"Exif\x00\x00")
    chunk = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
    turned = encoded[:33] + chunk + encoded[33:]
    expected = np.rot90(np.round(values / 65535 * 255).astype(np.uint8), 1)
    assert np.array_equal(images.decode(turned, "x").pixels, expected)


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path, rgb):
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    opaque = Image.fromarray(np.dstack([rgb, alpha]))
    assert np.array_equal(images.read_rgb(saved(tmp_path, opaque, "opaque.png")), rgb)
    alpha[0, 0] = 0
    glass = Image.fromarray(np.dstack([rgb, alpha]))
    with pytest.raises(ImageRefused, match=r"glass\.png.*transparent.*flatten"):
        images.read_rgb(saved(tmp_path, glass, "glass.png"))


def test_palette_with_transparent_entry_is_refused(tmp_path):
    image = Image.new("P", (64, 64), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    with pytest.raises(ImageRefused, match="transparent"):
        images.read_rgb(saved(tmp_path, image, "palette.png", transparency=0))


def test_wide_gamut_profile_is_converted(tmp_path, rgb):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tagged = saved(tmp_path, Image.fromarray(rgb), "srgb.png", icc_profile=lab)
    assert np.abs(images.read_rgb(tagged).astype(int) - rgb).max() <= 2


def test_unreadable_profile_is_named(tmp_path, rgb):
    path = saved(tmp_path, Image.fromarray(rgb), "odd.png", icc_profile=b"no profile at all")
    photo = images.read_photo(path)
    assert np.array_equal(photo.pixels, rgb)
    assert "profile ignored" in photo.conversions[0]


def test_animation_is_refused(tmp_path, rgb):
    frames = [Image.fromarray(rgb), Image.fromarray(255 - rgb)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageRefused, match="animation of 2 frames"):
        images.read_rgb(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp"])
def test_truncated_file_is_refused(tmp_path, rgb, ending):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, {"jpg": "jpeg", "tif": "tiff"}.get(ending, ending))
    path = tmp_path / f"half.{ending}"
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(ImageRefused, match=f"half.{ending}"):
        images.read_rgb(path)


def test_no_image_and_empty_file_are_refused(tmp_path):
    (tmp_path / "letter.png").write_text("dear reader")
    (tmp_path / "empty.png").touch()
    with pytest.raises(ImageRefused, match="not an image"):
        images.read_rgb(tmp_path / "letter.png")
    with pytest.raises(ImageRefused, match="empty"):
        images.read_rgb(tmp_path / "empty.png")
    with pytest.raises(ImageRefused, match="No such file"):
        images.read_rgb(tmp_path / "absent.png")


def test_decompression_bomb_is_refused_unopened():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + chunk_type + body + struct.pack(">I", zlib.crc32(chunk_type + body))
        for chunk_type, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    )
    with pytest.raises(ImageRefused, match=r"60000x60000 is more than|exceeds limit|pixels"):
        images.decode(b"\x89PNG\r\n\x1a\n" + chunks, "bomb.png")


def test_hash_knows_shape_and_every_value(rgb):
    changed = rgb.copy()
    changed[7, 9, 1] ^= 1
    hashes = {images.pixel_hash(picture) for picture in (rgb, changed, rgb.reshape(64, 48, 3))}
    assert len(hashes) == 3
    assert images.pixel_hash(rgb.copy()) in hashes


def test_unwritable_target_is_a_sentence(tmp_path, rgb):
    with pytest.raises(CannotWrite, match="cannot be written"):
        images.write_png(tmp_path / "absent" / "x.png", rgb)
    assert not list(tmp_path.iterdir())
