"""Codecs: KADID-10k types 9 and 10, codecs at a bit rate, and those that photos meet today."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from distortions.photo import Photo
from distortions.registry import distortion
from distortions.strengths import Range

LEAST_SIDE = 16  # some encoders refuse smaller images: those are continued at the edge and cut again


def encode(pixels: np.ndarray, form: str, **options: Any) -> bytes:
    """H x W x 3 uint8 as a file of Pillow's format `form`."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, form, **options)
    return encoded.getvalue()


def decode(encoded: bytes) -> np.ndarray:
    """A file's pixels: H x W x 3 uint8."""
    image = Image.open(io.BytesIO(encoded))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))  # which would copy it


def _through(pixels: np.ndarray, form: str, **options: Any) -> np.ndarray:
    height, width = pixels.shape[:2]
    rows, columns = (max(LEAST_SIDE - side, 0) for side in (height, width))
    padded = np.pad(pixels, ((0, rows), (0, columns), (0, 0)), mode="edge") if rows or columns else pixels
    return decode(encode(padded, form, **options))[:height, :width]


def jpeg_file(pixels: np.ndarray, quality: int, **options: Any) -> bytes:
    """Baseline JPEG of libjpeg, 4:2:0, accurate integer DCT."""
    return encode(pixels, "JPEG", quality=quality, subsampling=2, **options)


@distortion(Range(1, 100, "quality", whole=True))
def jpeg(photo: Photo, quality: float) -> np.ndarray:
    """Baseline JPEG of libjpeg at that quality (1..100), 4:2:0, accurate integer DCT."""
    return decode(jpeg_file(photo.bytes, int(quality)))


@distortion(Range(0.001, 24, "bits per pixel"))
def jpeg_at_rate(photo: Photo, bits: float) -> np.ndarray:
    """JPEG at the highest quality that takes at most that many bits a pixel (or the lowest there is)."""
    most = bits * photo.height * photo.width / 8
    low, high = 1, 100
    while low < high:
        quality = (low + high + 1) // 2
        if len(jpeg_file(photo.bytes, quality)) <= most:
            low = quality
        else:
            high = quality - 1
    return decode(jpeg_file(photo.bytes, low))


@distortion(Range(1, 100, "quality", whole=True))
def double_jpeg(photo: Photo, quality: float) -> np.ndarray:
    """JPEG twice at that quality, the second time on a grid of blocks 4 px off."""
    once = decode(jpeg_file(photo.bytes, int(quality)))
    moved = np.pad(once, ((4, 0), (4, 0), (0, 0)), mode="edge")
    return decode(jpeg_file(moved, int(quality)))[4:, 4:]


# Kakadu, which wrote KADID-10k's JPEG 2000, and OpenJPEG meet their target differently. With these two numbers,
# the target including the 85 bytes of the JP2 boxes, OpenJPEG comes nearest to the real images.
_RAW_SHARE = 0.967
_EXTRA_BYTES = 177


@distortion(Range(1, 10000, "compression ratio"))
def jpeg2000(photo: Photo, ratio: float) -> np.ndarray:
    """JPEG 2000 at a compression ratio to 24 bits a pixel: irreversible 9/7, colour transform, one layer."""
    return _jpeg2000(photo.bytes, _RAW_SHARE * photo.bytes.size / ratio + _EXTRA_BYTES)


@distortion(Range(0.001, 24, "bits per pixel"))
def jpeg2000_at_rate(photo: Photo, bits: float) -> np.ndarray:
    """JPEG 2000 at that many bits a pixel."""
    return _jpeg2000(photo.bytes, bits * photo.height * photo.width / 8)


def _jpeg2000(pixels: np.ndarray, target: float) -> np.ndarray:
    encoded = encode(
        pixels,
        "JPEG2000",
        no_jp2=False,
        irreversible=True,
        mct=1,
        num_resolutions=min(5, int(min(pixels.shape[:2])).bit_length()),
        codeblock_size=(64, 64),
        quality_mode="rates",
        quality_layers=[max(pixels.size / target, 1.0)],
    )
    return decode(encoded)


@distortion(Range(0, 100, "quality", whole=True), needs={"PIL._webp": "pillow"})
def webp(photo: Photo, quality: float) -> np.ndarray:
    """Lossy WebP at that quality (0..100)."""
    return _through(photo.bytes, "WEBP", quality=int(quality), method=4)


@distortion(Range(0, 100, "quality", whole=True), needs={"PIL._avif": "pillow>=11.3"})
def avif(photo: Photo, quality: float) -> np.ndarray:
    """AVIF at that quality (0..100), 4:2:0, encoder speed 8."""
    return _through(photo.bytes, "AVIF", quality=int(quality), subsampling="4:2:0", speed=8, max_threads=1)


@distortion(Range(0, 99, "quality", whole=True), needs={"pillow_jxl": "pillow-jxl-plugin"})
def jpeg_xl(photo: Photo, quality: float) -> np.ndarray:
    """Lossy JPEG XL at that quality (0..100), encoder effort 3."""
    import pillow_jxl  # noqa: F401 (importing it registers the format)

    return _through(photo.bytes, "JXL", quality=int(quality), effort=3)


@distortion(Range(0, 100, "quality", whole=True), needs={"pillow_heif": "pillow-heif"})
def heic(photo: Photo, quality: float) -> np.ndarray:
    """HEIC (HEVC) at that quality (0..100), 4:2:0."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return _through(photo.bytes, "HEIF", quality=int(quality), chroma=420)
