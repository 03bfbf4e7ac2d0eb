"""Recipes: all it takes to render a sample again, made before any pixel is."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import distortions
from distortions.plugins import Plugin
from distortions.registry import DISTORTIONS, distortion_named
from distortions.suites import SUITES
from glint_data import images
from glint_data.dataset import rendering, runs
from glint_data.errors import GlintError
from glint_data.sources import Source
from glint_data.storage.files import holds

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True)
class Settings:
    """What decides the pixels and names of a dataset. A run may only go on with the same settings."""

    suite: str = "kadid10k"
    types: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    seed: int = 0
    format: str = "png"
    virtual: bool = False
    suite_version: str | None = None  # None: the suite as it is now
    suite_record: str | None = None  # a suite of the user's, as JSON; None for one that is registered

    def resolved(self) -> "Settings":
        """With the suite's own types and levels where none were named.

        Raises:
            GlintError: the suite, a type, a level or the format does not exist; the sentence lists what does.
        """
        try:
            suite = self.suite_as_planned
        except (KeyError, ValueError) as error:
            raise GlintError(str(error.args[0])) from None
        every_level = sorted({level for kind in suite.types for level in suite.levels(kind)})
        types = _chosen(self.types, list(suite.types), "type", suite.name)
        levels = _chosen(self.levels, every_level, "level", suite.name)
        if self.format not in images.ENCODERS:
            raise GlintError(
                f"--format {self.format}: not one of the lossless formats {', '.join(images.ENCODERS)}"
            )
        _check_codecs(suite, types)
        return replace(self, types=types, levels=levels, suite_version=suite.version)

    def going_on_in(self, folder: Path) -> "Settings":
        """With the version of the suite that the dataset in `folder` was begun with, so that it stays of one piece."""
        if not holds(folder, runs.FILE):
            return self
        runs.refuse_links(folder)
        record = runs.read(folder).get("settings", {})
        if self.suite_version is not None or record.get("suite") != self.suite:
            return self
        return replace(self, suite_version=record.get("suite_version", rendering.FIRST_VERSION))

    @property
    def suite_as_planned(self) -> "distortions.Suite":
        """The suite in the version of these settings."""
        if self.suite_record:
            rendering.know_suite(distortions.suite_from_record(json.loads(self.suite_record)))
        return distortions.suite(self.suite, version=self.suite_version)

    @classmethod
    def recorded(cls, record: dict, folder: object) -> "Settings":
        """The settings that a folder's `run.json` holds, resolved.

        Raises:
            GlintError: it holds none, or values that are no settings.
        """
        settings = record.get("settings")
        advice = f"{folder}: its run.json holds no recipe settings; name a dataset of 'glint-data synthesize'"
        if not isinstance(settings, dict) or "suite" not in settings:
            raise GlintError(advice)
        try:
            values = {name: settings[name] for name in cls.__dataclass_fields__ if name in settings}
            values.setdefault("suite_version", rendering.FIRST_VERSION)
            if isinstance(values.get("suite_record"), dict):
                values["suite_record"] = json.dumps(values["suite_record"])
            for name in ("types", "levels"):
                values[name] = tuple(int(number) for number in values.get(name, ()))
            return cls(**values).resolved()
        except (TypeError, ValueError, AttributeError) as error:
            raise GlintError(f"{advice} ({error})") from error

    def cells(self) -> list[tuple[int, int]]:
        """The (type, level) pairs that exist in the suite, in order."""
        suite = self.suite_as_planned
        return [
            (kind, level)
            for kind in self.types
            for level in self.levels
            if level <= len(suite.types[kind].levels)
        ]

    def record(self) -> dict:
        """The settings as `run.json` keeps them, with the version of the suite they refer to."""
        suite = self.suite_as_planned
        record = {**asdict(self), "suite_version": suite.version}
        record["suite_record"] = json.loads(self.suite_record) if self.suite_record else None
        origins = {origin.name: origin.sha256 for origin in self._origins(suite) if origin}
        return record | ({"plugins": origins} if origins else {})

    def _origins(self, suite: "distortions.Suite") -> Iterator[Plugin | None]:
        """The plug-ins that decide pixels: those of the suite and of its types' distortions."""
        if suite.name in SUITES:
            yield SUITES.origin(suite.name)
        for number in self.types:
            yield DISTORTIONS.origin(suite.types[number].distortion)


