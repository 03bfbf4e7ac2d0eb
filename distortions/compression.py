"""Codecs: KADID-10k types 9 and 10."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from distortions.photo import Photo
from distortions.registry import distortion


@distortion()
def jpeg(photo: Photo, quality: float) -> np.ndarray:
    """Baseline JPEG of libjpeg at that quality (1..100), 4:2:0, accurate integer DCT."""
    encoded = io.BytesIO()
    Image.fromarray(photo.bytes).save(encoded, "JPEG", quality=int(quality), subsampling=2)
    return np.asarray(Image.open(encoded).convert("RGB"))


# Kakadu, which wrote KADID-10k's JPEG 2000, and OpenJPEG meet their target differently. With these two numbers,
# the target including the 85 bytes of the JP2 boxes, OpenJPEG comes nearest to the real images.
_RAW_SHARE = 0.967
_EXTRA_BYTES = 177


@distortion()
def jpeg2000(photo: Photo, ratio: float) -> np.ndarray:
    """JPEG 2000 at a compression ratio to 24 bits a pixel: irreversible 9/7, colour transform, one layer."""
    raw = photo.height * photo.width * 3
    target = _RAW_SHARE * raw / ratio + _EXTRA_BYTES
    encoded = io.BytesIO()
    Image.fromarray(photo.bytes).save(
        encoded,
        "JPEG2000",
        no_jp2=False,
        irreversible=True,
        mct=1,
        num_resolutions=5,
        codeblock_size=(64, 64),
        quality_mode="rates",
        quality_layers=[raw / target],
    )
    return np.asarray(Image.open(encoded).convert("RGB"))
