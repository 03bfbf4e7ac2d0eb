"""The suites that exist, one file each."""

from __future__ import annotations

from distortions.registry import unknown
from distortions.suite import Suite
from distortions.suites import kadid10k

_SUITES: dict[str, Suite] = {entry.name: entry for entry in (kadid10k.SUITE,)}


def suites() -> list[str]:
    """The names of all suites."""
    return list(_SUITES)


def suite(name: str = "kadid10k") -> Suite:
    """The suite of that name; ValueError with what exists where there is none."""
    if name not in _SUITES:
        raise ValueError(unknown("suite", name, _SUITES))
    return _SUITES[name]
