"""Suites as a person names them: by a registered name, or by a TOML file."""

import json
from typing import TYPE_CHECKING

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from distortions import Suite


def suite_named(name: str) -> "Suite":
    """A registered suite, or that of a TOML file. Raises `GlintError` where there is none."""
    import distortions

    try:
        if not name.lower().endswith(".toml"):
            return distortions.suite(name)
        return distortions.add_suite(distortions.suite_from_toml(name))
    except ValueError as error:
        raise GlintError(str(error.args[0])) from None


def in_regions(name: str, count: int) -> tuple[str, str, str]:
    """A suite in so many regions of each photo: its name, its version, its record as JSON.

    Raises:
        GlintError: no such suite, or a count that cannot be.
    """
    import distortions

    suite = suite_named(name)
    try:
        regional = distortions.add_suite(distortions.regional(suite, count))
    except ValueError as error:
        raise GlintError(f"--regions {count}: {error.args[0]}") from None
    return regional.name, regional.version, json.dumps(regional.record(), sort_keys=True)
