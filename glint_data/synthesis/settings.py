"""The settings of a dataset: what decides its pixels and names, checked, and as `run.json` keeps them."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import distortions
from distortions.lookup import unknown
from distortions.plugins import Plugin
from distortions.registry import DISTORTIONS, distortion_named
from distortions.suites import SUITES
from glint_data import defaults, images
from glint_data.dataset import rendering, runs
from glint_data.errors import GlintError
from glint_data.storage.files import holds
from glint_data.storage.places import Place, is_remote
from glint_data.storage.uploads import require_store

_ADDED = ("max_side", "crop", "suite_record")
"""Recorded only where they are set, so that datasets of the first release go on."""


@dataclass(frozen=True)
class Settings:
    """What decides the pixels and names of a dataset. A run may only go on with the same settings.

    `suite` is a name, or the TOML file of a suite of one's own; `types` are numbers or names of it. `strengths`
    stand for a suite of one type, whose levels they are, in their order. `max_side` and `crop` (width, height), in
    pixels, make the photos from larger files. `suite_record` (JSON) is filled in for suites that do not ship.
    """

    suite: str = defaults.SUITE
    types: tuple[int | str, ...] = ()
    levels: tuple[int, ...] = ()
    seed: int = 0
    format: str = defaults.FORMAT
    virtual: bool = False
    strengths: tuple[float, ...] = ()
    max_side: int = 0
    crop: tuple[int, int] | None = None
    suite_version: str | None = None  # None: the suite as it is now
    suite_record: str | None = None

    def resolved(self) -> "Settings":
        """With the suite's own types and levels where none were named.

        Raises:
            GlintError: the suite, a type, a level or the format does not exist; the sentence lists what does.
        """
        try:
            settings = self._with_own_suite()
            suite = settings.suite_as_planned
            types = _numbers_of(settings.types, suite)
        except (KeyError, ValueError) as error:
            raise GlintError(str(error.args[0])) from None
        every_level = sorted({level for _, level in suite.cells()})
        types = _chosen(types, list(suite.types), "type", suite.name)
        levels = _chosen(self.levels, every_level, "level", suite.name)
        if self.format not in images.ENCODERS:
            raise GlintError(
                f"--format {self.format}: not one of the lossless formats {', '.join(images.ENCODERS)}"
            )
        _check_edit(self.max_side, self.crop)
        _check_packages(suite, types)
        return replace(settings, types=types, levels=levels, suite_version=suite.version)

    def _with_own_suite(self) -> "Settings":
        """Strengths, a TOML file, or a suite that this process alone was told of, as a suite of the run's own."""
        if self.strengths:
            if len(self.types) != 1 or self.levels:
                raise ValueError(
                    "--strengths are those of one type: name it with --types, such as --types jpeg --strengths "
                    "10,30,50, and no --levels"
                )
            suite = distortions.own(self._distortion_named(self.types[0]), list(self.strengths))
            chosen: dict[str, Any] = {"types": (1,), "strengths": ()}
        elif _is_file(self.suite):
            suite, chosen = distortions.suite_from_toml(self.suite), {}
        elif self.suite_version is None and self.suite not in SUITES:
            registered = distortions.suite(self.suite)
            suite, chosen = distortions.suite_from_record(registered.record(), f"the suite {self.suite}"), {}
        else:
            return self
        record = json.dumps(suite.record(), sort_keys=True, default=float)
        return replace(self, suite=suite.name, suite_version=suite.version, suite_record=record, **chosen)

    def _distortion_named(self, wanted: int | str) -> str:
        """The distortion that strengths are for: that of the suite's type of this number or name, else of that name."""
        is_file = _is_file(self.suite)
        suite = distortions.suite_from_toml(self.suite) if is_file else distortions.suite(self.suite)
        if suite.regions:
            raise ValueError(
                f"--strengths with the suite {suite.name}: it distorts regions alone, and strengths of one's own "
                "the whole photo; name a suite without regions, or write the strengths into a suite's file as levels"
            )
        named = [entry.distortion for entry in suite.types.values() if wanted in (entry.name, entry.number)]
        if not named and wanted in DISTORTIONS:  # as it is also where several types of the suite have it
            named = [str(wanted)]
        if not named and isinstance(wanted, str):
            known = dict.fromkeys([entry.name for entry in suite.types.values()] + DISTORTIONS.names())
            raise ValueError(unknown(f"type of {suite.name} and no distortion called", wanted, known))
        return named[0] if named else suite.type_called(wanted).distortion

    def going_on_in(self, folder: Place) -> "Settings":
        """With the version of the suite that the dataset in `folder` was begun with, so that it stays of one piece."""
        if is_remote(folder):
            require_store(folder)
        if self.suite_version is not None or self.strengths or not holds(folder, runs.FILE):
            return self
        runs.refuse_links(folder)
        record = runs.read(folder).get("settings", {})
        if record.get("suite") != self.suite:
            return self
        own, version = record.get("suite_record"), record.get("suite_version", rendering.FIRST_VERSION)
        if not isinstance(version, str) or not isinstance(own, dict | None):
            raise GlintError(
                f"{folder / runs.FILE}: its suite's version or record is not what glint-data writes; restore the file "
                "or begin in a new folder"
            )
        return replace(
            self, suite_version=version, suite_record=json.dumps(own, sort_keys=True) if own else None
        )

    @property
    def suite_as_planned(self) -> "distortions.Suite":
        """The suite in the version of these settings. Raises ValueError where there is none."""
        if self.suite_record:
            return rendering.own_suite(self.suite_record)
        return distortions.suite(self.suite, version=self.suite_version)

    @property
    def edit(self) -> images.Edit:
        """What makes the photos from their files."""
        return images.Edit(self.max_side, self.crop)

    @classmethod
    def recorded(cls, record: dict[str, Any], folder: object) -> "Settings":
        """The settings that a folder's `run.json` holds, resolved.

        Raises:
            GlintError: it holds none, or values that are no settings.
        """
        settings = record.get("settings")
        advice = f"{folder}: its run.json holds no recipe settings; name a dataset of 'glint-data synthesize'"
        if not isinstance(settings, dict) or not isinstance(settings.get("suite"), str):
            raise GlintError(advice)
        rendering.refuse_without_plugins(settings, folder)
        try:
            values = {field.name: settings[field.name] for field in fields(cls) if field.name in settings}
            values.setdefault("suite_version", rendering.FIRST_VERSION)
            for name in ("types", "levels"):
                values[name] = tuple(int(number) for number in values.get(name, ()))
            values["seed"], values["max_side"] = int(values.get("seed", 0)), int(values.get("max_side", 0))
            if values.get("crop"):
                wide, high = values["crop"]
                values["crop"] = (int(wide), int(high))
            if values.get("suite_record"):
                values["suite_record"] = json.dumps(values["suite_record"], sort_keys=True)
            return cls(**values).resolved()
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise GlintError(f"{advice} ({error})") from error

    def cells(self) -> list[tuple[int, int]]:
        """The (type, level) pairs that exist in the suite, in order."""
        types, levels = set(self.types), set(self.levels)
        return [cell for cell in self.suite_as_planned.cells() if cell[0] in types and cell[1] in levels]

    def record(self) -> dict[str, Any]:
        """The settings as `run.json` keeps them, with the version of the suite they refer to."""
        values = {name: value for name, value in asdict(self).items() if name != "strengths"}
        if self.suite_record:
            values["suite_record"] = json.loads(self.suite_record)
        suite = self.suite_as_planned
        values["suite_version"] = suite.version
        plugins = {origin.name: origin.sha256 for origin in self._origins(suite) if origin}
        values |= {"plugins": plugins} if plugins else {}
        return {name: value for name, value in values.items() if value or name not in _ADDED}

    def _origins(self, suite: "distortions.Suite") -> Iterator[Plugin | None]:
        """The plug-ins that decide pixels: those of the suite and of its types' distortions."""
        if suite.name in SUITES:
            yield SUITES.origin(suite.name)
        for number in self.types:
            yield DISTORTIONS.origin(suite.type_called(number).distortion)


