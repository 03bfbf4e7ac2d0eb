"""Pixels to lossless files, and the hash by which they are known."""

import hashlib
import struct
from collections.abc import Callable

import numpy as np

from glint_data.storage.files import write_atomically
from glint_data.storage.places import AnyPlace


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
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _png_chunk(chunk_type, body, isal_zlib.crc32) for chunk_type, body in chunks
    )


_PNG_FILTER_UP, _PNG_RGB = 2, 2


def _png_chunk(chunk_type: bytes, body: bytes, crc32: Callable[..., int]) -> bytes:
    return (
        struct.pack(">I", len(body)) + chunk_type + body + struct.pack(">I", crc32(body, crc32(chunk_type)))
    )


def encode_grey_png(grey: np.ndarray) -> bytes:
    """Lossless PNG of a uint8 (height, width) array, such as a mask."""
    import cv2

    encoded: bytes = cv2.imencode(".png", grey)[1].tobytes()
    return encoded


def encode_webp(rgb: np.ndarray) -> bytes:
    """Lossless WebP: about a fifth smaller than the PNG, and more than ten times slower to write."""
    import cv2

    encoded = cv2.imencode(".webp", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, 101])[1]
    return encoded.tobytes()


ENCODERS = {"png": encode_png, "webp": encode_webp}
"""Lossless formats a dataset's images can be written in."""


def write_png(path: AnyPlace, rgb: np.ndarray) -> int:
    """Write a PNG so that it is either whole or not there. Returns the bytes written."""
    encoded = encode_png(rgb)
    write_atomically(path, encoded)
    return len(encoded)
