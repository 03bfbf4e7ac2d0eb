"""LIVE (release 2): 5 types (Sheikh, Sabir, Bovik, A statistical evaluation of recent full reference image quality
assessment algorithms, IEEE TIP 15, 2006). The paper publishes ranges, not levels: five are spread over each."""

from __future__ import annotations

from distortions.suite import Suite, table

_RANGE = "ours, five geometric steps over the range that the paper publishes: "

SUITE = Suite(
    name="live",
    version="1",
    title="LIVE release 2",
    types=table(
        (
            1,
            "jpeg2000_at_rate",
            "JPEG 2000",
            "bits per pixel",
            (3.15, 0.968, 0.297, 0.0913, 0.028),
            _RANGE + "0.028 to 3.15 bits per pixel",
        ),
        (
            2,
            "jpeg_at_rate",
            "JPEG",
            "bits per pixel",
            (3.34, 1.54, 0.708, 0.326, 0.15),
            _RANGE + "0.15 to 3.34 bits per pixel",
        ),
        (
            3,
            "white_noise",
            "White noise",
            "variance",
            (0.000144, 0.00186, 0.024, 0.31, 4.0),
            _RANGE + "standard deviations from 0.012 to 2.0 of the full range",
        ),
        (
            4,
            "gaussian_blur",
            "Gaussian blur",
            "sigma, px",
            (0.42, 1.03, 2.51, 6.14, 15),
            _RANGE + "0.42 to 15 px",
        ),
        (
            5,
            "jpeg2000_transmission_errors",
            "Fast fading (JPEG 2000)",
            "share of damaged code blocks",
            (0.01, 0.025, 0.06, 0.15, 0.4),
            "ours, geometric steps: the paper publishes the receiver's SNR (15.5 to 26.1 dB), not what was lost",
        ),
    ),
)
