"""A dataset's own scores as the reference set, with and without types; pairs that no suite made."""

import shutil

import numpy as np
import pytest
from scipy import stats
from small_sets import CELLS, crops, rated, score

import glint_data as glint
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels import audit_reference, label_dataset
from glint_data.labels.describing import describe
from glint_data.labels.rated import rated_set

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def untyped(tmp_path_factory):
    """12 references with 15 pairs each, of which nobody says what distorted them."""
    return rated(tmp_path_factory.mktemp("untyped") / "ours", crops(12), typed=False)


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    return rated(tmp_path_factory.mktemp("typed") / "ours", crops(8))


def truth_of(dataset):
    """What the made-up raters would have said."""
    return [score(sample.pristine(), sample.pixels()) for sample in Dataset(dataset)]


def test_scores_without_types_label_every_sample_in_their_order(untyped, cache, tmp_path):
    new = rated(tmp_path / "new", dict(list(crops(16).items())[12:]), method=None)
    summary = label_dataset(new, untyped, cache=cache, workers=1)
    table = Dataset(new).table(["mos", "mos_low", "mos_high", "label_method", "label_set", "label_version"])
    assert summary.labelled == len(table) == 4 * len(CELLS) and summary.method == "any"
    assert set(table["label_method"]) == {"any"} and set(table["label_set"]) == {"ours"}
    assert set(table["label_version"]) == {"2"}
    assert stats.spearmanr(table["mos"], truth_of(new)).statistic > 0.9
    inside = (table["mos_low"] <= truth_of(new)) & (truth_of(new) <= table["mos_high"])
    assert inside.mean() > 0.75
    assert Dataset(new).facts()["label"]["title"] == "Our study"


def test_scores_with_types_label_by_cell(typed, cache, tmp_path):
    new = rated(tmp_path / "new", dict(list(crops(10).items())[8:]), method=None)
    summary = label_dataset(new, str(typed), cache=cache, workers=1)
    table = Dataset(new).table(["mos", "label_method", "label_references"])
    assert summary.labelled == 2 * len(CELLS) and summary.method == "content"
    assert "takes 10 references, here are 8" in summary.text()
    assert stats.spearmanr(table["mos"], truth_of(new)).statistic > 0.9
    assert all(name.startswith("p") for names in table["label_references"] for name in names)


def test_own_set_is_audited_from_its_own_pictures(typed, untyped, cache):
    found = audit_reference(typed, methods=["mean", "content"], cache=cache, workers=1).record()
    assert found["title"] == "Our study" and found["images"] == 8 * len(CELLS)
    assert found["scale"]["high"] == 100 and 10 < found["methods"]["mean"]["rmse"] < 25
    unseen = audit_reference(untyped, cache=cache, leave_type_out=True, workers=1)
    assert unseen.record()["leave_type_out"]["srocc"] > 0.85 and unseen.record()["methods"] == {}
    assert "labelled by any without their type" in unseen.text()


def test_rated_rows_stay_and_the_others_are_labelled(untyped, cache, tmp_path):
    """The summary says what would have been said of the rated ones."""
    mixed = rated(tmp_path / "mixed", dict(list(crops(14).items())[12:]), typed=False)
    dataset = Dataset(mixed)
    before = dataset.table(["sample_id", "mos"])
    gaps = before["sample_id"][::3]
    nothing = {"mos": None, "label_method": None, "label_set": None}
    dataset.rewrite(dict.fromkeys(gaps, nothing))
    summary = label_dataset(mixed, untyped, cache=cache, workers=1)
    after = dataset.table(["sample_id", "mos", "label_method"]).set_index("sample_id")
    kept = before[~before["sample_id"].isin(gaps)].set_index("sample_id")
    assert after.loc[kept.index, "mos"].equals(kept["mos"])
    assert set(after.loc[kept.index, "label_method"]) == {"rated"}
    assert after.loc[list(gaps), "mos"].notna().all() and set(after.loc[list(gaps), "label_method"]) == {
        "any"
    }
    assert (
        "20 samples that people rated keep their scores" in summary.text()
        and "SROCC of 0.9" in summary.text()
    )


def test_a_study_with_gaps_stays_itself_when_they_are_labelled(cache, tmp_path):
    """Its name, range and direction are what was imported, however often it is labelled and by what."""
    mine = rated(tmp_path / "mine", crops(13), typed=False)
    study = {
        "set": "ours",
        "title": "Ours",
        "method": "rated",
        "low": 0,
        "high": 10,
        "higher_is_better": False,
        "ratings": 187,  # how many there are: nothing was mapped by --ratings
    }
    dataset = Dataset(mine)
    nothing = {"mos": None, "label_method": None, "label_set": None}
    dataset.rewrite(dict.fromkeys([f"p{at:02d}_09_02" for at in range(8)], nothing), {"label": study})
    before = glint.references(str(mine)).record()
    for _ in range(2):
        summary = label_dataset(mine, "kadid", cache=cache, workers=1)
        assert summary.labelled == 8 and not any("raters" in note for note in summary.notes)
        assert dataset.facts()["label"] == study
        assert dataset.facts()["labelled"]["set"] == "kadid" and dataset.facts()["labelled"]["high"] == 5
        assert glint.references(str(mine)).record() == {**before, "unrated": before["unrated"]}
        assert glint.verify(mine).record()["problems"] == []
    assert "made of" in glint.explain(mine, "p01_09_02").text()
    new = rated(tmp_path / "new", dict(list(crops(14).items())[13:]), method=None)
    assert label_dataset(new, mine, cache=cache, workers=1).scale == "0 to 10"
    assert set(Dataset(new).table(["label_set"])["label_set"]) == {"ours"}
    assert (
        Dataset(new).facts()["label"]["higher_is_better"] is False and "labelled" not in Dataset(new).facts()
    )


