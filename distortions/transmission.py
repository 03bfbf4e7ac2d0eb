"""Compressed photos damaged on their way: TID2013 types 12 and 13, LIVE's fast fading."""

from __future__ import annotations

import numpy as np

from distortions import wavelet
from distortions.compression import decode, jpeg_file
from distortions.noise import TO_YCBCR
from distortions.photo import Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range

JPEG_QUALITY = 75
SEGMENT_BLOCKS = 8  # MCUs (16 x 16 px) between two restart markers
CODE_BLOCK = 32
WAVELET_LEVELS = 4


@distortion(Range(0, 1, "share of damaged segments"), draw=noise_seed)
def jpeg_transmission_errors(photo: Photo, share: float, noise_seed: int) -> np.ndarray:
    """JPEG of quality 75 with one flipped bit in that share of the segments between restart markers."""
    encoded = bytearray(jpeg_file(photo.bytes, JPEG_QUALITY, restart_marker_blocks=SEGMENT_BLOCKS))
    rng = np.random.default_rng(noise_seed)
    for start, end in _segments(encoded):
        if rng.random() >= share or end - start < 4:
            continue
        for position in rng.permutation(np.arange(start + 1, end - 1)):
            flipped = encoded[position] ^ (1 << int(rng.integers(8)))
            # neither a marker nor the byte after one may appear or vanish: the decoder would lose its way
            if 0xFF not in (encoded[position - 1], encoded[position], flipped):
                encoded[position] = flipped
                break
    return decode(bytes(encoded))


def _segments(encoded: bytearray) -> list[tuple[int, int]]:
    """Where the entropy-coded segments of the scan begin and end."""
    scan = encoded.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(encoded[scan + 2 : scan + 4], "big")
    segments, position = [], start
    while position < len(encoded) - 1:
        if encoded[position] == 0xFF and encoded[position + 1] != 0:
            segments.append((start, position))
            start = position + 2
            position += 1
        position += 1
    return segments


@distortion(Range(0, 1, "share of damaged code blocks"), draw=noise_seed)
def jpeg2000_transmission_errors(photo: Photo, share: float, noise_seed: int) -> np.ndarray:
    """That share of the 32 x 32 code blocks of a 9/7 wavelet lost, or read with the wrong signs, in Y, Cb and Cr.

    A damaged JPEG 2000 stream shows as damaged code blocks; rendering them directly needs no decoder that
    survives any stream.
    """
    rng = np.random.default_rng(noise_seed)
    planes = photo.double @ TO_YCBCR.T
    bands = wavelet.analyse(planes, WAVELET_LEVELS)
    for band in [part for detail in bands[1:] for part in detail]:
        for row in range(0, band.shape[0], CODE_BLOCK):
            for column in range(0, band.shape[1], CODE_BLOCK):
                hit, wrong_signs = rng.random(2)
                if hit < share:
                    block = band[row : row + CODE_BLOCK, column : column + CODE_BLOCK]
                    block *= rng.choice([-1.0, 1.0], block.shape) if wrong_signs < 0.5 else 0.0
    return np.clip(wavelet.synthesise(bands) @ np.linalg.inv(TO_YCBCR).T, 0, 1)
