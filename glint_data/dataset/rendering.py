"""The one place that renders a row: by the suite, and the version of it, that the row was planned with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import distortions
from distortions import plugins
from glint_data.dataset import runs
from glint_data.errors import GlintError, ImageRefused
from glint_data.storage.files import holds

FIRST_VERSION = "1"
"""Version of every suite in the first release, whose rows name none."""


def know_suite(suite: distortions.Suite) -> distortions.Suite:
    """Have this process and its workers know a suite of the user's. Raises `GlintError` where its name is taken."""
    try:
        plugins.share_suite(suite.record())
    except ValueError as error:
        raise GlintError(str(error)) from error
    return distortions.suite(suite.name, version=suite.version)


def know_suite_of(folder: Path) -> None:
    """Have this process and its workers know the user's suite that a dataset was made with, from its run.json."""
    settings = runs.read(folder).get("settings") if holds(folder, runs.FILE) else None
    record = settings.get("suite_record") if isinstance(settings, dict) else None
    if record:
        try:
            know_suite(distortions.suite_from_record(record))
        except ValueError as error:
            raise GlintError(f"{folder}: the suite in its run.json is damaged ({error})") from error


def suite_of(name: str | None, version: str | None = None) -> distortions.Suite:
    """The suite as it was in that version (None: in the first release's).

    Raises:
        ImageRefused: no such suite, or not in that version; the sentence says what to do.
    """
    if not name or name not in distortions.suites():
        raise ImageRefused(
            f"its suite {name} is not known here; load what defines it (--plugin FILE.py, --suite FILE.toml)"
        )
    current = distortions.suite(name)
    wanted = version or FIRST_VERSION
    if wanted == current.version:
        return current
    try:
        return distortions.suite(name, version=wanted)
    except ValueError as error:
        raise ImageRefused(str(error)) from error


def render(
    photo: distortions.Photo,
    suite: str | None,
    version: str | None,
    number: int | None,
    level: int | None,
    seed: int | None,
    parameters: Mapping[str, Any] | None = None,
) -> distortions.Rendering:
    """One cell of one photo; recorded `parameters` take the place of what would be drawn by the seed.

    Raises:
        ImageRefused: the suite, version, type or level does not exist here, or its distortion fails.
    """
    if number is None or level is None:
        raise ImageRefused("its row names no type and level to render")
    by = suite_of(suite, version)
    try:
        return by.render(photo, number, level, seed=seed or 0, parameters=parameters or None)
    except (ValueError, RuntimeError, ArithmeticError) as error:
        raise ImageRefused(str(error)) from error
    except (
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
    ) as error:  # parameters that are none of this type's
        raise ImageRefused(f"cannot be rendered ({type(error).__name__}: {error})") from error
