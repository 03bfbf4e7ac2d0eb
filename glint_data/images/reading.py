"""Bytes of a picture file to upright 8-bit sRGB pixels, or a refusal that names the file and the reason."""

import io
import warnings
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from glint_data.errors import GlintError, ImageRefused
from glint_data.images import beyond_8_bits, deep, formats, jpeg_xl, profiles, soundness, tagged, tiff
from glint_data.images.deep import DeepSamples
from glint_data.storage.files import read_bytes
from glint_data.storage.places import AnyPlace, is_remote, place

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

MAX_PIXELS = 200_000_000
"""Larger images are refused before they are decoded: 200 megapixels are 600 MB of RGB."""

MAX_BYTES = 1_400_000_000
"""What decoding may take: as much as 200 megapixels of 8 bits (4 bytes in Pillow, 3 as pixels); fewer of more bits."""

EMPTY = "{}: the file is empty (0 bytes)"


@dataclass(frozen=True)
class ReadPhoto:
    """A decoded file: `pixels` uint8 (height, width, 3) sRGB and what was done on the way to them."""

    pixels: np.ndarray
    conversions: tuple[str, ...]


def read_rgb(path: AnyPlace, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The file's pixels, uint8 (height, width, 3), sRGB, upright. Raises `ImageRefused`."""
    return read_photo(path, max_pixels).pixels


def read_photo(path: AnyPlace, max_pixels: int = MAX_PIXELS) -> ReadPhoto:
    """Decode a file of any mode that has one meaning in 8-bit sRGB; refuse the rest by name.

    Greyscale and palette images become RGB, deeper samples are rounded to 8 bits, CMYK and profiled colours are
    converted to sRGB, EXIF orientation is applied. Refused: what is damaged, animations, photos with transparent
    pixels, cameras' RAW files, high dynamic range, and anything above `max_pixels`.

    Raises:
        ImageRefused: with the file's name, what was found and what to do.
    """
    return decode(read_file(path), str(path), max_pixels)


def read_file(file: AnyPlace) -> bytes:
    """All of a picture's file. Raises `ImageRefused` where it cannot be read or is empty."""
    try:
        encoded = read_bytes(place(file))
    except OSError as error:
        why = "no such object" if is_remote(place(file)) else error.strerror or error
        raise ImageRefused(f"{file}: cannot be read ({why})") from error
    except ValueError as error:  # a NUL in the name
        raise ImageRefused(f"{file!r}: cannot be read ({error})") from error
    except GlintError as error:
        raise ImageRefused(str(error)) from error
    if not encoded:
        raise ImageRefused(EMPTY.format(file))
    return encoded


def decode(encoded: bytes, name: str, max_pixels: int = MAX_PIXELS) -> ReadPhoto:
    """`read_photo` for bytes in memory; `name` is what error sentences call them."""
    from PIL import UnidentifiedImageError

    # Our own limit is checked on the header below, so Pillow's warning about size says nothing new.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decode(encoded, name, max_pixels)
        except ImageRefused as refusal:
            raise ImageRefused(f"{name}: {refusal}") from None
        except UnidentifiedImageError as error:
            raise ImageRefused(f"{name}: not an image, or of a kind that cannot be decoded here") from error
        except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, EOFError) as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            if "unsupported" in said.lower():
                raise ImageRefused(
                    f"{name}: of a coding that is not decoded here ({said}); convert it"
                ) from error
            raise ImageRefused(f"{name}: damaged, decoding stopped at: {said}") from error
        except Exception as error:  # codecs raise their own kinds (struct.error, zlib.error, ...)
            said = "its reader says no more" if "libjxl" in str(error) else str(error).partition("\n")[0]
            raise ImageRefused(f"{name}: damaged ({type(error).__name__}: {said})") from error


def _decode(encoded: bytes, name: str, max_pixels: int) -> ReadPhoto:
    if PurePosixPath(name).suffix.lower() in formats.RAW_EXTENSIONS:
        raise ImageRefused(formats.RAW)
    format = formats.identify(encoded)
    formats.make_readable(format)
    soundness.check(format, encoded)
    if format == "JXL":
        check_size(*jpeg_xl.size(encoded), jpeg_xl.BYTES_A_PIXEL, max_pixels)
    done: list[str] = []
    page = tiff.picture(encoded) if format == "TIFF" else None
    if page is not None:
        done += [page.note] if page.note else []
        check_size(*page.size, page.bytes_a_pixel, max_pixels)
        if page.is_read_here:
            return _from_samples(tiff.samples(page, encoded), done)
    with _opened(encoded, format, page) as image:
        check_size(*image.size, beyond_8_bits.bytes_a_pixel(image, encoded), max_pixels)
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format not in ("MPO", "TIFF", "HEIF"):
            raise ImageRefused(soundness.ANIMATION.format(frames))
        soundness.check_opened(image, encoded)
        samples = beyond_8_bits.samples(image, encoded)
        if samples is not None:
            return _from_samples(samples, done)
        return _from_8_bits(image, encoded, done)


