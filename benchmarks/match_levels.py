"""Strengths at which a distortion reaches given distances: how the suites' own levels were matched.

    python -m benchmarks.match_levels PHOTOS [--suite tid2013]

For suites whose authors publish PSNR levels or none at all: the strength at which the median PSNR over the photos
(their central 512 x 384) is the target, by bisection on a logarithmic scale. TID2013's photos are Kodak's, so are
the ones to give here. Beside it stand the levels that the suite has.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

# run as a file, this folder comes first and its distortions.py would be taken for the package
if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import distortions
from distortions.photo import closing
from distortions.registry import distortion_named

TID2013 = (33.0, 30.0, 27.0, 24.0, 21.0)  # dB, Ponomarenko et al. 2015
MODERN = (36.0, 33.0, 30.0, 27.0, 24.0)
# distortion: (weakest, strongest strength) to search between; the weakest must do the least harm
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "tid2013": {
        "white_noise": (1e-5, 0.05),
        "color_component_noise": (1e-5, 0.05),
        "correlated_noise": (1e-5, 0.05),
        "masked_noise": (1e-5, 0.05),
        "high_frequency_noise": (1e-5, 0.05),
        "impulse_noise": (1e-5, 0.2),
        "uniform_quantization": (64, 2.2),
        "gaussian_blur": (0.2, 20),
        "denoised_noise": (1e-4, 0.5),
        "jpeg": (98, 1),
        "jpeg2000": (2, 3000),
        "jpeg_transmission_errors": (0.0005, 1.0),
        "jpeg2000_transmission_errors": (0.001, 1.0),
        "patches": (1, 4000),
        "color_blocks": (1, 300),
        "mean_shift": (0.001, 0.3),
        "contrast_scale": (0.99, 0.1),
        "color_saturation_hsv": (0.99, 0.001),
        "speckle_noise": (1e-4, 1.0),
        "comfort_noise": (0.01, 1.0),
        "noisy_jpeg": (1e-6, 0.05),
        "color_quantization": (256, 2),
        "chromatic_aberration": (0.1, 30),
        "sparse_sampling": (0.02, 0.9999),
    },
    "modern": {
        "webp": (98, 0.5),
        "avif": (98, 0.5),
        "jpeg_xl": (98, 0.5),
        "heic": (98, 0.5),
        "double_jpeg": (98, 1),
    },
}


def psnr(photo: np.ndarray, result: np.ndarray) -> float:
    square = ((photo.astype(float) - result) ** 2).mean()
    return 99.0 if square == 0 else float(10 * np.log10(255**2 / square))


def median_psnr(name: str, strength: float, photos: list[np.ndarray]) -> float:
    """Over the photos, at that strength, one drawing each."""
    found = distortion_named(name)
    values = []
    for index, pixels in enumerate(photos):
        photo = distortions.Photo(pixels)
        drawn = found.parameters(photo, strength, np.random.default_rng(index))
        values.append(psnr(pixels, closing(found.render(photo, strength, drawn), False, False)))
    return float(np.median(values))


def match(
    name: str, target: float, photos: list[np.ndarray], weakest: float, strongest: float
) -> tuple[float, float]:
    """(strength, its median PSNR) nearest to the target."""
    low, high = np.log(weakest), np.log(strongest)
    for _ in range(11):
        middle = (low + high) / 2
        if median_psnr(name, float(np.exp(middle)), photos) > target:
            low = middle
        else:
            high = middle
    strength = float(np.exp((low + high) / 2))
    return strength, median_psnr(name, strength, photos)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("photos", type=Path, help="a folder of photos, such as Kodak's 24")
    parser.add_argument("--suite", choices=list(RANGES), default="tid2013")
    parser.add_argument("--only", help="one distortion")
    parser.add_argument("--limit", type=int, default=8)
    options = parser.parse_args()
    photos = []
    for path in sorted(options.photos.glob("*.png"))[:: max(1, 24 // options.limit)][: options.limit]:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        top, left = (
            max(side - wanted, 0) // 2 for side, wanted in zip(pixels.shape, (384, 512), strict=False)
        )
        photos.append(np.ascontiguousarray(pixels[top : top + 384, left : left + 512]))
    targets = TID2013 if options.suite == "tid2013" else MODERN
    known = {entry.distortion: entry.levels for entry in distortions.suite(options.suite).types.values()}
    for name, (weakest, strongest) in RANGES[options.suite].items():
        if options.only in (None, name) and distortion_named(name).available:
            found = [match(name, target, photos, weakest, strongest) for target in targets]
            shown = ", ".join(f"{strength:.3g} ({reached:.1f} dB)" for strength, reached in found)
            print(f"{name}: {shown}; the suite has {known.get(name)}", flush=True)


if __name__ == "__main__":
    main()