def _check_codecs(suite: "distortions.Suite", types: tuple[int, ...]) -> None:
    """Refuse before the first photo what would fail for every one: a type whose package is not installed."""
    needed = {kind: distortion_named(suite.types[kind].distortion) for kind in types}
    missing = {kind: entry.missing for kind, entry in needed.items() if entry.missing}
    if missing:
        rest = ",".join(str(kind) for kind in types if kind not in missing)
        lacking = list(dict.fromkeys(name for names in missing.values() for name in names))
        packages = [
            name for name in lacking if any(name in entry.needs.values() for entry in needed.values())
        ]
        install = f"pip install {' '.join(packages)}, or " if packages else ""
        leave_out = f"leave them out with --types {rest}" if rest else "choose another suite"
        raise GlintError(
            f"types {', '.join(map(str, missing))} of {suite.name} need {' and '.join(lacking)}: {install}{leave_out}"
        )


def _chosen(asked: tuple[int, ...], known: list[int], what: str, suite: str) -> tuple[int, ...]:
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise GlintError(
            f"--{what}s {', '.join(map(str, unknown))}: {suite} has no such {what}; "
            f"it has {known[0]} to {known[-1]}"
        )
    return tuple(sorted(set(asked))) or tuple(known)


def recipe(source: Source, settings: Settings, kind: int, level: int) -> dict:
    """The columns of one sample that are known before it is rendered."""
    suite = settings.suite_as_planned
    suite_type = suite.types[kind]
    strength = suite.strength_of(kind, level)
    return {
        "sample_id": sample_id(source.name, kind, level),
        "source": source.name,
        "source_path": source.path,
        "source_hash": source.hash,
        "suite": settings.suite,
        "suite_version": suite.version,
        "type": kind,
        "level": level,
        "distortion": suite_type.distortion,
        "strength": float(strength) if isinstance(strength, (int, float)) else None,
        "seed": sample_seed(settings.seed, source.hash, settings.suite, kind, level),
        "width": source.width,
        "height": source.height,
    }


def plan(sources: Sequence[Source], settings: Settings) -> Iterator["pyarrow.Table"]:
    """The recipes of every source and cell, as manifest tables of some thousand sources each.

    The same rows as `recipe` gives, made column by column: millions of them in seconds.
    """
    import pandas

    from glint_data.dataset import manifest

    for begin in range(0, len(sources), SOURCES_A_TABLE):
        some = sources[begin : begin + SOURCES_A_TABLE]
        cells = pandas.DataFrame([recipe(some[0], settings, *cell) for cell in settings.cells()])
        rows = pandas.concat([cells] * len(some), ignore_index=True)
        for column, field in _SOURCE_FIELDS.items():
            rows[column] = np.repeat(np.array([getattr(source, field) for source in some]), len(cells))
        keys = list(settings.cells())
        rows["sample_id"] = [sample_id(source.name, *cell) for source in some for cell in keys]
        seeds = (
            sample_seed(settings.seed, source.hash, settings.suite, *cell) for source in some for cell in keys
        )
        rows["seed"] = np.fromiter(seeds, np.uint64, len(rows))
        yield manifest.to_table(rows.assign(status="planned"), {"suite": settings.suite})


SOURCES_A_TABLE = 1000
_SOURCE_FIELDS = {
    "source": "name",
    "source_path": "path",
    "source_hash": "hash",
    "width": "width",
    "height": "height",
}


def sample_id(source: str, kind: int, level: int) -> str:
    """<source>_<TT>_<LL>, as KADID-10k names its files."""
    return f"{source}_{kind:02d}_{level:02d}"


def sample_seed(run_seed: int, source_hash: str, suite: str, kind: int, level: int) -> int:
    """64 bits that depend on what the sample is, never on when or where it is rendered."""
    key = f"{run_seed}:{source_hash}:{suite}:{kind}:{level}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
