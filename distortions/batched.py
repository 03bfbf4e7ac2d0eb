"""Photos of one size through one cell as a batch of tensors, for training on a GPU: blur, noise, colour, jitter.

In single precision, and with noise of torch's own generator. Its pixels are near those of `distortions.apply`, not
equal, so nothing here writes files or has a place in a recipe: a dataset on disk is rendered by `Suite.render` alone.
How near (tests/distortions/test_batched.py holds it, on the CPU): noiseless types differ by at most one grey level, in
at most 2 % of the values (most of them exact halves of a level; in more where a whole block of a small picture lies on
one); fed with the noise of the CPU's generator so do the noisy ones, `jitter` but for its border.

Needs the package torch, which is imported when a batch is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from distortions import lab, matlab
from distortions.noise import TO_YCBCR, YCBCR_OFFSET
from distortions.photo import CONSTANT, Photo
from distortions.registry import distortion_named
from distortions.spatial import _there_and_back
from distortions.suite import Suite, checked_seed
from distortions.suites import suite as suite_named

if TYPE_CHECKING:
    import torch

Batch = Callable[["torch.Tensor", float, list[dict[str, Any]]], "torch.Tensor"]
JITTERS = 5


def names() -> list[str]:
    """The distortions that have a batched form."""
    return sorted(BATCHED)


def render(
    photos: torch.Tensor,
    name: str | int,
    level: int,
    suite: str | Suite = "kadid10k",
    seeds: Sequence[int] | None = None,
) -> torch.Tensor:
    """The batch through that cell, on the device of `photos`: N x 3 x H x W uint8, as `photos` are.

    `seeds`: one a photo (0 where there are none); what is drawn as numbers, such as an angle, is what
    `distortions.apply` draws for that seed. Raises ValueError for another tensor, or a type without a batched form.
    """
    import torch

    sides = tuple(photos.shape) if isinstance(photos, torch.Tensor) else ()
    if len(sides) != 4 or sides[1] != 3 or 0 in sides or photos.dtype != torch.uint8:
        found = f"{photos.dtype} of shape {sides}" if sides else type(photos).__name__
        raise ValueError(
            f"photos are one tensor, N x 3 x H x W uint8, got {found}: "
            "stack them with torch.stack, the channels before the rows"
        )
    chosen = suite if isinstance(suite, Suite) else suite_named(suite)
    entry = chosen.type_called(name)
    if chosen.regions or entry.distortion not in BATCHED:
        what = f"{chosen.name}, a suite of regions," if chosen.regions else entry.distortion
        raise ValueError(f"{what} has no batched form: use distortions.apply, or one of {', '.join(names())}")
    seeds = _whole_numbers([0] * len(photos) if seeds is None else seeds)
    if len(seeds) != len(photos):
        raise ValueError(f"{len(seeds)} seeds for {len(photos)} photos: give one for each")
    strength = entry.strength(level)
    shape = Photo(np.zeros((*photos.shape[2:], 3), np.uint8))  # draws look at the size alone
    drawn = [
        distortion_named(entry.distortion).parameters(
            shape, strength, np.random.default_rng([seed, entry.number, int(level)])
        )
        for seed in seeds
    ]
    with torch.inference_mode():
        values = photos.to(torch.float32) / 255
        values = BATCHED[entry.distortion](stretched(values) if chosen.stretched else values, strength, drawn)
        values = stretched(values) if chosen.stretched else values.clamp(0, 1)
        return (values * 255 + 0.5).clamp(0, 255).to(torch.uint8)


def _whole_numbers(seeds: Any) -> list[int]:
    """Seeds of a sequence, an array or a tensor. Raises ValueError for what cannot be one."""
    seeds = seeds.tolist() if hasattr(seeds, "tolist") else seeds
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise ValueError(f"seeds are {seeds!r}: give a list with one for each photo, such as [0, 1]")
    return [checked_seed(seed.item() if hasattr(seed, "item") else seed) for seed in seeds]


def stretched(values: torch.Tensor) -> torch.Tensor:
    """Every photo from its minimum..maximum to 0..1; a constant one is left alone."""
    low = values.amin((1, 2, 3), keepdim=True)
    span = values.amax((1, 2, 3), keepdim=True) - low
    flat = span < CONSTANT
    return (values - low * ~flat) / span.masked_fill(flat, 1)


def normal(values: torch.Tensor, drawn: list[dict[str, Any]], *shape: int) -> torch.Tensor:
    """N(0, 1) of that shape for every photo, by torch's generator on its device, keyed by what was drawn."""
    return _field("randn", values, drawn, shape)


