"""The suites that exist, one file each."""

from __future__ import annotations

from distortions.registry import unknown
from distortions.suite import Suite
from distortions.suites import csiq, kadid10k, live, modern, tid2013

_ALL = (kadid10k, tid2013, csiq, live, modern)
_SUITES: dict[str, Suite] = {room.SUITE.name: room.SUITE for room in _ALL}
_FORMER: dict[tuple[str, str], Suite] = {
    (former.name, former.version): former for room in _ALL for former in getattr(room, "FORMER", ())
}


def suites() -> list[str]:
    """The names of all suites."""
    return list(_SUITES)


def suite(name: str = "kadid10k", version: str | None = None) -> Suite:
    """The suite of that name, as it is now or as it was in a former `version`.

    A recipe keeps the version it was planned with, and renders the same pixels through it for ever. Raises
    ValueError with what exists where there is no such suite or version.

    >>> from distortions import suite
    >>> suite("kadid10k").version, suite("kadid10k", version="1").version
    ('2', '1')
    """
    if name not in _SUITES:
        raise ValueError(unknown("suite", name, _SUITES))
    current = _SUITES[name]
    if version is None or version == current.version:
        return current
    if (name, version) not in _FORMER:
        versions = [known for suite_name, known in _FORMER if suite_name == name] + [current.version]
        raise ValueError(
            f"{name} has no version {version!r}, but {' and '.join(versions)}: "
            "install the release that made the recipe, or plan it afresh"
        )
    return _FORMER[name, version]
