"""The degradations that super-resolution and restoration networks are trained on, every draw recorded.

Wang, Xie, Dong, Shan: Real-ESRGAN, Training Real-World Blind Super-Resolution with Pure Synthetic Data, ICCVW 2021:
blur, resize, noise and JPEG, twice, with sinc filters. Zhang, Liang, Van Gool, Timofte: Designing a Practical
Degradation Model for Deep Blind Image Super-Resolution (BSRGAN), ICCV 2021: blurs, downsampling, noises and JPEG in a
random order. The strength is the share of the papers' ranges that is drawn from: at 1 the whole of them, towards 0
ever less from their weak ends on. The small picture is brought back to the photo's size (cubic), and kept beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from distortions import pipeline
from distortions.photo import Photo, to_bytes
from distortions.registry import BroughtBack, distortion
from distortions.strengths import Range

SCALES = (1, 2, 4)
SHARE = Range(0.05, 1, "share of the paper's ranges")
Step = dict[str, Any]

# Real-ESRGAN, first and second time
SHAPES = ("gaussian", "gaussian", "generalized", "generalized", "plateau", "plateau")
ROUND = (True, False, True, False, True, False)  # the same SD along both axes
SHAPE_SHARES = (0.45, 0.25, 0.12, 0.03, 0.12, 0.03)
BETA = {"gaussian": (1.0, 1.0), "generalized": (0.5, 4.0), "plateau": (1.0, 2.0)}
SIZES = (7, 9, 11, 13, 15, 17, 19, 21)  # of kernels, px
SINC_SHARE, LAST_SINC_SHARE, SECOND_BLUR_SHARE, GRAY_SHARE = 0.1, 0.8, 0.8, 0.4
TIMES: tuple[dict[str, Any], ...] = (
    {"sigma": (0.2, 3), "ways": (0.2, 0.7, 0.1), "scale": (0.15, 1.5), "noise": (1, 30), "gain": (0.05, 3)},
    {
        "sigma": (0.2, 1.5),
        "ways": (0.3, 0.4, 0.3),
        "scale": (0.3, 1.2),
        "noise": (1, 25),
        "gain": (0.05, 2.5),
    },
)
QUALITY = (95, 30)  # weak to strong, both papers

# BSRGAN
ROUND_SIGMA = {1: (0.1, 2.0), 2: (0.1, 2.4), 4: (0.1, 2.8)}
LONG_SIGMA = {1: (0.5, 4.0), 2: (0.5, 6.0), 4: (0.5, 8.0)}
NOISE = (1, 25)
MIXES = {"rgb": 0.4, "gray": 0.4, "mixed": 0.2}
JPEG_SHARE, SENSOR_SHARE, TWO_STEPS_SHARE = 0.75, 0.25, 0.25


class _Dice:
    """Draws from the weak part of ranges, and follows the picture's size through the steps."""

    def __init__(self, rng: np.random.Generator, photo: Photo, share: float) -> None:
        self.rng, self.share = rng, share
        self.size = (photo.height, photo.width)

    def between(self, weak: float, strong: float) -> float:
        return weak + (strong - weak) * self.share * float(self.rng.random())

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def seed(self) -> int:
        return int(self.rng.integers(2**53))

    def one_of(self, options: Sequence[Any], shares: tuple[float, ...] | None = None) -> Any:
        return options[int(self.rng.choice(len(options), p=shares))]

    def resize(self, rows: float, columns: float, by: str) -> Step:
        self.size = (max(1, round(rows)), max(1, round(columns)))
        return {"step": "resize", "to": list(self.size), "by": by}

    def any_resize(self, rows: float, columns: float) -> Step:
        return self.resize(rows, columns, self.one_of(("area", "linear", "cubic")))

    def jpeg(self) -> Step:
        return {"step": "jpeg", "quality": round(self.between(*QUALITY))}


def _kernel(dice: _Dice, sigma: tuple[float, float]) -> Step:
    """One of Real-ESRGAN's kernels: a sinc one time in ten, else one of six Gaussians."""
    size = dice.one_of(SIZES)
    if dice.chance(SINC_SHARE):
        strongest = math.pi / 3 if size < 13 else math.pi / 5
        return {"step": "sinc", "size": size, "cutoff": dice.between(math.pi, strongest)}
    number = int(dice.rng.choice(len(SHAPES), p=SHAPE_SHARES))
    along = dice.between(*sigma)
    across, angle = (along, 0.0) if ROUND[number] else (dice.between(*sigma), _angle(dice))
    beta = float(dice.rng.uniform(*BETA[SHAPES[number]]))
    return _gaussian(size, (along, across), angle, SHAPES[number], beta)


def _angle(dice: _Dice) -> float:
    return float(dice.rng.uniform(-math.pi, math.pi))


def _gaussian(
    size: int, sigma: tuple[float, float], angle: float, shape: str = "gaussian", beta: float = 1.0
) -> Step:
    return {
        "step": "gaussian",
        "size": size,
        "sigma": list(sigma),
        "angle": angle,
        "shape": shape,
        "beta": beta,
    }


