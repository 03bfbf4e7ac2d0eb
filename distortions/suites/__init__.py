"""The suites that ship, one file each; plug-ins add theirs by `SUITES.add(suite.name, suite)`."""

from __future__ import annotations

from distortions.lookup import Registry
from distortions.suite import Suite
from distortions.suites import (
    camera,
    csiq,
    imagenet_c,
    kadid10k,
    live,
    modern,
    platform,
    restoration,
    tid2013,
    video,
)

_ALL = (kadid10k, tid2013, csiq, live, modern, imagenet_c, restoration, camera, platform, video)
SUITES = Registry[Suite]("suite")
for _room in _ALL:
    SUITES.add(_room.SUITE.name, _room.SUITE)


def worse_towards(distortion: str) -> int | None:
    """1 where a distortion grows worse with its strength, -1 where with smaller ones (JPEG's quality): as the bundled
    suites have its levels. None where none of them has it, or where it grows worse to both sides.

    >>> worse_towards("jpeg"), worse_towards("white_noise"), worse_towards("contrast_scale")
    (-1, 1, None)
    """
    directions = {
        1 if entry.levels[-1] > entry.levels[0] else -1
        for room in _ALL
        for entry in room.SUITE.types.values()
        if entry.distortion == distortion and not entry.words
    }
    crooked = any(
        entry.words or list(entry.levels) not in (sorted(entry.levels), sorted(entry.levels, reverse=True))
        for room in _ALL
        for entry in room.SUITE.types.values()
        if entry.distortion == distortion
    )
    return directions.pop() if len(directions) == 1 and not crooked else None


_ADDED: dict[str, Suite] = {}  # suites of the user's files, which may be read again after a change
# versions that recipes may name beside the present ones
_BY_VERSION: dict[tuple[str, str], Suite] = {
    (former.name, former.version): former for room in _ALL for former in getattr(room, "FORMER", ())
}


def add_suite(suite: Suite) -> Suite:
    """Have `suite(name)` know a suite of the user's, and return it; adding the same again changes nothing.

    Of several that bear one name the last is the present one, and each is there by its version. A process that
    renders recipes of such a suite needs it added first, from its TOML file or from the record of a run. Raises
    ValueError where the name is that of a bundled suite, or of a plug-in's.
    """
    if suite.name in SUITES:
        raise ValueError(
            f"{suite.name} is the name of a registered suite: choose another in the suite's file"
        )
    _ADDED[suite.name] = suite
    _BY_VERSION[suite.name, suite.version] = suite
    return suite


def suites() -> list[str]:
    """The names of all suites: those that ship, plug-ins', and those of the user's files."""
    return SUITES.names() + list(_ADDED)


def suite(name: str = "kadid10k", version: str | None = None) -> Suite:
    """The suite of that name, as it is now or as it was in a former `version`.

    A recipe keeps the version it was planned with, and renders the same pixels through it for ever. Raises
    ValueError with what exists where there is no such suite or version.

    >>> from distortions import suite
    >>> suite("kadid10k").version, suite("kadid10k", version="1").version
    ('2', '1')
    """
    current = _ADDED[name] if name in _ADDED else SUITES[name]
    if version is None or version == current.version:
        return current
    if (name, version) not in _BY_VERSION:
        versions = [known for suite_name, known in _BY_VERSION if suite_name == name]
        versions += [current.version] * (current.version not in versions)
        raise ValueError(
            f"{name} has no version {version!r}, but {' and '.join(versions)}: "
            "install the release that made the recipe, or plan it afresh"
        )
    return _BY_VERSION[name, version]
