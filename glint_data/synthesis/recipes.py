"""Recipes: all it takes to render a sample again, made before any pixel is."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.sources import Source
from glint_data.synthesis.settings import Settings

if TYPE_CHECKING:
    import pyarrow


def recipe(source: Source, settings: Settings, type_number: int, level: int) -> dict[str, Any]:
    """The columns of one sample that are known before it is rendered."""
    suite = settings.suite_as_planned
    suite_type = suite.types[type_number]
    strength = suite.strength_of(type_number, level)
    return {
        "sample_id": sample_id(source.name, type_number, level),
        "source": source.name,
        "source_path": source.path,
        "source_hash": source.hash,
        "source_edit": settings.edit.text(),
        "suite": settings.suite,
        "suite_version": suite.version,
        "type": type_number,
        "level": level,
        "distortion": suite_type.distortion,
        "strength": float(strength) if isinstance(strength, (int, float)) else None,
        "seed": sample_seed(settings.seed, source.hash, settings.suite, type_number, level),
        "width": source.width,
        "height": source.height,
    }


def plan(sources: Sequence[Source], settings: Settings) -> Iterator["pyarrow.Table"]:
    """The recipes of every source and cell, as manifest tables of some thousand sources each.

    The same rows as `recipe` gives, made column by column: millions of them in seconds.
    """
    import pandas

    from glint_data.dataset import manifest
    from glint_data.dataset.status import Status

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
        yield manifest.to_table(rows.assign(status=Status.PLANNED), {"suite": settings.suite})


SOURCES_A_TABLE = 1000
_SOURCE_FIELDS = {
    "source": "name",
    "source_path": "path",
    "source_hash": "hash",
    "width": "width",
    "height": "height",
}


def sample_id(source: str, type_number: int, level: int) -> str:
    """<source>_<TT>_<LL>, as KADID-10k names its files."""
    return f"{source}_{type_number:02d}_{level:02d}"


def sample_seed(run_seed: int, source_hash: str, suite: str, type_number: int, level: int) -> int:
    """64 bits that depend on what the sample is, never on when or where it is rendered."""
    key = f"{run_seed}:{source_hash}:{suite}:{type_number}:{level}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
