"""Labels, facts and columns that others wrote into a manifest stay when the command that made it is typed again."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from contents import contents
from waiting import one_after_the_other

from glint_data import sources
from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.synthesis import synthesize as stage
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

FEW = Settings(types=(17,), levels=(1, 2))
RECIPES = Settings(types=(17,), levels=(1, 2), virtual=True)
SET = {"label": {"set": "kadid", "low": 1, "high": 5}}


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    one_after_the_other(monkeypatch, stage, sources)


def labelled(folder: Path, mos: float) -> Path:
    """Every sample labelled by another process, as `label` does it."""
    dataset = Dataset(folder)
    ids = dataset.columns("sample_id")["sample_id"]
    row = {
        "mos": mos,
        "mos_std": 0.1,
        "mos_low": mos - 0.125,
        "mos_high": mos + 0.125,
        "label_method": "mean",
    }
    dataset.rewrite(dict.fromkeys(ids, row), SET)
    return folder


def with_column(folder: Path) -> Path:
    """A column of somebody's own beside ours."""
    table = pq.read_table(folder / manifest.FILE)
    notes = pa.array([f"note {name}" for name in table["sample_id"].to_pylist()])
    pq.write_table(table.append_column("my_note", notes), folder / manifest.FILE)
    return folder


def notes_of(folder: Path) -> dict[str, str]:
    table = pq.read_table(folder / manifest.FILE)
    return dict(zip(table["sample_id"].to_pylist(), table["my_note"].to_pylist(), strict=True))


def test_materialized_again_it_keeps_labels_of_its_own(photos, tmp_path):
    synthesize([photos], tmp_path / "v", RECIPES, workers=1)
    materialize(tmp_path / "v", tmp_path / "m", [], workers=1)
    labelled(tmp_path / "m", 0.75)
    assert materialize(tmp_path / "v", tmp_path / "m", [], workers=1).kept == 6
    assert set(manifest.read(tmp_path / "m")["mos"]) == {0.75}
    assert manifest.facts(tmp_path / "m")["label"]["set"] == "kadid"


def test_materialized_again_where_both_have_labels_it_says_so(photos, tmp_path):
    synthesize([photos], tmp_path / "v", RECIPES, workers=1)
    labelled(tmp_path / "v", 0.5)
    first = materialize(tmp_path / "v", tmp_path / "m", [], workers=1)
    before = contents(tmp_path / "m")
    again = materialize(tmp_path / "v", tmp_path / "m", [], workers=1)
    assert contents(tmp_path / "m") == before and set(manifest.read(tmp_path / "m")["mos"]) == {0.5}
    assert first.own_labels == again.own_labels == 0
    labelled(tmp_path / "m", 0.75)
    again = materialize(tmp_path / "v", tmp_path / "m", [], workers=1)
    assert set(manifest.read(tmp_path / "m")["mos"]) == {0.75}
    assert "6 samples keep their own labels" in again.text()


def test_materialized_again_scores_of_people_and_labels_are_both_noted(photos, tmp_path):
    """Whether the recipes hold them, or the pixels have the scores and take the labels."""
    study = {"set": "ours", "method": "rated", "low": 0, "high": 10, "higher_is_better": False}
    score = {"mos": 0.25, "mos_low": None, "mos_high": None, "label_method": "rated", "label_set": "ours"}
    synthesize([photos], tmp_path / "v", RECIPES, workers=1)
    materialize(tmp_path / "v", tmp_path / "m", [], workers=1)
    Dataset(tmp_path / "m").rewrite({"cat_17_01": score}, {"label": study})
    materialize(labelled(tmp_path / "v", 0.5), tmp_path / "m", [], workers=1)
    assert manifest.facts(tmp_path / "m")["label"] == study
    assert manifest.facts(tmp_path / "m")["labelled"] == SET["label"]
    assert sorted(set(manifest.read(tmp_path / "m")["mos"])) == [0.25, 0.5]
    Dataset(tmp_path / "v").rewrite({"cat_17_01": score}, {"label": study, "labelled": SET["label"]})
    materialize(tmp_path / "v", tmp_path / "third", [], workers=1)
    facts = manifest.facts(tmp_path / "third")
    assert (facts["label"], facts["labelled"]) == (study, SET["label"])


@pytest.mark.parametrize("settings", [FEW, RECIPES])
def test_more_photos_leave_facts_labels_and_columns_of_others(photos, tmp_path, settings):
    one = [photos / "cat.png"]
    synthesize(one, tmp_path / "d", settings, workers=1)
    with_column(labelled(tmp_path / "d", 0.625))
    synthesize([photos], tmp_path / "d", settings, workers=1)
    rows = manifest.read(tmp_path / "d").set_index("source")["mos"]
    assert set(rows["cat"]) == {0.625} and rows[["coffee", "astronaut"]].isna().all()
    assert manifest.facts(tmp_path / "d")["label"] == SET["label"]
    assert manifest.facts(tmp_path / "d")["suite"] == "kadid10k"
    assert notes_of(tmp_path / "d") == {
        name: f"note {name}" if name.startswith("cat") else None for name in notes_of(tmp_path / "d")
    }
