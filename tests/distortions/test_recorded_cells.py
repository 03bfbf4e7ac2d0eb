"""Every cell of kadid10k still renders what was recorded, and no two of its levels could change places unseen.

On the recorded platform and versions the pixels must be the same (SHA-256). Elsewhere each of 40 values may be off
by 2 grey levels, the means by 0.3 and the RMS distance to the photo by a tenth; the JPEG 2000 codec's values by 12
and means by 1, and noise, which another NumPy may draw otherwise, is judged by that distance and wider means.
"""

import importlib.util
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import distortions

_spec = importlib.util.spec_from_file_location("recorded", Path(__file__).with_name("recorded.py"))
recorded = importlib.util.module_from_spec(_spec)
sys.modules["recorded"] = recorded
_spec.loader.exec_module(recorded)

RECORD = json.loads(recorded.FILE.read_text())
CELLS = RECORD["cells"]
SAME_VERSIONS = RECORD["versions"] == recorded.versions()
NUMBERS = [number for number in recorded.SUITE.types if number != recorded.NETWORK]
JPEG2000 = 9
NOISE = (11, 12, 13, 14, 19)


def agrees(number: int, cell: dict, measured: dict) -> bool:
    values, means, change = (12, 1.0, 0.1) if number == JPEG2000 else (2, 0.3, 0.1)
    if abs(cell["change"] - measured["change"]) > change * cell["change"] + 0.05:
        return False
    if number in NOISE:  # drawn anew by another version: the values differ, the statistics do not
        means *= 6
    elif np.abs(np.subtract(cell["values"], measured["values"])).max() > values:
        return False
    differences = np.abs(
        np.subtract(cell["mean"] + cell["deviation"], measured["mean"] + measured["deviation"])
    )
    return differences.max() <= means


@pytest.fixture(scope="module")
def photo():
    return distortions.Photo(recorded.photo())


@pytest.mark.parametrize("number", NUMBERS)
def test_cells_render_what_was_recorded(number, photo):
    for level in range(1, 6):
        cell = CELLS[f"{number:02d}_{level:02d}"]
        assert recorded.SUITE.types[number].levels[level - 1] == cell["strength"]
        given = cell["parameters"] or None
        pixels = recorded.SUITE.render(photo, number, level, parameters=given).pixels
        measured = recorded.measure(pixels)
        if SAME_VERSIONS:
            assert measured["sha256"] == cell["sha256"], f"level {level} has changed on the recorded versions"
        assert agrees(number, cell, measured), f"level {level} is off by more than the tolerance"


@pytest.mark.parametrize("number", NUMBERS)
def test_two_levels_that_changed_places_would_be_seen(number):
    for first, second in itertools.combinations(range(1, 6), 2):
        one, other = (CELLS[f"{number:02d}_{level:02d}"] for level in (first, second))
        assert one["strength"] != other["strength"]
        assert not agrees(number, one, other), f"levels {first} and {second} look the same to the test above"


def test_drawing_has_not_changed(photo):
    if not SAME_VERSIONS:
        pytest.skip("NOT TESTED: seeds are held only on the recorded versions " + str(RECORD["versions"]))
    for number, level in recorded.SUITE.cells():
        if number != recorded.NETWORK:
            drawn = recorded.SUITE.render(photo, number, level, seed=1).parameters
            assert json.loads(json.dumps(drawn)) == CELLS[f"{number:02d}_{level:02d}"]["parameters"]
