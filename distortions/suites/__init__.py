"""The suites that ship, one file each; plug-ins add theirs by `SUITES.add(suite.name, suite)`."""

from __future__ import annotations

from distortions.lookup import Registry
from distortions.suite import Suite
from distortions.suites import csiq, kadid10k, live, modern, tid2013

SUITES = Registry[Suite]("suite")
for _room in (kadid10k, tid2013, csiq, live, modern):
    SUITES.add(_room.SUITE.name, _room.SUITE)


def suites() -> list[str]:
    """The names of all suites."""
    return SUITES.names()


def suite(name: str = "kadid10k") -> Suite:
    """The suite of that name; ValueError with what exists where there is none."""
    return SUITES[name]
