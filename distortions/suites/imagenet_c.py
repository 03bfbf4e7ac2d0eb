"""ImageNet-C: 15 corruptions and 4 more, x 5 severities (Hendrycks, Dietterich, Benchmarking Neural Network Robustness
to Common Corruptions and Perturbations, ICLR 2019), for photos of any size, and seeded."""

from __future__ import annotations

from distortions.suite import Suite, SuiteType

_PAPER = "ImageNet-C's table"
_SQUARED = "ImageNet-C's standard deviations, squared"
_TEXTURE = "ImageNet-C's table; the texture is made anew, by no photograph"
_LESS = "ImageNet-C's table, whose first two levels take colour away"
_SEVERITIES = (1, 2, 3, 4, 5)

_ROWS = (
    ("gaussian_noise", "white_noise", "variance", (0.0064, 0.0144, 0.0324, 0.0676, 0.1444), _SQUARED),
    ("shot_noise", "shot_noise", "photons at white", (60, 25, 12, 5, 3), _PAPER),
    ("impulse_noise", "impulse_noise", "density", (0.03, 0.06, 0.09, 0.17, 0.27), _PAPER),
    ("defocus_blur", "defocus_blur", "severity", _SEVERITIES, _PAPER),
    ("glass_blur", "glass_blur", "severity", _SEVERITIES, _PAPER),
    ("motion_blur", "trailing_blur", "severity", _SEVERITIES, _PAPER),
    ("zoom_blur", "zoom_blur", "severity", _SEVERITIES, _PAPER),
    ("snow", "snow", "severity", _SEVERITIES, _PAPER),
    ("frost", "frost", "severity", _SEVERITIES, _TEXTURE),
    ("fog", "fog", "severity", _SEVERITIES, _TEXTURE),
    ("brightness", "brightness", "added to V of HSV", (0.1, 0.2, 0.3, 0.4, 0.5), _PAPER),
    ("contrast", "contrast_of_channels", "factor", (0.4, 0.3, 0.2, 0.1, 0.05), _PAPER),
    ("elastic_transform", "elastic_transform", "severity", _SEVERITIES, _PAPER),
    ("pixelate", "box_pixelate", "scale", (0.6, 0.5, 0.4, 0.3, 0.25), _PAPER),
    ("jpeg_compression", "jpeg", "quality", (25, 18, 15, 10, 7), _PAPER),
    ("speckle_noise", "speckle_noise", "variance", (0.0225, 0.04, 0.1225, 0.2025, 0.36), _SQUARED),
    ("gaussian_blur", "wide_gaussian_blur", "sigma, px", (1, 2, 3, 4, 6), _PAPER),
    ("spatter", "spatter", "severity", _SEVERITIES, _PAPER),
    ("saturate", "saturate", "severity", _SEVERITIES, _LESS),
)

SUITE = Suite(
    name="imagenet_c",
    version="1",
    title="ImageNet-C",
    types={
        number: SuiteType(
            number,
            name,
            name.replace("_", " ").capitalize().replace("Jpeg", "JPEG"),
            distortion,
            unit,
            levels,
            source,
        )
        for number, (name, distortion, unit, levels, source) in enumerate(_ROWS, start=1)
    },
)
