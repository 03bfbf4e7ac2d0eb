"""The page of a virtual dataset shows what that of the materialised one shows."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from glint_data import images
from glint_data.dataset import manifest
from glint_data.reports import write_report
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


@pytest.fixture
def virtual(tmp_path) -> Path:
    """The recipes of one photo in 2 x 2 cells, without labels."""
    (tmp_path / "photos").mkdir()
    images.write_png(tmp_path / "photos" / "cat.png", skimage.data.chelsea()[60:160, 100:220])
    cells = Settings(types=(1, 11), levels=(2, 5), virtual=True)
    synthesize([tmp_path / "photos"], tmp_path / "virtual", cells, workers=1)
    return tmp_path / "virtual"


def pictures(page: str) -> list[str]:
    """The sheets of samples and the photos, in the page's order."""
    data = json.loads(re.search(r"window\.REPORT = (\{.*\});", page)[1])
    return [part.get(name) for part in data["parts"] for name in ("thumbnails", "detail", "photo")]


def test_recipes_show_the_pictures_of_the_files(virtual, tmp_path):
    rows = manifest.read(virtual)
    unlabelled = write_report(virtual).read_text()
    assert len(set(pictures(unlabelled))) == 3 and "<h2>Labels</h2>" not in unlabelled
    labels = {"mos": 0.25, "mos_std": 0.1, "mos_low": 0.1, "mos_high": 0.4}
    rows = rows.assign(**labels, label_set="kadid", label_method="pair")
    rows["label_references"] = [["I01"], ["I02"], ["I02"], ["I02"]]
    manifest.write(virtual, rows)
    labelled = write_report(virtual).read_text()
    assert "<h2>Labels</h2>" in labelled
    materialize(virtual, tmp_path / "real", [], workers=1)
    assert pictures(labelled) == pictures(unlabelled) == pictures(write_report(tmp_path / "real").read_text())


def test_a_photo_that_is_gone_is_said_and_does_not_stop_the_page(virtual, tmp_path):
    (tmp_path / "photos" / "cat.png").unlink()
    page = write_report(virtual).read_text()
    assert pictures(page)[2] is None and page.count("No such file") == 4


def test_a_photo_with_other_pixels_is_not_shown(virtual, tmp_path):
    images.write_png(tmp_path / "photos" / "cat.png", np.zeros((100, 120, 3), np.uint8))
    page = write_report(virtual).read_text()
    assert pictures(page)[2] is None and page.count("is not the photo that the recipes were made for") == 4
