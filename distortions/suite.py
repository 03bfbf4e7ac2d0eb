"""Suites: a numbered table of distortions with levels. Functions know strengths, suites know numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from distortions.lookup import unknown
from distortions.photo import CONSTANT, Photo, closing
from distortions.regions import OPTICAL, Regions, blended, mask_of
from distortions.registry import BroughtBack, distortion_named

REGIONS_KEY = (
    1  # beside seed, type and level: where regions lie is drawn apart from what the distortion draws
)
SEVERITIES = ("slight", "just noticeable", "relevant", "obvious", "severe")
"""What five levels are called where a suite has no words of its own."""


@dataclass(frozen=True)
class SuiteType:
    """One numbered type: `levels[i]` is the strength of level i + 1, in `unit`, as `source` states it.

    `words`: the severity of each level in words, where the levels do not simply grow worse.
    """

    number: int
    name: str
    title: str
    distortion: str
    unit: str
    levels: tuple[float, ...]
    source: str
    words: tuple[str, ...] = ()

    @property
    def random(self) -> bool:
        """Whether two seeds render two different images."""
        return distortion_named(self.distortion).random

    def strength(self, level: int) -> float:
        """The strength of a level, counted from 1."""
        if (
            isinstance(level, bool)
            or not isinstance(level, int | np.integer)
            or not 1 <= level <= len(self.levels)
        ):
            raise ValueError(
                f"{self.name} has the levels 1 to {len(self.levels)}, got {level!r}: choose one of them"
            )
        return self.levels[int(level) - 1]

    def severity(self, level: int) -> str:
        """How bad a level is, in words: the type's own, or one of `SEVERITIES` by the level's place."""
        self.strength(level)
        if self.words:
            return self.words[level - 1]
        last = len(self.levels) - 1
        return SEVERITIES[round((level - 1) / last * 4) if last else 2]


@dataclass(frozen=True)
class Rendering:
    """One rendered cell: the image, and what was drawn for it, fit for JSON and for rendering it again.

    `low_resolution`: the small picture (h x w x 3 uint8) that the image was brought back to size from, where the
    distortion made one. `mask`: where the image was distorted (H x W uint8, 255 inside, 0 outside), in a suite of
    regions.
    """

    pixels: np.ndarray
    parameters: dict[str, Any]
    low_resolution: np.ndarray | None = None
    mask: np.ndarray | None = None


@dataclass(frozen=True)
class Suite:
    """A named set of types. `stretched`: photo and result are brought to the full range, as KADID-10k's are.

    With `regions` every cell is rendered in regions of the photo alone, and there is a level 0, the control: the same
    drawing, mask and blending with no distortion.
    """

    name: str
    version: str
    title: str
    types: Mapping[int, SuiteType]
    stretched: bool = False
    regions: Regions | None = None

    def type_called(self, name: str | int) -> SuiteType:
        """The type of that number, name or distortion; ValueError that says what there is, or which types it may mean.

        A type whose own name it is comes before those that have the distortion of that name.
        """
        if isinstance(name, bool):
            raise ValueError(f"type {name!r} is no number and no name: give one of those of {self.name}")
        if isinstance(name, int | np.integer):
            if int(name) in self.types:
                return self.types[int(name)]
            raise ValueError(
                f"{self.name} has no type {name}: choose one of {', '.join(map(str, self.types))}"
            )
        for attribute in ("name", "distortion"):
            matches = [entry for entry in self.types.values() if getattr(entry, attribute) == name]
            if len(matches) == 1:
                return matches[0]
            if matches:
                several = ", ".join(f"{entry.name} ({entry.number})" for entry in matches)
                raise ValueError(f"{name!r} means several types of {self.name}: choose one of {several}")
        raise ValueError(unknown(f"type in {self.name} called", name, [t.name for t in self.types.values()]))

    def record(self) -> dict[str, Any]:
        """The suite as plain data, fit for JSON: `distortions.suite_from_record` makes it again."""
        types = [
            {key: list(value) if isinstance(value, tuple) else value for key, value in vars(entry).items()}
            for entry in self.types.values()
        ]
        record = {"name": self.name, "title": self.title, "stretched": self.stretched, "types": types}
        return record | ({"regions": self.regions.record()} if self.regions else {})

    def levels(self, number: int) -> range:
        """The levels of a type: 1 to its last, in a suite of regions from 0, the control."""
        return range(0 if self.regions else 1, len(self.type_called(number).levels) + 1)

    def strength_of(self, number: int, level: int) -> float | None:
        """The strength of a cell; None for a control's. Raises ValueError where there is no such level."""
        return None if self.regions and level == 0 else self.type_called(number).strength(level)

    def cells(self) -> list[tuple[int, int]]:
        """All (type, level) pairs in order."""
        return [(number, level) for number in self.types for level in self.levels(number)]

    def render(
        self,
        photo: Photo,
        number: int,
        level: int,
        seed: int = 0,
        parameters: Mapping[str, Any] | None = None,
        floating: bool = False,
    ) -> Rendering:
        """One cell of one photo: H x W x 3, uint8 (float32 in [0, 1] where `floating`).

        `seed` (not negative) keys what is drawn, together with type and level; `parameters`, as a former
        rendering returned them, take the place of drawing.
        """
        seed = checked_seed(seed)
        if self.regions:
            return self._in_regions(self.regions, photo, number, level, seed, parameters, floating)
        entry = self.type_called(int(number))
        strength = entry.strength(level)
        drawn_from = distortion_named(entry.distortion)
        view = photo.stretched if self.stretched else photo
        if parameters is None:
            rng = np.random.default_rng([int(seed), entry.number, int(level)])
            parameters = drawn_from.parameters(view, strength, rng)
        result = drawn_from.render(view, strength, parameters)
        small = result.small if isinstance(result, BroughtBack) else None
        values = result.values if isinstance(result, BroughtBack) else result
        return Rendering(closing(values, self.stretched, floating), dict(parameters), small)

    def _in_regions(
        self,
        regions: Regions,
        photo: Photo,
        number: int,
        level: int,
        seed: int,
        parameters: Mapping[str, Any] | None,
        floating: bool,
    ) -> Rendering:
        entry = self.type_called(int(number))
        if parameters is None:
            rng = np.random.default_rng([int(seed), entry.number, int(level), REGIONS_KEY])
            drawn, own = regions.draw(rng, photo), None
        else:
            if set(parameters) != {"regions", "distortion"}:
                raise ValueError(
                    f"{self.name} takes the parameters regions and distortion, got {sorted(parameters)}: "
                    "pass parameters as a former rendering returned them"
                )
            drawn, own = parameters["regions"], parameters["distortion"]
        mask = mask_of(drawn, photo.height, photo.width)
        if self.strength_of(number, level) is None:
            distorted, own = photo.single, {}
        else:
            inner = replace(self, regions=None).render(photo, number, level, seed, own, floating)
            distorted, own = inner.pixels, inner.parameters
            if not floating:
                distorted = distorted.astype(np.float32) / np.float32(255)
            low, high = photo.extremes
            if self.stretched and high - low >= CONSTANT:
                distorted = distorted * np.float32(high - low) + np.float32(low)  # back to the photo's range
        values = blended(photo.single, distorted, mask, linear=entry.distortion in OPTICAL)
        return Rendering(closing(values, False, floating), {"regions": drawn, "distortion": own}, mask=mask)


def checked_seed(seed: object) -> int:
    """The seed as an int. Raises ValueError for what is none."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}: give a whole number from 0 on")
    return int(seed)


def table(*rows: tuple[Any, ...], source: str | None = None) -> dict[int, SuiteType]:
    """Rows of (number, distortion, title, unit, levels[, source]) as types that bear their distortion's name.

    `source` stands for the rows that have none of their own.
    """
    types = {}
    for number, distortion, title, unit, levels, *own in rows:
        stated = own[0] if own else source
        if stated is None:
            raise ValueError(
                f"type {number} ({distortion}) says nowhere where its levels come from: add a source"
            )
        types[number] = SuiteType(number, distortion, title, distortion, unit, levels, stated)
    return types
