"""Fewer colours and fewer grey levels: KADID-10k types 6 and 22, TID2013's quantisation."""

from __future__ import annotations

import numpy as np

from distortions.photo import Photo
from distortions.registry import distortion


@distortion()
def color_quantization(photo: Photo, colors: float) -> np.ndarray:
    """A palette of that many colours (Wu 1991) with Floyd-Steinberg dithering down the columns."""
    from distortions.palette import dither, inverse_map, moments, palette

    table = palette(photo.shared("color_moments", lambda p: moments(p.bytes)), int(colors))
    return dither(photo.bytes, table, inverse_map(table))


@distortion()
def quantization(photo: Photo, thresholds: float) -> Photo:
    """The values of R, G and B cut at that many joint thresholds (multi-level Otsu, Nelder-Mead search)."""
    from distortions.otsu import search

    count = int(thresholds)
    cuts = photo.shared(("otsu", count), lambda p: search(p.byte_histogram, count))
    levels = np.concatenate([[0], cuts[1:], [255]])[np.searchsorted(cuts, np.arange(256), side="left")]
    return Photo(photo.bytes, levels / 255.0)


@distortion()
def uniform_quantization(photo: Photo, levels: float) -> Photo:
    """Every value rounded to the nearest of `levels` evenly spaced ones; not only whole numbers may be given."""
    return photo.pointwise(lambda values: np.clip(np.floor(values * (levels - 1) + 0.5) / (levels - 1), 0, 1))
