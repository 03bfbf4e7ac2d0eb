"""Pixels only: distortions by name, suites by number. Usable without the rest of the project.

>>> import distortions, numpy as np
>>> image = np.zeros((64, 96, 3), np.uint8)
>>> distortions.apply(image, "jpeg", level=3, suite="kadid10k", seed=0).shape
(64, 96, 3)
>>> distortions.get("jpeg").levels
(43, 36, 24, 7, 4)
"""

from __future__ import annotations

from distortions import (  # noqa: F401 (importing them registers their distortions)
    blur,
    brightness,
    camera,
    chain,
    color,
    compression,
    corruptions,
    noise,
    noise_fields,
    optics,
    platform,
    processing,
    quantize,
    restoration,
    sampling,
    spatial,
    transmission,
    video,
    weather,
)
from distortions.api import apply, apply_in_regions, get
from distortions.photo import Photo
from distortions.registry import Distortion, distortion, distortion_named, names
from distortions.sheet import sheet
from distortions.strengths import Range
from distortions.suite import Rendering, Suite, SuiteType
from distortions.suite_files import own, regional, suite_from_record, suite_from_toml
from distortions.suites import add_suite, suite, suites

__all__ = [
    "Distortion",
    "Photo",
    "Range",
    "Rendering",
    "Suite",
    "SuiteType",
    "add_suite",
    "apply",
    "apply_in_regions",
    "distortion",
    "distortion_named",
    "get",
    "names",
    "own",
    "regional",
    "sheet",
    "suite",
    "suite_from_record",
    "suite_from_toml",
    "suites",
]
