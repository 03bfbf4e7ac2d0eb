"""Other scored sets as references for their own suites."""

import cv2
import numpy as np
import pandas as pd
import pytest
import skimage.data

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.images import pixel_hash, read_rgb, write_png
from glint_data.importing.bundle import bundle
from glint_data.labels import audit_reference, label_dataset
from glint_data.reference_sets import references, scored_sets

TABLES = {"kadid": "KADID10k", "tid2013": "TID2013", "csiq": "CSIQ"}


def tid_folder(shared, folder, shift=0):
    """TID2013's first 24 references are Kodak's photos, cut to 4:3 and scaled; `shift` gives them wrong names."""
    (folder / "reference_images").mkdir(parents=True)
    for file in (shared / "data/pristine/kodak").glob("*.png"):
        pixels = cv2.imread(str(file))
        height, width = pixels.shape[:2]
        if height > width:
            top = (height - width * 3 // 4) // 2
            pixels = pixels[top : top + width * 3 // 4]
        number = (int(file.stem) - 1 + shift) % 24 + 1
        small = cv2.resize(pixels, (512, 384), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / "reference_images" / f"i{number:02d}.BMP"), small)
    return folder


@pytest.fixture(scope="module")
def tid(shared, tmp_path_factory):
    return tid_folder(shared, tmp_path_factory.mktemp("tid2013"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def dataset(folder, suite, cells, photo=None):
    """A virtual dataset of one photo in these cells of a suite."""
    folder.mkdir()
    pixels = cv2.resize(skimage.data.coffee(), (256, 192), interpolation=cv2.INTER_AREA)
    pixels = pixels if photo is None else read_rgb(photo)
    write_png(folder / "coffee.png", pixels)
    common = {
        "source": "coffee",
        "source_path": str(folder / "coffee.png"),
        "source_hash": pixel_hash(pixels),
    }
    rows = [
        common
        | {
            "sample_id": f"coffee_{type_number:02d}_{level:02d}",
            "type": type_number,
            "level": level,
            "seed": 1,
        }
        | {"suite": suite, "status": "planned"}
        for type_number, level in cells
    ]
    manifest.write(folder, pd.DataFrame(rows), {"suite": suite})
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_shipped_table_is_the_real_one(shared, name):
    """Made again from the set's table by its command, it is what ships."""
    made = bundle(name, shared / f"data/scores/meta_info_{TABLES[name]}Dataset.csv")
    assert made == scored_sets.bundled_scores_file(scored_sets.description_of(name)).read_text()


def test_references_resemble_their_scores_only_under_their_own_names(shared, tid, tmp_path):
    """Photos under each other's names predict nothing: so the numbering of TID2013's references is Kodak's."""
    own = audit_reference("tid2013", tid, methods=["content", "mean"]).record()["methods"]
    assert own["content"]["rmse"] < 0.85 * own["mean"]["rmse"]
    assert own["content"]["within_cell_r"] > 0.2
    wrong = audit_reference("tid2013", tid_folder(shared, tmp_path, shift=7), methods=["content"]).record()[
        "methods"
    ]
    assert wrong["content"]["rmse"] > own["mean"]["rmse"] * 0.97


def test_tid2013_labels_its_own_suite(tid, cache, tmp_path):
    folder = dataset(tmp_path / "photos", "tid2013", [(1, 1), (8, 1), (8, 5), (15, 1), (15, 5), (17, 4)])
    summary = label_dataset(folder, "tid2013", tid, cache=cache)
    rows = manifest.read(folder).set_index("sample_id")
    assert (summary.labelled, summary.unlabelled) == (4, 2)
    assert rows.loc["coffee_08_01", "mos"] > rows.loc["coffee_08_05", "mos"] + 0.2
    assert rows.loc["coffee_17_04", "mos"] > 0.6  # more contrast is liked
    assert rows.loc[["coffee_15_01", "coffee_15_05"], "mos"].isna().all()
    facts = manifest.facts(folder)["label"]
    assert (facts["set"], facts["high"], facts["references_left_out"]) == ("tid2013", 9.0, ["I25"])
    assert "matched" in facts["cells_note"] and "type 15" in summary.text()


def test_csiq_labels_its_own_suite(cache, tmp_path):
    """30 made-up photos under CSIQ's names. Four were not rated in one cell: its labels come from the others."""
    (tmp_path / "csiq/src_imgs").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in scored_sets.bundled_scores(scored_sets.description_of("csiq"))["reference"].unique():
        top, left = rng.integers(0, 300, 2)
        write_png(
            tmp_path / "csiq/src_imgs" / f"{name}.png",
            skimage.data.astronaut()[top : top + 96, left : left + 96],
        )
    folder = dataset(tmp_path / "photos", "csiq", [(6, 4), (1, 1), (1, 5)])
    summary = label_dataset(folder, "csiq", tmp_path / "csiq", cache=cache)
    rows = manifest.read(folder).set_index("sample_id")["mos"]
    assert summary.labelled == 3 and rows["coffee_01_01"] > rows["coffee_01_05"]
    assert manifest.facts(folder)["label"]["higher_is_better"] is False


def test_another_suite_is_refused(tid, cache, tmp_path):
    folder = dataset(tmp_path / "photos", "kadid10k", [(1, 1)])
    with pytest.raises(GlintError, match=r"kadid10k.*tid2013"):
        label_dataset(folder, "tid2013", tid, cache=cache)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("live", "continuous strengths"),
        ("live-md", "distorted twice"),
        ("pipal", "restoration algorithms"),
        ("koniq10k", "authentic"),
        ("tid2013", "name its folder with --reference-root"),
    ],
)
def test_what_cannot_serve_says_why(tmp_path, name, match):
    with pytest.raises(GlintError, match=match):
        references.load(name)


def test_folder_without_references_says_what_is_expected(tmp_path):
    with pytest.raises(GlintError, match=r"reference_images/I01.*25 references"):
        references.load("tid2013", tmp_path)


def test_several_sets_at_once_are_answered_with_a_sentence():
    with pytest.raises(GlintError, match=r"one reference set at a time.*name that one \(such as kadid\)"):
        references.load("kadid,tid2013")
