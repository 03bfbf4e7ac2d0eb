"""A dataset with labels that something is remarkable of, as files and as recipes."""

import numpy as np
import pytest
import skimage.data

from glint_data import images
from glint_data.dataset import manifest
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


def labelled(rows):
    mos = np.linspace(0.9, 0.1, len(rows)).astype(np.float32)
    rows = rows.assign(mos=mos, mos_std=np.float32(0.05), mos_low=mos - 0.05, mos_high=mos + 0.05)
    rows = rows.assign(label_set="kadid", label_method="pair", label_note=None)
    rows["label_references"] = [["I01", "<b>I02</b>"]] * len(rows)
    rows["label_similarities"] = [[0.5, 0.25]] * len(rows)
    rows.loc[1, ["mos", "mos_high"]] = [0.97, 0.99]  # better than the level before it
    rows.loc[2, "mos_low"] = 0.0  # the widest interval
    rows.loc[3, "label_note"] = "unlike every reference: <script>alert(1)</script>"
    return rows


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """{"real", "virtual"}: two photos through two types and three levels, labelled; only read."""
    folder = tmp_path_factory.mktemp("explored")
    (folder / "photos").mkdir()
    images.write_png(folder / "photos" / "cat.png", skimage.data.chelsea()[60:260, 100:400])
    images.write_png(folder / "photos" / "cup.png", skimage.data.coffee()[100:300, 200:440])
    for name, virtual in (("real", False), ("virtual", True)):
        settings = Settings(types=(1, 23), levels=(1, 3, 5), virtual=virtual)
        synthesize([folder / "photos"], folder / name, settings, workers=1)
        facts = {"label": {"low": 1.0, "high": 5.0, "higher_is_better": True, "embedder": "descriptor-1"}}
        manifest.write(folder / name, labelled(manifest.read(folder / name)), facts)
    return folder
