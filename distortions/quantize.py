"""Fewer colours and fewer grey levels: KADID-10k types 6 and 22, TID2013's quantisation."""

from __future__ import annotations

import numpy as np

from distortions.photo import Photo
from distortions.registry import distortion
from distortions.strengths import Range

NUMBA = {"numba": "numba"}


@distortion(Range(2, 256, "colors", whole=True), needs=NUMBA)
def color_quantization(photo: Photo, colors: float) -> np.ndarray:
    """A palette of that many colours (Wu 1991) with Floyd-Steinberg dithering down the columns."""
    from distortions.palette import dither, inverse_map, moments, palette

    table = palette(photo.shared("color_moments", lambda p: moments(p.bytes)), int(colors))
    return dither(photo.bytes, table, inverse_map(table))


@distortion(Range(1, 64, "thresholds", whole=True), needs=NUMBA)
def quantization(photo: Photo, thresholds: float) -> Photo:
    """The values of R, G and B cut at that many joint thresholds (multi-level Otsu, Nelder-Mead search).

    The thresholds are searched on the histogram of 8-bit values; what is cut are the values themselves.
    """
    cuts = _cuts(photo, int(thresholds))
    return photo.pointwise(lambda values: _levels(cuts)[np.searchsorted(cuts / 255.0, values, side="left")])


@distortion(Range(1, 64, "thresholds", whole=True), needs=NUMBA)
def quantization_of_codes(photo: Photo, thresholds: float) -> Photo:
    """As `quantization`, but the values rounded to 8 bits are cut: KADID-10k's type 22 in version 1 of its suite."""
    cuts = _cuts(photo, int(thresholds))
    return Photo(photo.bytes, _levels(cuts)[np.searchsorted(cuts, np.arange(256), side="left")])


def _cuts(photo: Photo, count: int) -> np.ndarray:
    from distortions.otsu import search

    return photo.shared(("otsu", count), lambda p: search(p.byte_histogram, count))


def _levels(cuts: np.ndarray) -> np.ndarray:
    """What each bin becomes: 0, the upper end of the bin, or 1."""
    return np.concatenate([[0], cuts[1:], [255]]) / 255.0


@distortion(Range(2, 256, "levels"))
def uniform_quantization(photo: Photo, levels: float) -> Photo:
    """Every value rounded to the nearest of `levels` evenly spaced ones; not only whole numbers may be given."""
    return photo.pointwise(lambda values: np.clip(np.floor(values * (levels - 1) + 0.5) / (levels - 1), 0, 1))
