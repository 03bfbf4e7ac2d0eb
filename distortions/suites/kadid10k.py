"""KADID-10k: 25 types x 5 levels, with the strengths of the generator that made it.

Lin, Hosu, Saupe: KADID-10k, a large-scale artificially distorted IQA database, QoMEX 2019. Photo and result are
stretched to the full range.

Version 2 cuts type 22 in the stretched values, as the generator does; version 1 cut their 8-bit roundings, which
is another picture wherever a photo does not span 0..255.
"""

from __future__ import annotations

from dataclasses import replace

from distortions.suite import Suite, table

SUITE = Suite(
    name="kadid10k",
    version="2",
    title="KADID-10k",
    stretched=True,
    types=table(
        (1, "gaussian_blur", "Gaussian blur", "sigma, px", (0.1, 0.5, 1, 2, 5)),
        (2, "lens_blur", "Lens blur", "disk radius, px", (1, 2, 4, 6, 8)),
        (3, "motion_blur", "Motion blur", "length, px", (1, 2, 4, 6, 10)),
        (4, "color_diffusion", "Color diffusion", "chroma gain", (1, 3, 6, 8, 12)),
        (5, "color_shift", "Color shift", "shift, px", (1, 3, 6, 8, 12)),
        (6, "color_quantization", "Color quantization", "colors", (64, 48, 32, 16, 8)),
        (7, "color_saturation_hsv", "Color saturation 1 (HSV)", "factor", (0.4, 0.2, 0.1, 0, -0.4)),
        (8, "color_saturation_lab", "Color saturation 2 (Lab)", "factor", (1, 2, 3, 6, 9)),
        (9, "jpeg2000", "JPEG 2000", "compression ratio", (16, 32, 45, 120, 400)),
        (10, "jpeg", "JPEG", "quality", (43, 36, 24, 7, 4)),
        (11, "white_noise", "White noise", "variance", (0.001, 0.002, 0.003, 0.005, 0.01)),
        (12, "ycbcr_noise", "White noise in YCbCr", "variance", (0.0001, 0.0005, 0.001, 0.002, 0.003)),
        (13, "impulse_noise", "Impulse noise", "density", (0.001, 0.005, 0.01, 0.02, 0.03)),
        (14, "multiplicative_noise", "Multiplicative noise", "variance", (0.001, 0.005, 0.01, 0.02, 0.05)),
        (15, "denoised_noise", "Denoise", "noise variance", (0.01, 0.03, 0.05, 0.1, 0.15)),
        (16, "brighten", "Brighten", "mid-tone rise a", (0.1, 0.2, 0.4, 0.7, 1.1)),
        (17, "darken", "Darken", "mid-tone fall a", (0.05, 0.1, 0.2, 0.4, 0.8)),
        (18, "mean_shift", "Mean shift", "added value", (0.15, 0.08, 0, -0.08, -0.15)),
        (19, "jitter", "Jitter", "displacement SD, px", (0.05, 0.1, 0.2, 0.5, 1)),
        (20, "patches", "Non-eccentricity patches", "patches", (20, 40, 60, 80, 100)),
        (21, "pixelate", "Pixelate", "s (scale .95 - s^.6)", (0.01, 0.05, 0.1, 0.2, 0.5)),
        (22, "quantization", "Quantization", "thresholds", (20, 16, 13, 10, 7)),
        (23, "color_blocks", "Color blocks", "blocks", (2, 4, 6, 8, 10)),
        (24, "sharpen", "High sharpen", "amount", (1, 2, 3, 6, 12)),
        (25, "contrast_change", "Contrast change", "a", (0.3, 0.15, 0, -0.4, -0.6)),
        source="the strengths in KADID-10k's generator",
    ),
)
_NOT_BY_LEVEL = {  # types whose strengths pass through no change at all, by their distance from it
    18: ("obvious", "relevant", "slight", "relevant", "obvious"),
    25: ("severe", "obvious", "relevant", "relevant", "severe"),
}
SUITE = replace(
    SUITE, types={n: replace(entry, words=_NOT_BY_LEVEL.get(n, ())) for n, entry in SUITE.types.items()}
)

FORMER = (
    replace(
        SUITE,
        version="1",
        types={**SUITE.types, 22: replace(SUITE.types[22], distortion="quantization_of_codes")},
    ),
)