def _is_file(suite: str) -> bool:
    return suite.lower().endswith(".toml")


def _numbers_of(types: tuple[int | str, ...], suite: "distortions.Suite") -> tuple[int, ...]:
    """Types by their numbers. Raises ValueError for a name that the suite does not have."""
    return tuple(
        int(name) if isinstance(name, int) or str(name).isdecimal() else suite.type_called(str(name)).number
        for name in types
    )


def _check_edit(max_side: int, crop: tuple[int, int] | None) -> None:
    from glint_data.sources import MINIMUM_SIDE

    if max_side and max_side < MINIMUM_SIDE:
        raise GlintError(f"--max-side {max_side}: photos need at least {MINIMUM_SIDE} pixels a side")
    if crop is not None and min(crop) < MINIMUM_SIDE:
        raise GlintError(f"--crop {crop[0]}x{crop[1]}: photos need at least {MINIMUM_SIDE} pixels a side")
    if max_side and crop is not None and max(crop) > max_side:
        raise GlintError(
            f"--crop {crop[0]}x{crop[1]}: larger than --max-side {max_side}, to which photos are scaled before"
        )


def _check_packages(suite: "distortions.Suite", types: tuple[int, ...]) -> None:
    """Refuse before the first photo what would fail for every one: a type whose package is not installed."""
    needed = {number: distortion_named(suite.types[number].distortion) for number in types}
    missing = {number: entry.missing for number, entry in needed.items() if entry.missing}
    if missing:
        rest = ",".join(str(number) for number in types if number not in missing)
        lacking = list(dict.fromkeys(name for names in missing.values() for name in names))
        packages = [
            name for name in lacking if any(name in entry.needs.values() for entry in needed.values())
        ]
        install = f"pip install {' '.join(packages)}, or " if packages else ""
        leave_out = f"leave them out with --types {rest}" if rest else "choose another suite"
        raise GlintError(
            f"types {', '.join(map(str, missing))} of {suite.name} need {' and '.join(lacking)}: {install}{leave_out}"
        )


def _chosen(wanted: tuple[int, ...], known: list[int], what: str, suite: str) -> tuple[int, ...]:
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise GlintError(
            f"--{what}s {', '.join(map(str, unknown))}: {suite} has no such {what}; "
            f"it has {known[0]} to {known[-1]}"
        )
    return tuple(sorted(set(wanted))) or tuple(known)
