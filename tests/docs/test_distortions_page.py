"""docs/distortions.md lists every suite and distortion as they are."""

import importlib.util
from pathlib import Path

import distortions
from distortions.suites import SUITES

REPOSITORY = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("suite_tables", REPOSITORY / "benchmarks" / "suite_tables.py")
suite_tables = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(suite_tables)


def test_the_page_has_every_suite_and_distortion_as_they_are():
    page = (REPOSITORY / "docs" / "distortions.md").read_text(encoding="utf-8")
    shown = page.split(suite_tables.BEGIN)[1].split(suite_tables.END)[0].strip()
    assert shown == suite_tables.tables(), "run: python -m benchmarks.suite_tables --write"


def test_no_bundled_suite_is_left_out():
    assert set(suite_tables.BUNDLED) <= set(distortions.suites())
    assert {name for name in SUITES if SUITES.origin(name) is None} == set(suite_tables.BUNDLED)
