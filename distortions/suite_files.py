"""Suites of one's own: read from a TOML file or from a record of one, checked, and identified by their content.

name = "phone"
title = "What my phone does"

[[types]]
distortion = "jpeg"
levels = [80, 50, 20]

[[types]]
distortion = "white_noise"
name = "grain"
levels = [0.001, 0.004]
words = ["slight", "severe"]
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from distortions.lookup import unknown
from distortions.regions import Regions
from distortions.registry import distortion_named
from distortions.suite import SEVERITIES, Suite, SuiteType

SUITE_KEYS = ("name", "title", "stretched", "types", "regions")
TYPE_KEYS = ("distortion", "levels", "number", "name", "title", "unit", "source", "words")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST = 99  # types of a suite, levels of a type: two digits in a file name
OWN = "own"


def suite_from_toml(source: str | os.PathLike[str]) -> Suite:
    """The suite that a TOML file describes; a string with a line break in it is the TOML itself.

    Needed: `name`, and for each of `[[types]]` a `distortion` (bundled or of a plug-in) and its `levels`, strengths
    that the distortion takes. Optional: `title`, and `stretched` (photo and result are brought to the full range,
    as KADID-10k's are), a table `[regions]` with `count`, `size` and `edge` (see `regional`); for a type `number`,
    `name`, `title`, `unit`, `source`, and `words`, a severity in words for every level. The suite's version is a hash
    of what decides its pixels: a title may be mended without another version, a level may not.

    Raises:
        ValueError: the file cannot be read, or is no such suite; one sentence with the place of the mistake.

    >>> import distortions
    >>> phone = distortions.suite_from_toml('name = "phone"\\n[[types]]\\ndistortion = "jpeg"\\nlevels = [80, 20]')
    >>> phone.types[1].levels, phone.types[1].unit
    ((80, 20), 'quality')
    """
    text = source if isinstance(source, str) and "\n" in source else None
    where = str(source) if text is None else "the suite"
    try:
        content = tomllib.loads(Path(source).read_text(encoding="utf-8-sig") if text is None else text)
    except OSError as error:
        raise ValueError(f"{where}: cannot be read ({error.strerror or error}): name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: not TOML ({error}): write it as docs/extending.md shows") from None
    suite = suite_from_record(content, where)
    for entry in suite.types.values():
        _each_once(entry.levels, f"{where}, type {entry.number} ({entry.name})")
    return suite


def _each_once(levels: Sequence[float], where: str) -> None:
    """Raise ValueError where a strength stands twice; records of runs may hold such levels, new suites may not."""
    twice = [level for place, level in enumerate(levels) if level in levels[:place]]
    if twice:
        raise ValueError(f"{where}: has the strength {twice[0]!r} at two levels: leave one of them out")


def suite_from_record(record: Mapping[str, Any], where: str = "the suite") -> Suite:
    """The suite of a record as `Suite.record` makes it, or as a TOML file holds it. Raises ValueError."""
    _only(record, SUITE_KEYS, where)
    name = _text(record, "name", where, None)
    if not NAME.fullmatch(name):
        raise ValueError(f"{where}: name is {name!r}: use up to 40 lower-case letters, digits, '_' or '-'")
    stretched = record.get("stretched", False)
    if not isinstance(stretched, bool):
        raise ValueError(f"{where}: stretched is {stretched!r}: write true or false")
    rows = record.get("types")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"{where}: has no types: begin each with a line [[types]]")
    if len(rows) > MOST:
        raise ValueError(f"{where}: has {len(rows)} types: at most {MOST} have a place in a file's name")
    types: dict[int, SuiteType] = {}
    for position, row in enumerate(rows, start=1):
        entry = _type(row, position, f"{where}, type {position}")
        for known in types.values():
            if entry.number == known.number or entry.name == known.name:
                raise ValueError(
                    f"{where}, type {position}: another type has the number {entry.number} or the name "
                    f"{entry.name!r}: give it a number and a name of its own"
                )
        types[entry.number] = entry
    return _identified(name, _text(record, "title", where, name), types, stretched, _regions(record, where))


def _regions(record: Mapping[str, Any], where: str) -> Regions | None:
    table = record.get("regions")
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise ValueError(f"{where}: regions is {table!r}: begin it with a line [regions]")
    _only(table, ("count", "size", "edge"), f"{where}, regions")
    size: Any = table.get("size", Regions.size)
    if not isinstance(size, list | tuple) or len(size) != 2:
        raise ValueError(
            f"{where}: regions: size is {size!r}: give the least and the greatest side in a list"
        )
    try:
        least, greatest = size
        return Regions(table.get("count", Regions.count), (least, greatest), table.get("edge", Regions.edge))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def regional(
    suite: Suite,
    count: int = Regions.count,
    size: tuple[float, float] = Regions.size,
    edge: float = Regions.edge,
) -> Suite:
    """The suite with every cell in so many soft-edged regions of the photo alone, and a level 0 as its control.

    `size`: least and greatest side of a region in shares of the photo's; `edge`: share of a region that is soft. Its
    name says that its cells are not those of `suite`. Raises ValueError for values that cannot be.

    >>> import distortions
    >>> regional = distortions.regional(distortions.suite("imagenet_c"), count=2)
    >>> regional.name, list(regional.levels(1))
    ('imagenet_c-regions2', [0, 1, 2, 3, 4, 5])
    """
    if suite.regions:
        raise ValueError(f"{suite.name} is a suite of regions already: name the one it was made of")
    regions = Regions(count, (size[0], size[1]), edge)
    name = f"{suite.name}-regions{count}"
    return _identified(name, f"{suite.title}, in regions", dict(suite.types), suite.stretched, regions)


def own(distortion: str, strengths: Sequence[float]) -> Suite:
    """The suite `own`: one distortion at these strengths, which become its levels 1, 2, ... in that order.

    Raises ValueError where there is no such distortion, or a strength is not in its range.
    """
    row = {"distortion": distortion, "levels": list(strengths), "source": "the user's own strengths"}
    suite = _identified(OWN, "Own strengths", {1: _type(row, 1, "own strengths")}, False)
    _each_once(suite.types[1].levels, "own strengths")
    return suite


def _identified(
    name: str, title: str, types: dict[int, SuiteType], stretched: bool, regions: Regions | None = None
) -> Suite:
    decisive: list[Any] = [
        stretched,
        [
            [entry.number, entry.distortion, [float(level) for level in entry.levels]]
            for entry in types.values()
        ],
    ]
    if regions:
        decisive.append(regions.record())
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    return Suite(name, digest[:16], title, types, stretched, regions)


def _type(row: Mapping[str, Any], position: int, where: str) -> SuiteType:
    _only(row, TYPE_KEYS, where)
    distortion = _text(row, "distortion", where, None)
    try:
        takes = distortion_named(distortion).strengths
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    levels = row.get("levels")
    if not isinstance(levels, list) or not 1 <= len(levels) <= MOST:
        raise ValueError(
            f"{where}: levels are {levels!r}: give a list of 1 to {MOST} strengths, such as [80, 50, 20]"
        )
    try:
        for level in levels:
            takes.check(distortion, level)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    number = row.get("number", position)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST:
        raise ValueError(f"{where}: number is {number!r}: give a whole number from 1 to {MOST}")
    name = _text(row, "name", where, distortion)
    if not NAME.fullmatch(name):
        raise ValueError(f"{where}: name is {name!r}: use up to 40 lower-case letters, digits, '_' or '-'")
    words = row.get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise ValueError(f"{where}: words are {words!r}: give a list of severities in words")
    if words and len(words) != len(levels):
        raise ValueError(f"{where}: has {len(levels)} levels but {len(words)} words: give one a level")
    return SuiteType(
        number,
        name,
        _text(row, "title", where, name.replace("_", " ").capitalize()),
        distortion,
        _text(row, "unit", where, takes.unit),
        tuple(levels),
        _text(row, "source", where, "the suite's author"),
        tuple(words) or _words(distortion, levels),
    )


def _words(distortion: str, levels: Sequence[float]) -> tuple[str, ...]:
    """Severities of strengths that do not grow worse with their place, such as rising qualities of JPEG."""
    from distortions.suites import worse_towards  # which is made of this

    towards = worse_towards(distortion)
    worse = sorted(set(levels), key=lambda level: level * (towards or 0))
    if towards is None or worse == list(levels):
        return ()
    last = max(len(worse) - 1, 1)
    return tuple(SEVERITIES[round(worse.index(level) / last * 4)] for level in levels)


def _only(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise ValueError(f"{where}: {unknown('key', key, list(keys))}")


def _text(table: Mapping[str, Any], key: str, where: str, default: str | None) -> str:
    value = table.get(key, default)
    if value is None:
        raise ValueError(f'{where}: has no {key}: write a line {key} = "..."')
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{where}: {key} is {value!r}: give a line of text in quotes")
    return value.strip()
