"""The one place that renders a row: by the suite, and the version of it, that the row was planned with."""

import functools
import json
from collections.abc import Mapping
from typing import Any

import distortions
from distortions.registry import DISTORTIONS
from distortions.suites import SUITES
from glint_data import plugins
from glint_data.dataset import runs
from glint_data.errors import ImageRefused
from glint_data.storage.files import holds
from glint_data.storage.places import Place

FIRST_VERSION = "1"
"""Version of every suite in the first release, whose rows name none."""


@functools.lru_cache(maxsize=16)
def own_suite(record: str) -> distortions.Suite:
    """The suite that a run's record holds as JSON, known from now on by its name and version.

    Raises:
        ValueError: the record is no suite, or has the name of one that ships.
    """
    return distortions.add_suite(distortions.suite_from_record(json.loads(record), "its suite in run.json"))


@functools.lru_cache(maxsize=256)
def learn_suite(folder: Place, name: str | None = None) -> None:
    """Have a suite known that does not ship, from the record of the dataset in `folder` that was made with it.

    Raises:
        ImageRefused: the record holds something else.
    """
    if (name is not None and name in SUITES) or not holds(folder, runs.FILE):
        return
    settings = runs.read(folder).get("settings", {})
    record = settings.get("suite_record")
    if record:
        refuse_without_plugins(settings, folder)
        try:
            own_suite(json.dumps(record, sort_keys=True))
        except ValueError as error:
            raise ImageRefused(f"{folder / runs.FILE}: {error}") from error


def refuse_without_plugins(settings: Mapping[str, Any], folder: object) -> None:
    """Raise `ImageRefused` where a run's suite takes distortions that only plug-ins have, and these are not loaded."""
    recorded, record = settings.get("plugins"), settings.get("suite_record")
    if not isinstance(recorded, dict) or not isinstance(record, dict):
        return
    rows = record.get("types")
    named = [row.get("distortion") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    unknown = sorted({name for name in named if isinstance(name, str) and name not in DISTORTIONS})
    absent = sorted(recorded.keys() - plugins.record().keys())
    if unknown and absent:
        noun, verb = ("plug-in", "is") if len(absent) == 1 else ("plug-ins", "are")
        raise ImageRefused(
            f"{folder}: its suite takes {', '.join(unknown)}, and was made with the {noun} {' and '.join(absent)}, "
            f"which {verb} not loaded here: give plugin=FILE.py (on the command line --plugin FILE.py), or install "
            "what brings it"
        )


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
    except Exception as error:  # parameters that are none of this type's, or whatever a plug-in's code raises
        raise ImageRefused(f"cannot be rendered ({type(error).__name__}: {error})") from error
