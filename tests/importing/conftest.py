"""Pairs as a person has them: files and a table beside them."""

import pandas as pd
import pytest
from pictures import picture
from PIL import Image

from glint_data.errors import GlintError
from glint_data.importing import own_pictures
from glint_data.work import Outcome


@pytest.fixture
def pairs(tmp_path):
    """Two photos in three versions each, and a table of them beside."""
    rows = []
    for photo in (1, 2):
        picture(tmp_path / f"ref/photo{photo}.png", photo)
        for quality in (10, 50, 90):
            file = tmp_path / f"out/p{photo}_q{quality}.jpg"
            file.parent.mkdir(exist_ok=True)
            Image.open(tmp_path / f"ref/photo{photo}.png").save(file, quality=quality)
            rows.append((f"out/{file.name}", f"ref/photo{photo}.png", 1 + quality / 25, 0.4))
    frame = pd.DataFrame(rows, columns=["distorted", "reference", "mos", "mos_std"])
    frame.to_csv(tmp_path / "pairs.csv", index=False)
    return frame


class Here:
    """An engine that works in this very process: most of these tests are of tables, not of workers."""

    def run(self, function, tasks):
        for task in tasks:
            try:
                yield Outcome(task, function(task))
            except GlintError as error:
                yield Outcome(task, error=str(error))


@pytest.fixture
def in_process(monkeypatch):
    """Pictures are taken over without workers: most tests are of tables."""
    monkeypatch.setattr(
        own_pictures, "run_tasks", lambda function, tasks, workers: Here().run(function, tasks)
    )
