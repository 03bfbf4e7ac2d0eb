"""The one call: an image in, the same kind of image out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from distortions.photo import LUMA, Photo
from distortions.registry import distortion_named
from distortions.suite import Rendering, Suite, SuiteType
from distortions.suite_files import own, regional
from distortions.suites import suite as suite_named
from distortions.suites import suites


def get(name: str, suite: str | None = None) -> SuiteType:
    """The type of that name with its levels: in `suite`, or in the first suite that has it."""
    if suite is not None:
        return suite_named(suite).type_called(name)
    distortion_named(name)
    for entry in _suites_with(name):
        return suite_named(entry).type_called(name)
    raise ValueError(
        f"{name} is registered but no suite gives it levels: add a line to one of {', '.join(suites())}"
    )


def apply(
    image: np.ndarray,
    name: str | int,
    level: int | None = None,
    suite: str | Suite | None = None,
    seed: int = 0,
    strength: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    return_parameters: bool = False,
) -> np.ndarray | tuple[np.ndarray, dict[str, Any]]:
    """The image, distorted by the type of that name (or number) at that level of the suite, or at that strength.

    Levels are those of `suite` (kadid10k where none is named). With `strength`, a number in the unit and range of
    the distortion, it is applied to the image as it is; with a suite as well, as that suite applies its types.

    `image`: uint8, or float in [0, 1]; H x W x 3 RGB, H x W or H x W x 1 grey. The same kind comes back and
    the input is not modified. Grey is distorted as three equal planes, and what comes back is the luma
    .2989 R + .5870 G + .1140 B of the result. The same seed gives the same pixels; `parameters`, as
    returned with `return_parameters=True`, render a former drawing again. Raises ValueError for a NaN,
    another shape or type, an unknown name, level or suite.
    """
    chosen, number, level = _chosen(name, level, strength, suite)
    photo, shape = _as_photo(image)
    floating = image.dtype != np.uint8
    rendering = chosen.render(photo, number, level, seed, parameters, floating=floating)
    pixels = rendering.pixels
    if shape[2:] != (3,):
        grey = pixels.astype(np.float64) @ np.array(LUMA)
        pixels = (grey if floating else np.floor(grey + 0.5)).reshape(shape)
    pixels = pixels.astype(image.dtype, copy=False)
    return (pixels, rendering.parameters) if return_parameters else pixels


def apply_in_regions(
    image: np.ndarray,
    name: str | int,
    level: int | None = None,
    suite: str | Suite | None = None,
    seed: int = 0,
    strength: float | None = None,
    regions: int | Sequence[Mapping[str, Any]] = 1,
    parameters: Mapping[str, Any] | None = None,
) -> Rendering:
    """The image distorted in soft-edged regions alone: `pixels`, the `mask` of where, and the `parameters` drawn.

    Arguments as for `apply`; the image is H x W x 3 uint8. `regions`: how many to draw, or regions as
    `distortions.regions.mask_of` takes them. Outside the mask (where it is 0) the bytes are the image's; level 0 is the
    control, blended with itself. Raises ValueError as `apply` does.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3:
        seen = (
            f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        )
        raise ValueError(f"an image is H x W x 3 uint8 here, got {seen}")
    if not isinstance(regions, int) and (isinstance(regions, str) or not isinstance(regions, Sequence)):
        raise ValueError(f"regions are {regions!r}: give how many to draw, or a list of regions")
    chosen, number, level = _chosen(name, level, strength, suite)
    if isinstance(regions, int):
        return regional(chosen, regions).render(Photo(image), number, level, seed, parameters)
    rendering = regional(chosen).render(Photo(image), number, level, seed, parameters)
    drawn = {**rendering.parameters, "regions": [dict(region) for region in regions]}
    return regional(chosen).render(Photo(image), number, level, seed, drawn)


def _chosen(
    name: str | int, level: int | None, strength: float | None, suite: str | Suite | None
) -> tuple[Suite, int, int]:
    """The suite, and the number and level in it, that a name with either a level or a strength means."""
    if strength is not None and level is None:
        return _at_strength(name, strength, suite), 1, 1
    if level is None or strength is not None:
        raise ValueError("give either a level, such as level=3, or a strength, such as strength=30")
    within = _suite("kadid10k" if suite is None else suite)
    try:
        return within, within.type_called(name).number, level
    except ValueError:
        others = _suites_with(name) if suite is None else []
        if others:
            raise ValueError(
                f"{name!r} is no type of kadid10k, whose levels are taken where no suite is named: choose a suite that "
                f"has it, suite={' or '.join(map(repr, others))}"
            ) from None
        raise


def _suites_with(name: str | int) -> list[str]:
    """The suites that have a type of that name, or with that distortion."""
    return [
        entry
        for entry in suites()
        if any(name in (one.name, one.distortion) for one in suite_named(entry).types.values())
    ]


def _suite(suite: str | Suite) -> Suite:
    return suite if isinstance(suite, Suite) else suite_named(suite)


def _at_strength(name: str | int, strength: float, suite: str | Suite | None) -> Suite:
    """The suite `own` of one strength; stretched as `suite` is, whose names and numbers may be used then."""
    if suite is None:
        if not isinstance(name, str):
            raise ValueError(f"type {name} has a number in a suite only: name the suite, or the distortion")
        return own(name, [strength])
    within = _suite(suite)
    return replace(own(within.type_called(name).distortion, [strength]), stretched=within.stretched)


def _as_photo(image: np.ndarray) -> tuple[Photo, tuple[int, ...]]:
    if not isinstance(image, np.ndarray):
        raise ValueError(f"an image is a NumPy array, got {type(image).__name__}: pass numpy.asarray(image)")
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3))) or image.size == 0:
        raise ValueError(
            f"an image is H x W x 3 RGB or H x W grey with at least one pixel, got shape {image.shape}: "
            "drop an alpha plane, put the colour planes last"
        )
    if image.dtype != np.uint8 and image.dtype.kind != "f":
        raise ValueError(f"an image is uint8 or float in [0, 1], got {image.dtype}: convert it first")
    if image.dtype.kind == "f":
        if not np.isfinite(image).all():
            raise ValueError("the image has a NaN or an infinite value: replace it before distorting")
        if image.min() < 0 or image.max() > 1:
            raise ValueError(_out_of_range(image))
    planes = image.reshape(*image.shape[:2], -1)
    if planes.shape[2] == 1:
        planes = np.repeat(planes, 3, axis=2)
    if planes.dtype == np.float16:
        planes = planes.astype(np.float32)
    return Photo(planes), image.shape


def _out_of_range(image: np.ndarray) -> str:
    if image.min() < 0:
        advice = "bring the range that its values may have, such as -1 to 1, to 0 to 1"
    else:
        advice = "divide by what stands for white, such as 255"
    found = f"{image.min()!s} to {image.max()!s}"
    return f"a float image is in [0, 1], got {found}: {advice}, or cut off what is outside with numpy.clip(image, 0, 1)"