def test_what_is_rated_throughout_is_refused_with_the_command_that_compares(untyped, cache):
    with pytest.raises(GlintError, match=r"rated by people \(Our study\).*audit --reference .*evaluate RUN"):
        label_dataset(untyped, "kadid", cache=cache)


def test_too_few_scores_say_how_many_it_takes(tmp_path, cache):
    few = rated(tmp_path / "few", crops(5), typed=False)
    new = rated(tmp_path / "new", crops(1), method=None)
    with pytest.raises(GlintError, match=r"takes 10 references and 180 rated pairs.*has 5 and 75.*kadid"):
        label_dataset(new, few, cache=cache, workers=1)
    unrated = rated(tmp_path / "unrated", crops(4), method=None)
    with pytest.raises(GlintError, match="no sample of it has both a score that people gave"):
        label_dataset(new, unrated, cache=cache)
    with pytest.raises(GlintError, match=r"no dataset lies there, and there is no scored set"):
        label_dataset(new, "kadid99", cache=cache)


def test_references_left_out_play_no_part(typed, cache):
    everyone = rated_set(typed, cache=cache, workers=1)
    fewer = rated_set(typed, cache=cache, workers=1, leave_out=["p03"])
    assert "p03" in everyone.loaded.references and "p03" not in fewer.loaded.references
    assert len(fewer.pairs) == len(everyone.pairs) - len(CELLS)
    assert np.array_equal(np.delete(everyone.loaded.mos, 3, axis=0), fewer.loaded.mos)
    with pytest.raises(GlintError, match="no such reference"):
        rated_set(typed, cache=cache, workers=1, leave_out=["I99"])


def test_a_dataset_is_described_as_a_reference_set(typed, untyped):
    """From the manifest alone: what it holds, and what it falls back to."""
    found = glint.references(str(typed))
    assert found.record()["references"] == [f"p{number:02d}" for number in range(8)]
    assert (found.record()["pairs"], found.record()["cells"], found.record()["high"]) == (8 * 15, 15, 100)
    assert (found.record()["by_cell"], found.record()["by_pair"]) == ("content", None)
    assert "deep takes 10 photos, here are 8: it falls back to content" in found.text()
    assert "any, for what nobody rated, takes 10 photos and 180 rated samples" in found.text()
    other = glint.references(str(untyped)).record()
    assert (other["by_cell"], other["by_pair"], other["cells"]) == (None, "any", 0)
    with pytest.raises(
        GlintError, match=r"no dataset lies there, and there is no scored set .*: choose one of"
    ):
        glint.references("kadid99")


def test_a_dataset_without_scores_is_no_reference_set(tmp_path):
    with pytest.raises(GlintError, match="no sample of it has both a score that people gave"):
        glint.references(str(rated(tmp_path / "new", crops(1), method=None)))


def test_types_of_a_table_are_a_grid_of_the_study_and_of_nobody_else(typed, cache, tmp_path):
    """Without a suite's name the study audits itself by cell; equal numbers elsewhere mean something else."""
    own = Dataset(shutil.copytree(typed, tmp_path / "study"))
    ids = own.columns("sample_id")["sample_id"]
    own.rewrite({key: {"suite": None, "suite_version": None} for key in ids})
    assert "its table names no suite, so these cells are its own" in describe(own).text()
    assert "in these cells by" in describe(typed).text()
    found = audit_reference(own, methods=["mean"], cache=cache, workers=1).record()
    assert found["methods"]["mean"]["srocc"] > 0.2
    new = Dataset(rated(tmp_path / "new", crops(1), method=None))
    new.rewrite(
        {key: {"suite": None, "suite_version": None} for key in new.columns("sample_id")["sample_id"]}
    )
    with pytest.raises(GlintError, match=r"types and levels of its own table, .* takes 10 references"):
        label_dataset(new, own, cache=cache, workers=1)


def test_scores_that_are_all_alike_or_stand_on_their_head_are_told(typed, cache, tmp_path, capfd):
    turned = Dataset(shutil.copytree(typed, tmp_path / "turned"))
    ids, mos = (turned.columns("sample_id", "mos")[name] for name in ("sample_id", "mos"))
    turned.rewrite({name: {"mos": 1 - float(score)} for name, score in zip(ids, mos, strict=True)})
    audit_reference(turned, methods=["mean"], cache=cache, workers=1)
    assert "its scores rise where pictures are less like their photos" in capfd.readouterr().err
    audit_reference(typed, methods=["mean"], cache=cache, workers=1)
    assert "its scores rise" not in capfd.readouterr().err
    turned.rewrite({name: {"mos": 0.5} for name in ids})
    with pytest.raises(GlintError, match="all its 120 scores are alike"):
        audit_reference(turned, methods=["mean"], cache=cache, workers=1)


def test_suites_of_ones_own_are_the_same_in_the_same_version_only(typed, cache, tmp_path):
    own = Dataset(shutil.copytree(typed, tmp_path / "study"))
    new = Dataset(rated(tmp_path / "new", crops(1), method=None))
    for dataset, version in ((own, "aa"), (new, "bb")):
        ids = dataset.columns("sample_id")["sample_id"]
        dataset.rewrite({key: {"suite": "phone", "suite_version": version} for key in ids})
    with pytest.raises(GlintError, match="suite phone bb, but Our study's scores are for phone aa"):
        label_dataset(new, own, cache=cache, workers=1)
    new.rewrite({key: {"suite_version": "aa"} for key in new.columns("sample_id")["sample_id"]})
    assert label_dataset(new, own, cache=cache, workers=1).labelled == len(CELLS)
