"""TID2013: 24 types x 5 levels (Ponomarenko et al., Image database TID2013: peculiarities, results and perspectives,
Signal Processing: Image Communication 30, 2015). Its authors publish the kinds and the PSNR of the levels, not the
strengths: those are ours, found by `python -m benchmarks.match_levels`."""

from __future__ import annotations

from distortions.suite import Suite, table

_MATCHED = (
    "ours, matched to TID2013's PSNR of 33, 30, 27, 24 and 21 dB, "
    "as the median over six of Kodak's photos, which are TID2013's"
)
_SIGNED = _MATCHED + "; the order of signs is ours"

SUITE = Suite(
    name="tid2013",
    version="1",
    title="TID2013",
    types=table(
        (1, "white_noise", "Additive Gaussian noise", "variance", (0.0005, 0.001, 0.002, 0.0041, 0.0082)),
        (
            2,
            "color_component_noise",
            "Noise stronger in color components",
            "variance",
            (0.0005, 0.001, 0.002, 0.0041, 0.0083),
        ),
        (
            3,
            "correlated_noise",
            "Spatially correlated noise",
            "variance",
            (0.0005, 0.001, 0.002, 0.0041, 0.0082),
        ),
        (4, "masked_noise", "Masked noise", "variance", (0.0005, 0.001, 0.0021, 0.0042, 0.0088)),
        (
            5,
            "high_frequency_noise",
            "High frequency noise",
            "variance",
            (0.0005, 0.001, 0.002, 0.0041, 0.0082),
        ),
        (6, "impulse_noise", "Impulse noise", "density", (0.0017, 0.0033, 0.0068, 0.0134, 0.027)),
        (7, "uniform_quantization", "Quantization noise", "levels", (13.8, 10.1, 7.5, 5.5, 4.1)),
        (8, "gaussian_blur", "Gaussian blur", "sigma, px", (0.55, 0.68, 0.97, 1.9, 8.0)),
        (9, "denoised_noise", "Image denoising", "noise variance", (0.0009, 0.0033, 0.012, 0.036, 0.11)),
        (10, "jpeg", "JPEG compression", "quality", (73, 40, 16, 7, 3)),
        (11, "jpeg2000", "JPEG2000 compression", "compression ratio", (24, 41, 86, 250, 1340)),
        (
            12,
            "jpeg_transmission_errors",
            "JPEG transmission errors",
            "share of damaged segments",
            (0.005, 0.047, 0.1, 0.34, 0.48),
        ),
        (
            13,
            "jpeg2000_transmission_errors",
            "JPEG2000 transmission errors",
            "share of damaged code blocks",
            (0.035, 0.071, 0.19, 0.33, 0.61),
        ),
        (14, "patches", "Non eccentricity pattern noise", "patches", (20, 50, 100, 190, 490)),
        (15, "color_blocks", "Local block-wise distortions", "blocks", (1, 2, 4, 6, 14)),
        (16, "mean_shift", "Mean shift", "added value", (0.0225, -0.0316, 0.0447, -0.063, 0.089), _SIGNED),
        (17, "contrast_scale", "Contrast change", "factor", (0.88, 1.17, 0.76, 1.37, 0.52), _SIGNED),
        (18, "color_saturation_hsv", "Change of color saturation", "factor", (0.75, 0.65, 0.5, 0.3, 0.01)),
        (
            19,
            "speckle_noise",
            "Multiplicative Gaussian noise",
            "variance",
            (0.0025, 0.005, 0.01, 0.02, 0.041),
        ),
        (20, "comfort_noise", "Comfort noise", "share of frequencies", (0.32, 0.47, 0.61, 0.8, 0.94)),
        (
            21,
            "noisy_jpeg",
            "Lossy compression of noisy images",
            "noise variance",
            (0.0003, 0.0013, 0.0042, 0.0085, 0.016),
            _MATCHED + "; JPEG of quality 60 alone takes the first to 31.6 dB",
        ),
        (22, "color_quantization", "Color quantization with dither", "colors", (72, 29, 13, 6, 4)),
        (23, "chromatic_aberration", "Chromatic aberrations", "shift, px", (0.28, 0.41, 0.6, 1.33, 5.7)),
        (
            24,
            "sparse_sampling",
            "Sparse sampling and reconstruction",
            "share dropped",
            (0.2, 0.35, 0.57, 0.78, 0.94),
        ),
        source=_MATCHED,
    ),
)
