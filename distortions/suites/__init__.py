"""The suites that exist, one file each."""

from __future__ import annotations

from distortions.registry import unknown
from distortions.suite import Suite
from distortions.suites import csiq, kadid10k, live, modern, tid2013

_ALL = (kadid10k, tid2013, csiq, live, modern)
_SUITES: dict[str, Suite] = {room.SUITE.name: room.SUITE for room in _ALL}


def suites() -> list[str]:
    """The names of all suites."""
    return list(_SUITES)


def suite(name: str = "kadid10k") -> Suite:
    """The suite of that name; ValueError with what exists where there is none."""
    if name not in _SUITES:
        raise ValueError(unknown("suite", name, _SUITES))
    return _SUITES[name]
