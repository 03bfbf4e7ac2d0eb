"""Every distortion by name. A distortion is one function, registered by a decorator under that name.

A distortion knows strengths only; which numbers and levels it has is a suite's affair. A random distortion
comes in two parts: `draw` takes a Generator and returns what was drawn (plain numbers, fit for JSON), and the
function itself renders with exactly those parameters, so a recipe renders the same pixels again.
"""

from __future__ import annotations

import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from distortions.foreign import may_not_exit
from distortions.lookup import Registry
from distortions.photo import Photo
from distortions.strengths import ANY, Range

FARTHEST = 16.0
"""How far from 0 a plug-in's values may lie; they are cut to 0..1 afterwards. Values to 255 are another scale."""

Draw = Callable[[np.random.Generator, Photo, float], dict[str, Any]]


@dataclass(frozen=True)
class BroughtBack:
    """What a distortion returns that ends in a small picture: `values` at the photo's size, and the small one.

    `small`: h x w x 3 uint8.
    """

    values: np.ndarray
    small: np.ndarray


@dataclass(frozen=True)
class Distortion:
    """One registered function.

    `function(photo, strength, **parameters)` returns an H x W x 3 array, uint8 (0..255) or floating point
    (nominally 0..1, not necessarily clipped), a `Photo`, or `BroughtBack`; it never modifies its photo. `needs`: the
    modules that it imports beyond NumPy, OpenCV and Pillow, each with the package that brings it.
    `lacks`: what else is missing by name though these are there, such as an encoder. `strengths`: what it takes.
    """

    name: str
    function: Callable[..., Any]
    draw: Draw | None
    summary: str
    needs: Mapping[str, str] = field(default_factory=dict)
    strengths: Range = ANY
    lacks: Callable[[], tuple[str, ...]] | None = None

    @cached_property
    def drawn_names(self) -> list[str]:
        """The names of what it draws: the function's parameters after photo and strength."""
        return list(inspect.signature(self.function).parameters)[2:]

    @property
    def random(self) -> bool:
        """Whether two seeds render two different images."""
        return self.draw is not None

    @property
    def missing(self) -> tuple[str, ...]:
        """What it needs and is not there: packages, or else the parts of them that these were built without."""
        packages = tuple(package for module, package in self.needs.items() if not installed(module))
        if packages or self.lacks is None:
            return packages
        with may_not_exit(self.name):
            return self.lacks()

    @property
    def available(self) -> bool:
        """Whether what it needs is installed."""
        return not self.missing

    def parameters(self, photo: Photo, strength: float, rng: np.random.Generator) -> dict[str, Any]:
        """What this distortion draws for that photo and strength; empty where nothing is random.

        Raises ValueError where a package that it needs is missing, as `render` does.
        """
        self.require()
        strength = self.strengths.check(self.name, strength)
        if self.draw is None:
            return {}
        with may_not_exit(self.name):
            drawn = self.draw(rng, photo, strength)
        self._check_drawn(drawn)
        return drawn

    def _check_drawn(self, drawn: Any) -> None:
        """Raise ValueError where a recipe could not keep what was drawn, so that it would not render again."""
        if not isinstance(drawn, dict):
            raise ValueError(
                f"{self.name} drew {clipped(drawn)}: draw gives a dict of the parameters that were drawn"
            )
        for name, value in drawn.items():
            if not isinstance(name, str) or not is_plain(value):
                raise ValueError(
                    f"{self.name} drew {name} = {clipped(value)}: draw gives finite plain numbers, lists and text "
                    "(float(...), int(...), .tolist())"
                )

    def require(self) -> None:
        """Raise ValueError with the packages that this distortion needs and that are not installed, if any."""
        if not (missing := self.missing):
            return
        if set(missing) <= set(self.needs.values()):
            noun, verb = ("package", "is") if len(missing) == 1 else ("packages", "are")
            raise ValueError(
                f"{self.name} needs the {noun} {' and '.join(missing)}, which {verb} not installed: "
                f"pip install {' '.join(missing)}"
            )
        raise ValueError(f"{self.name} needs {' and '.join(missing)}, which this installation does not have")

    def render(self, photo: Photo, strength: float, parameters: Mapping[str, Any]) -> Any:
        """The distorted values. Raises ValueError where a parameter is missing or not this distortion's."""
        self.require()
        if not isinstance(parameters, Mapping) or set(parameters) != set(self.drawn_names):
            raise ValueError(
                f"{self.name} takes the parameters {self.drawn_names or 'none'}, got {list(parameters)}: "
                "pass parameters as a former rendering returned them, or none to have them drawn"
            )
        seed = parameters.get("noise_seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"{self.name}: noise_seed is {seed!r}: pass the whole number that was drawn")
        strength = self.strengths.check(self.name, strength)
        with may_not_exit(self.name):
            result = self.function(photo, strength, **parameters)
        self._check(result.values if isinstance(result, BroughtBack) else result, photo)
        return result

    def _check(self, values: Any, photo: Photo) -> None:
        """Raise ValueError where a distortion gives no picture of its photo's size; a plug-in's values are read too."""
        if isinstance(values, Photo):
            size: tuple[int, ...] = (values.height, values.width, 3)
        elif isinstance(values, np.ndarray) and (values.dtype == np.uint8 or values.dtype.kind == "f"):
            size = values.shape
        else:
            given = f"an array of {values.dtype}" if isinstance(values, np.ndarray) else type(values).__name__
            raise ValueError(
                f"{self.name} gave {given}: an array of uint8 or of floats in about 0 to 1 is needed"
            )
        if size != (photo.height, photo.width, 3):
            raise ValueError(
                f"{self.name} gave an array of shape {size} for a photo of {(photo.height, photo.width, 3)}: it has to "
                "keep the photo's size"
            )
        if DISTORTIONS.origin(self.name) is None or isinstance(values, Photo) or values.dtype == np.uint8:
            return
        low, high = float(values.min()), float(values.max())
        if not -FARTHEST <= low <= high <= FARTHEST:  # nor is NaN
            raise ValueError(
                f"{self.name} gave values from {low:.4g} to {high:.4g}: floats are meant to be in about 0 to 1"
            )


def is_plain(value: object) -> bool:
    """Whether JSON can keep it: text, finite numbers, None, and lists and dicts of them."""
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(below) for key, below in value.items())
    return isinstance(value, str | int | None) or (isinstance(value, float) and math.isfinite(value))


