"""`quickstart --small`: the whole job, with the judge that ships, and what its last screen says."""

import json
import re

import pytest

from glint_data.api import first_steps

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("quickstart")
    return out, first_steps.quickstart(out, small=True)


def test_it_trains_the_judge_further_and_shows_a_photo_it_never_saw(made):
    out, closing = made
    assert "90 samples" in closing
    run = json.loads((out / "run" / "run.json").read_text())
    assert run["settings"]["start_from"] == "judge"
    series = json.loads((out / "run" / "series.json").read_text())
    tested = [line for line in (out / "run" / "split.csv").read_text().splitlines() if line.endswith("test")]
    assert any(series["photo"] in line for line in tested)
    assert [row["type"] for row in series["rows"]] == [1, 10, 11]
    for row in series["rows"]:
        assert row["scores"][-1] < series["pristine"]


def test_the_page_shows_the_series(made):
    out, _ = made
    page = (out / "dataset" / "report.html").read_text()
    assert "One unseen photo, distorted more and more" in page
    assert re.search(r"level 5", page)
    assert "The network beside the labels" in page
