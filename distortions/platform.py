"""What messengers and social networks do to a photo: made smaller, encoded again, hop after hop; as sRGB, no metadata.

Described by parameters: share of the size, quality, chroma sampling, number of hops. Every picture is brought back to
the photo's size (cubic).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image

from distortions.compression import decode, encode, jpeg_file
from distortions.photo import Photo
from distortions.registry import BroughtBack, distortion
from distortions.strengths import Range

QUALITY = 75  # of the re-encoding after a reduction
SHARE = Range(0.02, 1, "share of the size")
CUBIC, LANCZOS = Image.Resampling.BICUBIC, Image.Resampling.LANCZOS


def _reduced(pixels: np.ndarray, share: float) -> np.ndarray:
    size = (max(1, round(pixels.shape[1] * share)), max(1, round(pixels.shape[0] * share)))
    return np.asarray(Image.fromarray(pixels).resize(size, LANCZOS))


def _back(photo: Photo, small: np.ndarray) -> BroughtBack:
    return BroughtBack(np.asarray(Image.fromarray(small).resize((photo.width, photo.height), CUBIC)), small)


@distortion(SHARE)
def reduced_jpeg(photo: Photo, share: float) -> BroughtBack:
    """Reduced to that share of the size (Lanczos), JPEG of quality 75, 4:2:0."""
    return _back(photo, decode(jpeg_file(_reduced(photo.bytes, share), QUALITY)))


@distortion(SHARE)
def reduced_jpeg_444(photo: Photo, share: float) -> BroughtBack:
    """Reduced to that share of the size (Lanczos), JPEG of quality 75 without chroma subsampling."""
    return _back(photo, decode(encode(_reduced(photo.bytes, share), "JPEG", quality=QUALITY, subsampling=0)))


@distortion(SHARE, needs={"PIL._webp": "pillow"})
def reduced_webp(photo: Photo, share: float) -> BroughtBack:
    """Reduced to that share of the size (Lanczos), WebP of quality 75."""
    return _back(photo, decode(encode(_reduced(photo.bytes, share), "WEBP", quality=QUALITY, method=4)))


@distortion(SHARE)
def sharpened_preview(photo: Photo, share: float) -> BroughtBack:
    """Reduced, sharpened (unsharp mask, 0.8 px, amount 1.5) and JPEG of quality 75: a preview."""
    small = _reduced(photo.bytes, share)
    soft = cv2.GaussianBlur(small, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)
    crisp = cv2.addWeighted(small, 2.5, soft, -1.5, 0)
    return _back(photo, decode(jpeg_file(crisp, QUALITY)))


@distortion(Range(1, 100, "quality", whole=True))
def jpeg_444(photo: Photo, quality: float) -> np.ndarray:
    """Baseline JPEG of that quality (1..100) without chroma subsampling."""
    return decode(encode(photo.bytes, "JPEG", quality=int(quality), subsampling=0))


@distortion(Range(1, 64, "chroma divisor"))
def chroma_subsampling(photo: Photo, factor: float) -> np.ndarray:
    """Cb and Cr at 1/factor of the size and back (2 is 4:2:0), luma kept."""
    planes = cv2.cvtColor(photo.single, cv2.COLOR_RGB2YCrCb)
    size = (max(1, round(photo.width / factor)), max(1, round(photo.height / factor)))
    chroma = cv2.resize(planes[..., 1:], size, interpolation=cv2.INTER_AREA)
    chroma = cv2.resize(chroma, (photo.width, photo.height), interpolation=cv2.INTER_LINEAR)
    planes[..., 1:] = chroma.reshape(photo.height, photo.width, 2)
    return np.clip(cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB), 0, 1)


def _draw_hops(rng: np.random.Generator, photo: Photo, hops: float) -> dict[str, Any]:
    """[share of the first size, quality, 4:2:0 or not, columns cut off on the left] of every hop."""
    drawn, share = [], 1.0
    for _ in range(int(hops)):
        share = max(share * float(rng.uniform(0.8, 1)), 0.2)
        drawn.append([share, int(rng.integers(55, 90)), int(rng.random() < 0.8), int(rng.integers(0, 8))])
    return {"drawn": drawn}


@distortion(Range(1, 30, "hops", whole=True), draw=_draw_hops)
def hops(photo: Photo, count: float, drawn: list[list[float]]) -> BroughtBack:
    """Passed on so many times: each time somewhat smaller, and a JPEG on another grid of blocks."""
    pixels = photo.bytes
    for share, quality, halved, cut in drawn:
        size = (max(1, round(photo.width * share)), max(1, round(photo.height * share)))
        small = np.asarray(Image.fromarray(pixels).resize(size, LANCZOS))
        moved = np.pad(small, ((0, 0), (int(cut), 0), (0, 0)), mode="edge")
        options = {"quality": int(quality), "subsampling": 2 if halved else 0}
        pixels = decode(encode(moved, "JPEG", **options))[:, int(cut) :]
    return _back(photo, np.ascontiguousarray(pixels))
