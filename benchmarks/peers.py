"""What one would otherwise run for KADID-10k's types: the nearest call of each library, uint8 to uint8.

Nearest in kind: none of these renders KADID-10k's image. A library that is not installed is left out.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

import distortions

Call = Callable[[np.ndarray, float], Any]


def _found(module: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(module) is not None


PEERS: dict[str, Callable[[], bool]] = {
    "scikit-image": _found("skimage"),
    "scipy.ndimage": _found("scipy"),
    "Pillow": _found("PIL"),
    "imagecorruptions": _found("imagecorruptions"),
    "albumentations": _found("albumentations"),
}


def _bytes(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def _skimage() -> dict[int, Call]:
    from skimage import color, filters, transform, util

    def lab(pixels: np.ndarray, change: Callable[[np.ndarray], None]) -> np.ndarray:
        planes = color.rgb2lab(pixels)
        change(planes)
        return _bytes(color.lab2rgb(planes))

    def diffuse(pixels: np.ndarray, amount: float) -> np.ndarray:
        def change(planes: np.ndarray) -> None:
            planes[..., 1:] = amount * filters.gaussian(planes[..., 1:], 1.5 * amount + 2, channel_axis=-1)

        return lab(pixels, change)

    def saturate(pixels: np.ndarray, factor: float) -> np.ndarray:
        planes = color.rgb2hsv(pixels)
        planes[..., 1] = np.clip(planes[..., 1] * factor, 0, 1)
        return _bytes(color.hsv2rgb(planes))

    def scale_chroma(pixels: np.ndarray, factor: float) -> np.ndarray:
        return lab(pixels, lambda planes: np.multiply(planes[..., 1:], factor, out=planes[..., 1:]))

    def ycbcr(pixels: np.ndarray, variance: float) -> np.ndarray:
        planes = color.rgb2ycbcr(pixels)
        planes += np.random.default_rng(1).normal(0, 255 * variance**0.5, planes.shape)
        return _bytes(color.ycbcr2rgb(planes))

    def brighten(pixels: np.ndarray, amount: float) -> np.ndarray:
        return lab(pixels, lambda planes: np.multiply(planes[..., 0], 1 + amount / 4, out=planes[..., 0]))

    def warp(pixels: np.ndarray, deviation: float) -> np.ndarray:
        rng, image = np.random.default_rng(1), pixels / 255
        grid = np.array(np.meshgrid(*(np.arange(n) for n in pixels.shape[:2]), indexing="ij"))
        for _ in range(5):
            where = grid + rng.normal(0, deviation, grid.shape)
            image = np.stack([transform.warp(image[..., c], where, order=3) for c in range(3)], axis=-1)
        return _bytes(image)

    def noise(mode: str, name: str) -> Call:
        return lambda pixels, amount: _bytes(util.random_noise(pixels, mode=mode, rng=1, **{name: amount}))

    return {
        1: lambda pixels, sigma: _bytes(filters.gaussian(pixels, sigma, channel_axis=-1, truncate=2)),
        4: diffuse,
        7: saturate,
        8: scale_chroma,
        11: noise("gaussian", "var"),
        12: ycbcr,
        13: noise("s&p", "amount"),
        14: noise("speckle", "var"),
        16: brighten,
        19: warp,
        24: lambda pixels, amount: _bytes(filters.unsharp_mask(pixels, 3, amount, channel_axis=2)),
    }


def _ndimage() -> dict[int, Call]:
    from scipy import ndimage

    from distortions import matlab

    def kernel(make: Callable[[float], np.ndarray]) -> Call:
        def call(pixels: np.ndarray, size: float) -> np.ndarray:
            return _bytes(ndimage.correlate(pixels / 255, make(size)[..., None], mode="nearest"))

        return call

    def warp(pixels: np.ndarray, deviation: float) -> np.ndarray:
        rng, image = np.random.default_rng(1), pixels / 255
        grid = np.array(np.meshgrid(*(np.arange(n) for n in pixels.shape[:2]), indexing="ij"))
        for _ in range(5):
            where = grid + rng.normal(0, deviation, grid.shape)
            image = np.stack(
                [ndimage.map_coordinates(image[..., c], where, mode="nearest") for c in range(3)], -1
            )
        return _bytes(image)

    return {
        1: lambda pixels, sigma: _bytes(ndimage.gaussian_filter(pixels / 255, (sigma, sigma, 0), truncate=2)),
        2: kernel(matlab.disk),
        3: kernel(lambda length: matlab.motion(length, 30.0)),
        19: warp,
    }


def _pillow() -> dict[int, Call]:
    def call(change: Callable[[Image.Image, float], Image.Image]) -> Call:
        return lambda pixels, strength: np.asarray(change(Image.fromarray(pixels), strength).convert("RGB"))

    def codec(image: Image.Image, form: str, **options: Any) -> Image.Image:
        file = io.BytesIO()
        image.save(file, form, **options)
        return Image.open(file)

    def small(image: Image.Image, strength: float) -> Image.Image:
        scale = 0.95 - strength**0.6
        size = [max(1, round(side * scale)) for side in image.size]
        return image.resize(size, Image.Resampling.NEAREST).resize(image.size, Image.Resampling.NEAREST)

    def sharpen(image: Image.Image, amount: float) -> Image.Image:
        return image.filter(ImageFilter.UnsharpMask(3, int(amount * 100), 0))

    return {
        1: call(lambda image, sigma: image.filter(ImageFilter.GaussianBlur(sigma))),
        6: call(lambda image, colors: image.quantize(int(colors))),
        7: call(lambda image, factor: ImageEnhance.Color(image).enhance(factor)),
        9: call(
            lambda image, ratio: codec(image, "JPEG2000", irreversible=True, mct=1, quality_layers=[ratio])
        ),
        10: call(lambda image, quality: codec(image, "JPEG", quality=int(quality))),
        17: call(lambda image, amount: ImageEnhance.Brightness(image).enhance(1 - amount / 2)),
        21: call(small),
        22: call(lambda image, thresholds: ImageOps.posterize(image, 4 if thresholds > 10 else 3)),
        24: call(sharpen),
        25: call(lambda image, amount: ImageEnhance.Contrast(image).enhance(1 + amount)),
    }


def _imagecorruptions() -> dict[int, Call]:
    from imagecorruptions import corrupt

    names = {2: "defocus_blur", 3: "motion_blur", 7: "saturate", 10: "jpeg_compression", 11: "gaussian_noise"}
    names |= {13: "impulse_noise", 14: "speckle_noise", 16: "brightness", 21: "pixelate", 25: "contrast"}

    def call(type_number: int, name: str) -> Call:
        levels = distortions.suite("kadid10k").types[type_number].levels
        return lambda pixels, strength: corrupt(pixels, levels.index(strength) + 1, name)

    return {kind: call(kind, name) for kind, name in names.items()}


def _albumentations() -> dict[int, Call]:
    import albumentations as A

    def call(make: Callable[[float], Any]) -> Call:
        made: dict[float, Any] = {}

        def run(pixels: np.ndarray, strength: float) -> np.ndarray:
            if strength not in made:
                made[strength] = make(strength)
            return made[strength](image=pixels)["image"]

        return run

    def quality(q: float) -> Any:
        return A.ImageCompression(quality_range=(int(q), int(q)), p=1)

    def small(s: float) -> Any:
        return A.Downscale(scale_range=(0.95 - s**0.6,) * 2, p=1)

    def blocks(n: float) -> Any:
        return A.CoarseDropout((int(n),) * 2, (32, 32), (32, 32), fill="random", p=1)

    return {
        1: call(lambda sigma: A.GaussianBlur(blur_limit=0, sigma_limit=(sigma, sigma), p=1)),
        2: call(lambda radius: A.Defocus(radius=(int(radius),) * 2, p=1)),
        3: call(lambda length: A.MotionBlur(blur_limit=(max(3, int(length) | 1),) * 2, p=1)),
        7: call(lambda factor: A.ColorJitter(0, 0, (abs(factor),) * 2, 0, p=1)),
        10: call(quality),
        11: call(lambda variance: A.GaussNoise(std_range=(variance**0.5,) * 2, p=1)),
        13: call(lambda density: A.SaltAndPepper(amount=(density, density), p=1)),
        14: call(lambda variance: A.MultiplicativeNoise((1 - variance, 1 + variance), elementwise=True, p=1)),
        17: call(lambda amount: A.RandomGamma((100 + 100 * amount,) * 2, p=1)),
        18: call(lambda shift: A.RandomBrightnessContrast((shift, shift), (0, 0), p=1)),
        19: call(lambda deviation: A.ElasticTransform(alpha=deviation, sigma=1, interpolation=2, p=1)),
        21: call(small),
        22: call(lambda thresholds: A.Posterize(4 if thresholds > 10 else 3, p=1)),
        23: call(blocks),
        24: call(lambda amount: A.UnsharpMask(sigma_limit=(3, 3), alpha=(1, 1), p=1)),
        25: call(lambda amount: A.RandomBrightnessContrast((0, 0), (amount, amount), p=1)),
    }


_CALLS = {
    "scikit-image": _skimage,
    "scipy.ndimage": _ndimage,
    "Pillow": _pillow,
    "imagecorruptions": _imagecorruptions,
    "albumentations": _albumentations,
}
_MADE: dict[str, dict[int, Call]] = {}


def peer_calls(type_number: int, pixels: np.ndarray, peers: list[str]) -> dict[str, list[Callable[[], Any]]]:
    """Per library that has something like that type: one call a level, checked once to return an image."""
    levels = distortions.suite("kadid10k").types[type_number].levels
    calls = {}
    for peer in peers:
        if peer not in _MADE:
            _MADE[peer] = _CALLS[peer]()
        call = _MADE[peer].get(type_number)
        if call is None:
            continue
        made = [lambda call=call, strength=strength: call(pixels, strength) for strength in levels]
        shape = np.shape(made[0]())
        if shape != pixels.shape:
            raise ValueError(f"{peer} returned shape {shape} for type {type_number}")
        calls[peer] = made
    return calls
