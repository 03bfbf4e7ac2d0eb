"""CSIQ: 6 types (Larson, Chandler, Most apparent distortion: full-reference image quality assessment and the role
of strategy, Journal of Electronic Imaging 19, 2010). Its strengths are not published:
those here are ours, found by `python -m benchmarks.match_scores`."""

from __future__ import annotations

from distortions.suite import Suite, table

_MATCHED = (
    "ours, matched to CSIQ's mean scores: the strength at which KADID-10k's own {}, interpolated between its levels "
    "and scaled to 1 at its identity cell, has the mean of 1 - DMOS of CSIQ's level"
)

SUITE = Suite(
    name="csiq",
    version="1",
    title="CSIQ",
    types=table(
        (
            1,
            "white_noise",
            "White noise",
            "variance",
            (0.000022, 0.00017, 0.0012, 0.0022, 0.0038),
            _MATCHED.format("white noise"),
        ),
        (2, "jpeg", "JPEG", "quality", (72, 35, 18, 9, 6), _MATCHED.format("JPEG")),
        (
            3,
            "jpeg2000",
            "JPEG 2000",
            "compression ratio",
            (17, 36, 70, 136, 323),
            _MATCHED.format("JPEG 2000"),
        ),
        (
            4,
            "pink_noise",
            "Pink noise",
            "variance",
            (0.000058, 0.0012, 0.0028, 0.006, 0.0128),
            _MATCHED.format("white noise, for want of pink noise,"),
        ),
        (
            5,
            "gaussian_blur",
            "Gaussian blur",
            "sigma, px",
            (0.35, 0.61, 0.84, 1.24, 2.42),
            _MATCHED.format("Gaussian blur"),
        ),
        (
            6,
            "contrast_scale",
            "Contrast",
            "factor",
            (0.83, 0.59, 0.35, 0.26),
            _MATCHED.format("contrast change (by the slope of its curve at mid-gray)"),
        ),
    ),
)