def uniform(values: torch.Tensor, drawn: list[dict[str, Any]], *shape: int) -> torch.Tensor:
    """U(0, 1) likewise."""
    return _field("rand", values, drawn, shape)


def _field(
    draw: str, values: torch.Tensor, drawn: list[dict[str, Any]], shape: tuple[int, ...]
) -> torch.Tensor:
    import torch

    fields = []
    for one in drawn:
        generator = torch.Generator(values.device).manual_seed(one["noise_seed"])
        fields.append(getattr(torch, draw)(shape, generator=generator, device=values.device))
    return torch.stack(fields)


def _filtered(values: torch.Tensor, kernels: Sequence[np.ndarray]) -> torch.Tensor:
    """Each photo by its own kernel (rows x columns, odd), edge values replicated."""
    import torch

    functional = torch.nn.functional
    rows, columns = (max(kernel.shape[axis] for kernel in kernels) for axis in (0, 1))
    grown = [
        np.pad(
            kernel,
            [((side - own) // 2,) * 2 for side, own in zip((rows, columns), kernel.shape, strict=True)],
        )
        for kernel in kernels
    ]
    channels = values.shape[1]
    weights = torch.from_numpy(np.stack(grown).astype(np.float32)).to(values.device)
    weights = weights[:, None].repeat_interleave(channels, 0)
    wide = functional.pad(values, (columns // 2,) * 2 + (rows // 2,) * 2, mode="replicate")
    flat = wide.reshape(1, -1, *wide.shape[2:])
    return functional.conv2d(flat, weights, groups=len(weights)).reshape(values.shape)


def _gaussian(values: torch.Tensor, sigma: float) -> torch.Tensor:
    kernel = matlab.gaussian(float(sigma))
    return _filtered(_filtered(values, [kernel[None]] * len(values)), [kernel[:, None]] * len(values))


def _mixed(values: torch.Tensor, matrix: np.ndarray, offset: np.ndarray | None = None) -> torch.Tensor:
    """Every pixel's three values by a matrix."""
    import torch

    mix = torch.from_numpy(matrix.astype(np.float32)).to(values.device)
    mixed = torch.einsum("ij,njhw->nihw", mix, values)
    if offset is None:
        return mixed
    return mixed + torch.from_numpy(offset.astype(np.float32)).to(values.device)[:, None, None]


def _lab_f(values: torch.Tensor) -> torch.Tensor:
    import torch

    curved = ((values.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    xyz = _mixed(torch.where(values <= 0.04045, values / 12.92, curved), lab.TO_XYZ / lab.WHITE[:, None])
    root = xyz.clamp(min=0) ** (1 / 3)
    return torch.where(xyz > lab.KNEE**3, root, xyz * (lab.KNEE**-2 / 3) + 4 / 29)


def _from_lab_f(f: torch.Tensor) -> torch.Tensor:
    import torch

    xyz = torch.where(f <= lab.KNEE, (f - 4 / 29) * (3 * lab.KNEE**2), f * f * f)
    linear = _mixed(xyz, lab.FROM_XYZ * lab.WHITE[None, :]).clamp(0, 1)
    curved = 1.055 * linear.clamp(min=float(lab.KNEE_OF_LIGHT)) ** (1 / 2.4) - 0.055
    return torch.where(linear <= float(lab.KNEE_OF_LIGHT), linear * 12.92, curved)


def _lens_blur(values: torch.Tensor, radius: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    return _filtered(values, [matlab.disk(float(radius))] * len(values))


def _motion_blur(values: torch.Tensor, length: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    return _filtered(values, [matlab.motion(float(length), float(one["angle"])) for one in drawn])


def _white_noise(values: torch.Tensor, variance: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    field = normal(values, drawn, *values.shape[2:], 3).permute(0, 3, 1, 2)
    return (values + field * variance**0.5).clamp(0, 1)


def _ycbcr_noise(values: torch.Tensor, variance: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    noisy = _white_noise(_mixed(values, TO_YCBCR, YCBCR_OFFSET), variance, drawn)
    back = np.linalg.inv(TO_YCBCR)
    return _mixed(noisy, back, -back @ YCBCR_OFFSET).clamp(0, 1)


def _impulse_noise(values: torch.Tensor, density: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    field = uniform(values, drawn, *values.shape[2:], 3).permute(0, 3, 1, 2)
    return values.masked_fill(field < density, 1).masked_fill(field < density / 2, 0)


def _multiplicative_noise(values: torch.Tensor, variance: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    width = 2 * (3 * variance) ** 0.5
    field = uniform(values, drawn, *values.shape[2:], 3).permute(0, 3, 1, 2)
    return (values * (field * width + (1 - width / 2))).clamp(0, 1)


def _color_diffusion(values: torch.Tensor, amount: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    x, y, z = _lab_f(values).split(1, 1)
    import torch

    chroma = _gaussian(torch.cat([x - y, z - y], 1), 1.5 * amount + 2) * amount
    return _from_lab_f(torch.cat([chroma[:, :1] + y, y, chroma[:, 1:] + y], 1))


def _color_saturation_lab(values: torch.Tensor, factor: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    if factor == 1:
        return values
    f = _lab_f(values)
    return _from_lab_f((f - f[:, 1:2]) * factor + f[:, 1:2])


def _brighten(values: torch.Tensor, amount: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    f, middle = _lab_f(values), 0.5 + amount / 2
    lightness = f[:, 1:2] * 1.16 - 0.16
    light = _from_lab_f(f + (_parabola(lightness, middle) - lightness) / 1.16)
    return (light + 2 * _parabola(values, middle)) / 3


def _parabola(values: torch.Tensor, middle: float) -> torch.Tensor:
    return ((2 - 4 * middle) * values**2 + (4 * middle - 1) * values).clamp(0, 1)


def _pixelate(values: torch.Tensor, strength: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    for axis in (2, 3):
        down, back = _there_and_back(values.shape[axis], 0.95 - strength**0.6)
        values = values[:, :, down[back]] if axis == 2 else values[..., down[back]]
    return values


def _jitter(values: torch.Tensor, deviation: float, drawn: list[dict[str, Any]]) -> torch.Tensor:
    moves = normal(values, drawn, JITTERS, 2, *values.shape[2:]) * deviation
    for turn in range(JITTERS):
        values = _warped(values, moves[:, turn, 0], moves[:, turn, 1])
    return values


def _warped(values: torch.Tensor, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Sampled at (row - down, column - right) by Keys' cubic convolution, as `cubic_warp.warp`."""
    import torch

    height, width = values.shape[2:]
    margin = int(torch.maximum(down.abs().max(), right.abs().max()).ceil()) + 1
    wide = torch.nn.functional.pad(values, (margin,) * 4, mode="replicate")
    if min(wide.shape[2:]) >= 5:
        for edge in (wide, wide.transpose(2, 3)):
            edge[:, :, 0] = 3 * edge[:, :, 1] - 3 * edge[:, :, 2] + edge[:, :, 3]
            edge[:, :, -1] = 3 * edge[:, :, -2] - 3 * edge[:, :, -3] + edge[:, :, -4]
    firsts, weights = [], []
    for axis, (size, shift) in enumerate(((height, down), (width, right))):
        steps = torch.arange(size, device=values.device, dtype=torch.float32) + margin
        at = (steps[:, None] if axis == 0 else steps) - shift
        first = at.to(torch.int64).clamp(1, size + 2 * margin - 3)
        t = at - first
        firsts.append(first - 1)
        weights.append(
            (
                t * (t * (1 - 0.5 * t) - 0.5),
                1 + t * t * (1.5 * t - 2.5),
                t * (0.5 + t * (2 - 1.5 * t)),
                t * t * (0.5 * t - 0.5),
            )
        )
    flat, stride = wide.flatten(2), wide.shape[3]
    total = torch.zeros_like(values)
    for row in range(4):
        line = torch.zeros_like(values)
        for column in range(4):
            index = ((firsts[0] + row) * stride + firsts[1] + column).flatten(1)[:, None].expand(-1, 3, -1)
            line += weights[1][column][:, None] * flat.gather(2, index).view_as(values)
        total += weights[0][row][:, None] * line
    return total


BATCHED: dict[str, Batch] = {
    "gaussian_blur": lambda values, sigma, drawn: _gaussian(values, sigma),
    "lens_blur": _lens_blur,
    "motion_blur": _motion_blur,
    "white_noise": _white_noise,
    "ycbcr_noise": _ycbcr_noise,
    "impulse_noise": _impulse_noise,
    "multiplicative_noise": _multiplicative_noise,
    "color_diffusion": _color_diffusion,
    "color_saturation_lab": _color_saturation_lab,
    "brighten": _brighten,
    "darken": lambda values, amount, drawn: _parabola(values, 0.5 - amount / 2),
    "mean_shift": lambda values, shift, drawn: (values + shift).clamp(0, 1),
    "pixelate": _pixelate,
    "jitter": _jitter,
}