def clipped(value: object) -> str:
    """A value in a line of a sentence."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:80]}..."


def installed(module: str) -> bool:
    """Whether a module of that name could be imported; it is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a parent package that is absent, or a module without a specification
        return False


DISTORTIONS = Registry[Distortion]("distortion")


def distortion(
    strengths: Range = ANY,
    draw: Draw | None = None,
    needs: Mapping[str, str] | None = None,
    lacks: Callable[[], tuple[str, ...]] | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function under its own name: the strengths it takes; `draw` makes it a random one.

    `needs`: {module: package} where it takes more than NumPy, OpenCV and Pillow; `lacks`: see `Distortion`. `name`:
    another name than the function's, for functions that are made in a loop.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        called = name or function.__name__
        summary = (inspect.getdoc(function) or "").split("\n", 1)[0]
        DISTORTIONS.add(called, Distortion(called, function, draw, summary, needs or {}, strengths, lacks))
        return function

    return register


def distortion_named(name: str) -> Distortion:
    """The registered distortion of that name; ValueError with the nearest names where there is none."""
    return DISTORTIONS[name]


def names() -> list[str]:
    """The names of all registered distortions, sorted."""
    return sorted(DISTORTIONS)


def noise_seed(rng: np.random.Generator, photo: Photo, strength: float) -> dict[str, Any]:
    """The draw of the noise types: one seed, small enough for JSON readers that keep doubles (2^53)."""
    return {"noise_seed": int(rng.integers(2**53))}
