"""In what two runs' settings differ, in lines for a person: the innermost parts, each there and now."""

from collections.abc import Iterator
from typing import Any

LONGEST = 80
"""Characters that are shown of a value."""


def differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """A line for every setting that differs; of a record, such as a suite's, one for every part that does.

    >>> list(differences({"seed": 0, "types": [1, 2, 3]}, {"seed": 7, "types": [1, 2, 3]}))
    ['seed: 0 there, 7 now']
    >>> suites = [{"suite_record": {"types": [{"number": 1, "levels": [10, last]}]}} for last in (50, 60)]
    >>> list(differences(*suites))
    ['suite_record: type 1 levels (10, 50) there, (10, 60) now']
    """
    for name in sorted(before.keys() | now.keys()):
        values = before.get(name), now.get(name)
        if values[0] == values[1]:
            continue
        parts = list(_parts((), *values)) if all(isinstance(value, dict) for value in values) else []
        if not parts:
            yield f"{name}: {_apart(*map(_shown, values))}"
        for path, *inner in parts:
            yield f"{name}: {' '.join(path)} {_apart(*map(_as_tuple, inner))}"


def _parts(path: tuple[str, ...], before: Any, now: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """The innermost named parts that differ, as (names, value there, value now)."""
    there, here = _by_name(path, before), _by_name(path, now)
    if there is None or here is None:
        yield path, before, now
        return
    within = path[:-1] if isinstance(before, list) else path  # "type 1" stands for "types" and the row in it
    for name in dict.fromkeys([*there, *here]):
        if there.get(name) != here.get(name):
            yield from _parts((*within, name), there.get(name), here.get(name))


def _by_name(path: tuple[str, ...], value: Any) -> dict[str, Any] | None:
    """The parts of a value: a dict's by key, a list's of dicts by number or place; None for what has none."""
    if isinstance(value, dict):
        return value
    if not path or not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return None
    noun = path[-1].removesuffix("s")
    return {f"{noun} {row.get('number', place)}": row for place, row in enumerate(value, start=1)}


def _apart(there: str, here: str) -> str:
    """Both texts; of long ones the part in which they begin to differ."""
    begin = 0
    if max(len(there), len(here)) > LONGEST:
        alike = next(
            (place for place, (a, b) in enumerate(zip(there, here, strict=False)) if a != b),
            min(len(there), len(here)),
        )
        begin = max(alike - LONGEST // 2, 0)
    return f"{_cut(there, begin)} there, {_cut(here, begin)} now"


def _cut(text: str, begin: int) -> str:
    end = begin + LONGEST
    return f"{'...' if begin else ''}{text[begin:end]}{'...' if end < len(text) else ''}"


def _as_tuple(value: Any) -> str:
    return f"({', '.join(map(repr, value))})" if isinstance(value, list) else repr(value)


def _shown(value: Any) -> str:
    """A setting as it would be typed: number lists as ranges."""
    if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
        return repr(value)
    ranges: list[list[int]] = []
    for number in value:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges)