def _opened(encoded: bytes, format: str, page: tiff.Page | None) -> "PillowImage":
    """A file's header, read by Pillow's reader of its format; without Pillow's bound on pixels, for ours follows."""
    from PIL import Image

    Image.preinit()
    if format not in Image.OPEN:
        Image.init()
    try:
        image = Image.OPEN[format][0](io.BytesIO(encoded), "")
    except SyntaxError:
        if page is not None:
            raise page.unread() from None
        raise
    if page is not None:
        image.seek(page.index)
        if page.palette is not None:
            image.load()
            image.putpalette(page.palette)
    return image


def check_size(width: int, height: int, bytes_a_pixel: int, max_pixels: int) -> None:
    """Refuse what would take too much memory, before it is decoded. Raises `ImageRefused`."""
    needed = width * height * bytes_a_pixel
    if width * height > max_pixels:
        raise ImageRefused(
            f"{width}x{height} is more than {max_pixels} pixels and was not decoded; scale it down first"
        )
    if needed > MAX_BYTES:
        raise ImageRefused(
            f"{width}x{height} of this depth would take {needed / 1e9:.1f} GB (allowed are {MAX_BYTES / 1e9:.1f}) "
            "and was not decoded; save it with 8 bits a channel or scale it down first"
        )


def _from_8_bits(image: "PillowImage", encoded: bytes, done: list[str]) -> ReadPhoto:
    from PIL import ImageOps

    profile = tagged.profile_of(image, encoded)
    if tagged.orientation_of(image) != 1:
        image = ImageOps.exif_transpose(image)
        done.append("turned upright by its EXIF orientation")
    image = _without_alpha(image, encoded, done)
    if image.format == "JXL" and profile is not None:
        jpeg_xl.check_steps(profile)
    return in_srgb(image, profile, done)


def in_srgb(image: "PillowImage", profile: bytes | None, done: list[str]) -> ReadPhoto:
    """The last steps of every way: the profile, if any, and RGB of what is not yet."""
    if profile:
        try:
            image, name = profiles.to_srgb(image, profile)
            if name is not None:
                done.append(f"colours converted from {name or 'an unnamed profile'} to sRGB")
        except profiles.UnusableProfile as error:
            done.append(f"embedded colour profile ignored: {error}")
    if image.mode != "RGB":
        done.append(f"{image.mode} converted to RGB")
        image = image.convert("RGB")
    return ReadPhoto(np.array(image, dtype=np.uint8), tuple(done))


def _from_samples(samples: DeepSamples, done: list[str]) -> ReadPhoto:
    from PIL import Image

    if samples.values.shape[2] == 4:  # CMYK, whose profiles are tables for 8 bits here
        codes = np.floor(samples.values / samples.top * 255 + 0.5).astype(np.uint8)
        done.append("CMYK samples rounded to 8 bits per channel")
        image = Image.frombytes("CMYK", codes.shape[1::-1], codes.tobytes())
        photo = in_srgb(image, samples.profile, done)
    else:
        try:
            pixels, profile = deep.to_8_bits(samples, done)
        except profiles.UnusableProfile as error:
            done.append(f"embedded colour profile ignored: {error}")
            pixels, profile = deep.to_8_bits(
                DeepSamples(samples.values, samples.top, None, samples.inverted), done
            )
        photo = ReadPhoto(pixels, tuple(done))
        if profile is not None:
            photo = in_srgb(Image.fromarray(pixels), profile, done)
    if samples.orientation == 1:
        return photo
    return ReadPhoto(
        _upright(photo.pixels, samples.orientation),
        (*photo.conversions, "turned upright by its EXIF orientation"),
    )


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """EXIF's eight orientations: mirrored (even numbers up to 4, odd ones after), turned, or both."""
    turned = {
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(pixels, 1),
    }
    return np.ascontiguousarray(turned[orientation])


def _without_alpha(image: "PillowImage", encoded: bytes, done: list[str]) -> "PillowImage":
    if image.format == "PNG" and image.mode == "L" and encoded[24] < 8 and "transparency" in image.info:
        # Pillow scales grey levels of 2 and 4 bits to 8, but not the one that is glass
        image.info["transparency"] *= 255 // (2 ** encoded[24] - 1)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    elif "transparency" in image.info and image.mode in ("RGB", "L", "1"):
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa"):
        return image
    if image.mode in ("La", "RGBa", "PA"):
        image = image.convert("RGBA")
    if np.asarray(image.getchannel("A")).min() < 255:
        raise ImageRefused(deep.TRANSPARENT)
    done.append("opaque alpha channel dropped")
    return image.convert("L" if image.mode == "LA" else "RGB")
