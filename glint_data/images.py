"""Files to pixels and back: the only room that knows codecs, colour profiles and colour order.

Everywhere else an image is a uint8 array of shape (height, width, 3) in sRGB, upright.
"""

import hashlib
import io
import os
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glint_data.errors import GlintError, ImageRefused
from glint_data.storage.files import read_bytes, write_atomically
from glint_data.storage.places import is_remote, place

EXTENSIONS = frozenset(
    f".{ending}"
    for ending in (
        *("png", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "tif", "tiff", "webp"),
        *("ppm", "pgm", "pnm", "gif", "jp2", "j2k", "avif", "heic", "heif", "jxl"),
    )
)
MAX_PIXELS = 200_000_000
"""Larger images are refused before they are decoded: 200 megapixels are 600 MB of RGB."""

EMPTY = "{}: the file is empty (0 bytes)"

_SIXTEEN_BIT_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True)
class Photo:
    """A decoded file: `pixels` uint8 (height, width, 3) sRGB and what was done on the way to them."""

    pixels: np.ndarray
    conversions: tuple[str, ...]


def read_rgb(path: str | os.PathLike, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The file's pixels, uint8 (height, width, 3), sRGB, upright. Raises `ImageRefused`."""
    return read_photo(path, max_pixels).pixels


def read_photo(path: str | os.PathLike, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a file of any mode that has one meaning in 8-bit sRGB; refuse the rest by name.

    Greyscale and palette images become RGB, 16 bits are rounded to 8, CMYK and profiled colours are
    converted to sRGB, EXIF orientation is applied. Refused: what cannot be decoded to its end,
    animations, photos with transparent pixels, and anything above `max_pixels`.

    Raises:
        ImageRefused: with the file's name, what was found and what to do.
    """
    try:
        path = place(path)
        encoded = read_bytes(path)
    except OSError as error:
        why = "no such object" if is_remote(path) else error.strerror or error
        raise ImageRefused(f"{path}: cannot be read ({why})") from error
    except ValueError as error:  # a NUL in the name
        raise ImageRefused(f"{path!r}: cannot be read ({error})") from error
    except GlintError as error:
        raise ImageRefused(str(error)) from error
    if not encoded:
        raise ImageRefused(EMPTY.format(path))
    return decode(encoded, str(path), max_pixels)


def decode(encoded: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Photo:
    """`read_photo` for bytes in memory; `name` is what error sentences call them."""
    from PIL import Image

    # Our own limit is checked on the header below, so Pillow's warning about size says nothing new.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(encoded)) as image:
                _check_header(image, name, max_pixels)
                return _to_rgb(image, encoded)
        except ImageRefused as refusal:
            raise ImageRefused(f"{name}: {refusal}") from None
        except Image.DecompressionBombError as error:
            raise ImageRefused(f"{name}: {error}; allowed are {max_pixels} pixels") from error
        except Image.UnidentifiedImageError as error:
            raise ImageRefused(f"{name}: not an image, or of a kind that cannot be decoded here") from error
        except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, EOFError) as error:
            raise ImageRefused(f"{name}: damaged, decoding stopped at: {error}") from error
        except Exception as error:  # codecs raise their own kinds (struct.error, zlib.error, ...)
            raise ImageRefused(f"{name}: damaged ({type(error).__name__}: {error})") from error


def _check_header(image, name: str, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise ImageRefused(
            f"{width}x{height} is more than {max_pixels} pixels and was not decoded; scale it down first"
        )
    if getattr(image, "n_frames", 1) > 1 and image.format not in ("MPO", "TIFF"):
        raise ImageRefused(f"an animation of {image.n_frames} frames; export the frame you mean")


def _to_rgb(image, encoded: bytes) -> Photo:
    from PIL import Image, ImageOps

    done = []
    mode = image.mode
    depth_16 = _read_16_bit_colour(image, encoded)
    if depth_16 is not None:
        upright_from = Image.fromarray(depth_16)
        upright_from.info = {key: image.info[key] for key in ("icc_profile",) if key in image.info}
        orientation = image.getexif().get(0x0112, 1)
        upright_from.getexif()[0x0112] = orientation
        image, mode = upright_from, "RGB"
        done.append("16 bits per channel rounded to 8")
    orientation = image.getexif().get(0x0112, 1)
    if orientation not in (0, 1):
        image = ImageOps.exif_transpose(image)
        done.append("turned upright by its EXIF orientation")
    if mode in _SIXTEEN_BIT_MODES or mode == "F":
        return Photo(
            _grey_to_rgb(image, mode), (*done, "16-bit greyscale rounded to 8 bits, repeated to RGB")
        )
    image = _without_alpha(image, done)
    image = _to_srgb(image, done)
    if image.mode != "RGB":
        done.append(f"{image.mode} converted to RGB")
        image = image.convert("RGB")
    return Photo(np.array(image, dtype=np.uint8), tuple(done))


def _read_16_bit_colour(image, encoded: bytes) -> np.ndarray | None:
    """RGB pixels rounded to 8 bits where the file holds 16-bit colour, which Pillow would truncate."""
    is_png_16 = image.format == "PNG" and len(encoded) > 25 and encoded[24] == 16
    bits = image.tag_v2.get(258, (8,)) if image.format == "TIFF" else (8,)
    is_tiff_16 = isinstance(bits, tuple) and max(bits) == 16
    if not (is_png_16 or is_tiff_16) or image.mode in (*_SIXTEEN_BIT_MODES, "F", "L", "1"):
        return None
    import cv2

    image.load()  # a truncated file is refused by Pillow; OpenCV would fill the rest with zeros
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        return None
    if pixels.shape[2] == 4:
        if pixels[..., 3].min() < 65535:
            raise ImageRefused("has transparent pixels; flatten it onto a background first")
        pixels = pixels[..., :3]
    return np.ascontiguousarray(
        ((pixels[..., ::-1].astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    )


def _grey_to_rgb(image, mode: str) -> np.ndarray:
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise ImageRefused("holds values that are not finite numbers")
    top = 65535.0 if mode != "F" else 1.0
    if values.min() < 0 or values.max() > top:
        raise ImageRefused(f"greyscale values {values.min():g}..{values.max():g} lie outside 0..{top:g}")
    grey = np.floor(values / top * 255 + 0.5).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _without_alpha(image, done: list[str]):
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    elif "transparency" in image.info and image.mode in ("RGB", "L", "1"):
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa"):
        return image
    if image.mode in ("La", "RGBa", "PA"):
        image = image.convert("RGBA")
    if image.getchannel("A").getextrema()[0] < 255:
        raise ImageRefused("has transparent pixels; flatten it onto a background first")
    done.append("opaque alpha channel dropped")
    return image.convert("L" if image.mode == "LA" else "RGB")


def _to_srgb(image, done: list[str]):
    """Convert from the embedded profile to sRGB; an unreadable profile is named and ignored."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        if "srgb" in name.lower():
            return image
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB", renderingIntent=1
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        done.append(f"embedded colour profile ignored: {error}")
        return image
    done.append(f"colours converted from {name or 'an unnamed profile'} to sRGB")
    return converted


def pixel_hash(rgb: np.ndarray) -> str:
    """SHA-256 (hex) of the shape and the RGB bytes: the same for every lossless file of the same pixels."""
    digest = hashlib.sha256(f"{rgb.shape[0]}x{rgb.shape[1]}x{rgb.shape[2]}:".encode())
    digest.update(np.ascontiguousarray(rgb).data)
    return digest.hexdigest()


def encode_png(rgb: np.ndarray) -> bytes:
    """Lossless PNG of a uint8 (height, width, 3) RGB array.

    Written for speed (benchmarks/writing.py): every row as its difference to the one above (filter 2 of the PNG
    specification, section 9), deflated by ISA-L at its level 1.
    """
    from isal import isal_zlib

    height, width, channels = rgb.shape
    if rgb.dtype != np.uint8 or channels != 3:
        raise ValueError(f"PNG is written from uint8 RGB, got {rgb.dtype} of shape {rgb.shape}")
    flat = rgb.reshape(height, -1)
    rows = np.empty((height, 1 + flat.shape[1]), np.uint8)
    rows[:, 0] = _PNG_FILTER_UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _PNG_RGB, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", isal_zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, body, isal_zlib.crc32) for kind, body in chunks)


_PNG_FILTER_UP, _PNG_RGB = 2, 2


def _png_chunk(kind: bytes, body: bytes, crc32: Callable[..., int]) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc32(body, crc32(kind)))


def encode_webp(rgb: np.ndarray) -> bytes:
    """Lossless WebP: about a fifth smaller than the PNG, and more than ten times slower to write."""
    import cv2

    encoded = cv2.imencode(".webp", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, 101])[1]
    return encoded.tobytes()


ENCODERS = {"png": encode_png, "webp": encode_webp}
"""Lossless formats a dataset's images can be written in."""


def write_png(path: str | os.PathLike, rgb: np.ndarray) -> int:
    """Write a PNG so that it is either whole or not there. Returns the bytes written."""
    encoded = encode_png(rgb)
    write_atomically(path, encoded)
    return len(encoded)
