"""Weather as ImageNet-C has it: snow, frost, fog and spatter, with the paper's parameters at severities 1 to 5.

Hendrycks, Dietterich: Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR 2019. The
paper's frost is cut from photographs of frosted windows, its fog from a plasma fractal; the textures here are made anew
for every seed. Between two severities the parameters are interpolated.
"""

from __future__ import annotations

import cv2
import numpy as np

from distortions.photo import LUMA, Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range
from distortions.textures import blur, fractal, levels_between, smear, spread

SEVERITY = Range(1, 5, "severity")

# mean and SD of the flakes' noise, enlargement, threshold, half length and SD of their trail, share of the photo kept
SNOW = (
    (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
    (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
    (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)
FROST = ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))  # share of the photo, of the frost
FOG = ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))  # amount, decay of the fractal's octaves
# mean and SD of the liquid's noise, smoothing SD, threshold, strength (water) or smoothing SD (mud), share of mud
SPATTER = (
    (0.65, 0.3, 4, 0.69, 0.6, 0),
    (0.65, 0.3, 3, 0.68, 0.6, 0),
    (0.65, 0.3, 2, 0.68, 0.5, 0),
    (0.65, 0.3, 1, 0.65, 1.5, 1),
    (0.67, 0.4, 1, 0.65, 1.5, 1),
)
WATER, MUD = (175 / 255, 238 / 255, 238 / 255), (63 / 255, 42 / 255, 20 / 255)
ICE = (0.88, 0.95, 1.0)
BRIGHTNESS = 0.62  # of the frost on average: so the paper's frost brightens a photo


@distortion(SEVERITY, draw=noise_seed)
def snow(photo: Photo, severity: float, noise_seed: int) -> np.ndarray:
    """Flakes with a trail over a whitened photo."""
    mean, deviation, zoom, threshold, radius, sigma, kept = levels_between(SNOW, severity)
    rng = np.random.default_rng(noise_seed)
    height, width = photo.height, photo.width
    small = (max(1, int(np.ceil(height / zoom))), max(1, int(np.ceil(width / zoom))))
    noise = rng.normal(mean, deviation, small).astype(np.float32)
    flakes = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    flakes = np.where(flakes < threshold, 0, flakes)
    flakes = smear(np.clip(flakes, 0, 1), radius, sigma, float(rng.uniform(-135, -45)))[..., None]
    image = photo.single
    white = (image @ np.array(LUMA, np.float32))[..., None] * np.float32(1.5) + np.float32(0.5)
    paled = np.float32(kept) * image + np.float32(1 - kept) * np.maximum(image, white)
    return np.clip(paled + flakes + flakes[::-1, ::-1], 0, 1)


@distortion(SEVERITY, draw=noise_seed)
def frost(photo: Photo, severity: float, noise_seed: int) -> np.ndarray:
    """The photo dimmed behind ice crystals that grow in from the edges."""
    kept, ice = levels_between(FROST, severity)
    texture = _crystals(np.random.default_rng(noise_seed), photo.height, photo.width)
    return np.clip(np.float32(kept) * photo.single + np.float32(ice) * texture, 0, 1)


def _crystals(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Needles in a few directions, thick where a slow field is high and near the edges: H x W x 3 in 0..1."""
    needles = np.zeros((height, width), np.float32)
    for angle in rng.uniform(0, 180, 7):
        seeds = rng.random((height, width), dtype=np.float32) > 0.985
        length = float(rng.uniform(6, 16))
        grown = smear(seeds.astype(np.float32), length, length, float(angle))
        needles = np.maximum(needles, grown / max(float(grown.max()), 1e-6))
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    edge = np.maximum(np.abs(y), np.abs(x)).astype(np.float32) ** 2
    cover = spread(fractal(rng, height, width, 1.7, 3) + np.float32(0.6) * edge)
    grain = fractal(rng, height, width, 1.3, 8)
    ice = (np.float32(0.3) + cover) * (np.float32(0.5) + np.float32(0.9) * needles + np.float32(0.35) * grain)
    ice *= np.float32(BRIGHTNESS / float(ice.mean()))
    return np.clip(ice, 0, 1)[..., None] * np.array(ICE, np.float32)


@distortion(SEVERITY, draw=noise_seed)
def fog(photo: Photo, severity: float, noise_seed: int) -> np.ndarray:
    """A fractal of fog added, the whole brought back under the photo's maximum."""
    amount, decay = levels_between(FOG, severity)
    image = photo.single
    most = float(image.max())
    field = fractal(np.random.default_rng(noise_seed), photo.height, photo.width, decay)
    return np.clip((image + np.float32(amount) * field[..., None]) * np.float32(most / (most + amount)), 0, 1)


@distortion(SEVERITY, draw=noise_seed)
def spatter(photo: Photo, severity: float, noise_seed: int) -> np.ndarray:
    """Drops of water on the lens, from severity 4 on of mud."""
    mean, deviation, sigma, threshold, strength, mud = levels_between(SPATTER, severity)
    rng = np.random.default_rng(noise_seed)
    noise = rng.normal(mean, deviation, (photo.height, photo.width)).astype(np.float32)
    liquid = blur(noise, sigma)
    drops = np.where(liquid < threshold, 0, liquid)
    if mud >= 0.5:
        cover = blur((drops > 0).astype(np.float32), strength)
        cover = np.where(cover < 0.8, 0, cover)[..., None]
        return np.clip(photo.single * (1 - cover) + cover * np.array(MUD, np.float32), 0, 1)
    depth = _lens(drops)
    depth *= np.float32(strength) / max(float(depth.max()), 1e-6)
    return np.clip(photo.single + depth[..., None] * np.array(WATER, np.float32), 0, 1)


def _lens(drops: np.ndarray) -> np.ndarray:
    """Drops lit from the upper left: their height, brighter on slopes that face the light. H x W float32 >= 0."""
    inside = (drops > 0).astype(np.uint8)
    height = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5), 20.0) if inside.any() else drops * 0
    height = blur(height.astype(np.float32), 1)
    relief = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.float64)
    lit = cv2.filter2D(spread(height), -1, relief, borderType=cv2.BORDER_REPLICATE)
    return drops * blur(np.clip(lit, 0, 1), 0.8)
