"""Pixels only: distortions by name, suites by number. Usable without the rest of the project.

>>> import distortions
>>> distorted = distortions.apply(image, "jpeg", level=3, suite="kadid10k", seed=0)
>>> distortions.get("jpeg").levels
(43, 36, 24, 7, 4)
"""

from __future__ import annotations

from distortions import blur, brightness, color, compression, noise, quantize, spatial
from distortions.api import apply, get
from distortions.photo import Photo
from distortions.registry import Distortion, distortion, names
from distortions.suite import Rendering, Suite, SuiteType
from distortions.suites import suite, suites

_ROOMS = (blur, brightness, color, compression, noise, quantize, spatial)  # importing them registers

__all__ = [
    "Distortion",
    "Photo",
    "Rendering",
    "Suite",
    "SuiteType",
    "apply",
    "distortion",
    "get",
    "names",
    "suite",
    "suites",
]