def draw_real_esrgan(rng: np.random.Generator, photo: Photo, share: float, scale: int) -> dict[str, Any]:
    """The steps of the second-order pipeline for that photo and scale factor."""
    dice, steps = _Dice(rng, photo, share), []
    for turn, ranges in enumerate(TIMES):
        if turn == 0 or dice.chance(SECOND_BLUR_SHARE):
            steps.append(_kernel(dice, ranges["sigma"]))
        way = dice.one_of(("up", "down", "keep"), ranges["ways"])
        smallest, largest = ranges["scale"]
        factor = {"up": dice.between(1, largest), "down": dice.between(1, smallest), "keep": 1.0}[way]
        # the second time counts from the size that is wanted in the end
        rows, columns = dice.size if turn == 0 else (photo.height / scale, photo.width / scale)
        steps.append(dice.any_resize(rows * factor, columns * factor))
        gray = dice.chance(GRAY_SHARE)
        if dice.chance(0.5):
            colors, sigma = "gray" if gray else "rgb", dice.between(*ranges["noise"]) / 255
            steps.append({"step": "gaussian_noise", "sigma": sigma, "colors": colors, "seed": dice.seed()})
        else:
            gain = dice.between(*ranges["gain"])
            steps.append(
                {"step": "poisson_noise", "photons": 255.0, "gain": gain, "gray": gray, "seed": dice.seed()}
            )
        if turn == 0:
            steps.append(dice.jpeg())
    last = [dice.any_resize(photo.height / scale, photo.width / scale)]
    if dice.chance(LAST_SINC_SHARE):
        last.append(
            {"step": "sinc", "size": dice.one_of(SIZES), "cutoff": dice.between(math.pi, math.pi / 3)}
        )
    jpeg = [dice.jpeg()]
    return {"steps": steps + (last + jpeg if dice.chance(0.5) else jpeg + last)}


def draw_bsrgan(rng: np.random.Generator, photo: Photo, share: float, scale: int) -> dict[str, Any]:
    """The steps of the shuffled pipeline for that photo and scale factor."""
    dice = _Dice(rng, photo, share)
    rows, columns = photo.height / scale, photo.width / scale
    parts = ["round blur", "long blur", "first half", "second half", "noise", "jpeg", "sensor"]
    order = [parts[int(index)] for index in rng.permutation(len(parts))]
    # the second half of the downsampling ends at the wanted size, so it comes after the first
    first, second = order.index("first half"), order.index("second half")
    if first > second:
        order[first], order[second] = order[second], order[first]
    steps: list[Step] = []
    for part in order:
        if part == "round blur":
            sigma = dice.between(*ROUND_SIGMA[scale])
            steps.append(_gaussian(dice.one_of(SIZES), (sigma, sigma), 0.0))
        elif part == "long blur":
            pair = (dice.between(*LONG_SIGMA[scale]), dice.between(*LONG_SIGMA[scale]))
            steps.append(_gaussian(dice.one_of(SIZES), pair, _angle(dice)))
        elif part == "first half" and scale > 1 and dice.chance(TWO_STEPS_SHARE):
            factor = dice.between(1, 2 * scale)
            steps.append(dice.any_resize(photo.height / factor, photo.width / factor))
        elif part == "second half":
            by = dice.one_of(("nearest", "linear", "cubic")) if scale > 1 else "cubic"
            steps.append(dice.resize(rows, columns, by))
        elif part == "noise":
            colors = dice.one_of(tuple(MIXES), tuple(MIXES.values()))
            sigma = dice.between(*NOISE) / 255
            steps.append({"step": "gaussian_noise", "sigma": sigma, "colors": colors, "seed": dice.seed()})
        elif part == "jpeg" and dice.chance(JPEG_SHARE):
            steps.append(dice.jpeg())
        elif part == "sensor" and dice.chance(SENSOR_SHARE):
            photons = 10 ** dice.between(4, 2)  # the paper's 10^2 to 10^4
            steps.append(
                {
                    "step": "poisson_noise",
                    "photons": photons,
                    "gain": 1.0,
                    "gray": dice.chance(0.5),
                    "seed": dice.seed(),
                }
            )
    return {"steps": [*steps, dice.jpeg()]}


def _degraded(photo: Photo, share: float, steps: list[Step]) -> BroughtBack:
    small = to_bytes(np.clip(pipeline.run(photo.single, steps), 0, 1))
    values = small.astype(np.float32) / np.float32(255)
    back = pipeline.resized(values, (photo.height, photo.width), "cubic")
    return BroughtBack(np.clip(back, 0, 1), small)


def _register(name: str, scale: int, draw: Callable[..., dict[str, Any]], summary: str) -> None:
    def degraded(photo: Photo, share: float, steps: list[Step]) -> BroughtBack:
        return _degraded(photo, share, steps)

    degraded.__doc__ = f"{summary}, to 1/{scale} of the size and back."
    distortion(SHARE, draw=lambda rng, photo, share: draw(rng, photo, share, scale), name=f"{name}_x{scale}")(
        degraded
    )


for _scale in SCALES:
    _register("real_esrgan", _scale, draw_real_esrgan, "Blur, resizing, noise and JPEG, twice (Real-ESRGAN)")
for _scale in SCALES:
    _register("bsrgan", _scale, draw_bsrgan, "Blurs, downsampling, noises and JPEG in random order (BSRGAN)")
