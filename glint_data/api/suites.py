"""Suites as a person names them: by a registered name, by a TOML file, or by one type's own strengths."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from distortions import Suite


def suite_named(name: str) -> "tuple[Suite, str | None]":
    """A suite, and its record as JSON where it comes from a file and a dataset has to keep it.

    Raises:
        GlintError: no such suite, or a file that describes none.
    """
    import distortions

    try:
        if not name.lower().endswith(".toml"):
            return distortions.suite(name), None
        return _known(distortions.suite_from_toml(name))
    except ValueError as error:
        raise GlintError(str(error.args[0])) from None


def own_strengths(
    suite: str, types: Sequence[int | str], strengths: Sequence[float]
) -> "tuple[Suite, str | None]":
    """The suite of one type, which has these strengths as its levels 1, 2, ...

    Raises:
        GlintError: none or several types, no such type, or strengths that it does not take.
    """
    import distortions

    if len(types) != 1:
        raise GlintError(
            "--strengths: belong to one type; name it, for example --types jpeg --strengths 10,30"
        )
    try:
        known = distortions.names()
        name = types[0]
        found = name if name in known else suite_named(suite)[0].type_called(name).distortion
        return _known(distortions.own(str(found), list(strengths)))
    except ValueError as error:
        raise GlintError(f"--strengths: {error.args[0]}") from None


def in_regions(suite: "Suite", count: int) -> "tuple[Suite, str | None]":
    """The suite in so many regions of each photo. Raises `GlintError` for a count that cannot be."""
    import distortions

    try:
        return _known(distortions.regional(suite, count))
    except ValueError as error:
        raise GlintError(f"--regions {count}: {error.args[0]}") from None


def _known(suite: "Suite") -> "tuple[Suite, str]":
    from glint_data.dataset.rendering import know_suite

    return know_suite(suite), json.dumps(suite.record())
