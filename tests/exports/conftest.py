"""A labelled dataset with pixels and the virtual one it came from, on two small photos."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from glint_data import images
from glint_data.dataset import manifest
from glint_data.exports import FORMATS, export_dataset
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

FACTS = {
    "suite": "kadid10k",
    "label": {
        "low": 1.0,
        "high": 5.0,
        "higher_is_better": True,
        "embedder": "descriptor-1",
        "title": "KADID-10k",
    },
}


def labelled(rows):
    """The rows with labels that differ from row to row, a note on one and no label on the last."""
    mos = np.linspace(0.1, 0.9, len(rows)).astype(np.float32)
    rows = rows.assign(mos=mos, mos_std=np.float32(0.05), mos_low=mos - 0.08, mos_high=mos + 0.08)
    rows = rows.assign(label_set="kadid", label_method="pair", label_note=None)
    rows["label_references"] = [["I01", "I02"]] * len(rows)
    rows["label_similarities"] = [[0.5, 0.25]] * len(rows)
    rows.loc[0, "label_note"] = "unlike every reference"
    rows.loc[len(rows) - 1, ["mos", "mos_std", "mos_low", "mos_high"]] = np.nan
    rows.loc[len(rows) - 1, ["label_set", "label_method", "label_note"]] = [None, None, "no label: a reason"]
    return rows


@pytest.fixture(scope="session")
def pair(tmp_path_factory) -> tuple[Path, Path]:
    """(with pixels, virtual): 2 photos x 4 cells, 7 of the 8 samples labelled. Their tests only read them."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "photos").mkdir()
    images.write_png(folder / "photos" / "cat.png", skimage.data.chelsea()[60:160, 100:220])
    images.write_png(folder / "photos" / "cup.v2.png", skimage.data.coffee()[100:228, 200:330])
    cells = Settings(types=(1, 11), levels=(2, 5), virtual=True)
    synthesize([folder / "photos"], folder / "virtual", cells, workers=1)
    manifest.write(folder / "virtual", labelled(manifest.read(folder / "virtual")), FACTS)
    materialize(folder / "virtual", folder / "real", [], workers=1)
    return folder / "real", folder / "virtual"


@pytest.fixture(scope="session")
def exported(pair, tmp_path_factory) -> dict[str, Path]:
    """The virtual dataset in every format, by the format's name. Their tests only read them."""
    folders = {to: tmp_path_factory.mktemp(to) / "out" for to in FORMATS if to != "coco"}
    for to, folder in folders.items():
        summary = export_dataset(pair[1], to, folder, 1)
        assert summary.written + summary.refused == 8
    return folders


@pytest.fixture
def copy(pair, tmp_path) -> Path:
    """The dataset with pixels, to be changed."""
    return Path(shutil.copytree(pair[0], tmp_path / "copy"))
