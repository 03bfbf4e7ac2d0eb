"""`explain`: parts that add up to the label, by every method; neighbours with their scores in the cell."""

import json

import numpy as np
import pytest
from small_sets import CELLS, crops, rated
from test_label_stage import plan

import glint_data as glint
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels import METHODS, label_dataset
from glint_data.labels.explaining import evidence_of
from glint_data.labels.parts import BASE, CONTENT, PAIR, Part, largest, radial_parts, tree_parts
from glint_data.labels.rated import rated_set


def total(parts):
    return sum(part.amount for part in parts)


def test_a_sum_of_gaussians_is_shared_among_its_columns():
    rng = np.random.default_rng(0)
    known, weights, point = rng.normal(size=(40, 6)), rng.normal(size=40), rng.normal(size=6)
    point[3] = 0.0

    def value(at):
        return weights @ np.exp(-((known - at) ** 2).mean(axis=1) / 0.5)

    start, moved = radial_parts(point, known, weights, 0.5)
    assert start == pytest.approx(value(np.zeros(6)))
    assert start + moved.sum() == pytest.approx(value(point), abs=1e-6) and moved[3] == 0.0


def test_trees_are_shared_by_their_steps():
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.default_rng(0)
    known = rng.normal(size=(200, 3)).astype(np.float32)
    trees = ExtraTreesRegressor(10, min_samples_leaf=5, random_state=0).fit(known, known[:, 1])
    start, moved = tree_parts(trees.estimators_, known[0])
    assert start + moved.sum() == pytest.approx(trees.predict(known[:1])[0])
    assert abs(moved[1]) > 2 * abs(moved[[0, 2]]).max()


def test_small_parts_are_joined_and_the_sum_stays():
    parts = [Part(PAIR, "a", 0.3), Part(CONTENT, "b", -0.2), Part(PAIR, "c", 0.01), Part(PAIR, "d", 0.02)]
    shown = largest(parts, 2)
    assert [part.what for part in shown] == ["a", "b", "2 others of the pair"] and total(
        shown
    ) == pytest.approx(0.13)


@pytest.mark.parametrize("method", ["pair", "deep"])
def test_predictions_by_cell_are_the_sum_of_their_parts(method):
    scored = rated_set("kadid").scored
    fitted = METHODS[method].fit(scored)
    photo = scored.photos.rows(np.array([7]))
    said = fitted.predict(photo).mos[0]
    for column in (3, 50, 124):
        parts = fitted.parts(photo, column)
        assert total(parts) == pytest.approx(said[column], abs=1e-5)
        assert parts[0].about == BASE and {part.about for part in parts} == {BASE, CONTENT, PAIR}


@pytest.mark.slow
def test_a_labelled_sample_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("GLINT_DATA_CACHE", str(tmp_path / "cache"))
    dataset = plan(tmp_path / "d", crops(1, size=(160, 120)), [(10, 3), (10, 5), (1, 1)])
    for method in ("pair", "nearest"):
        label_dataset(dataset, method=method, workers=1)
        evidence = evidence_of(dataset, "p00_10_03")
        mos = next(Dataset(dataset).samples(sample_id="p00_10_03")).label.mos
        assert total(evidence.parts) == pytest.approx(mos, abs=1e-6) and evidence.label == mos
        assert len(evidence.neighbours) == 5 and not evidence.notes
        loaded = rated_set("kadid").loaded
        name, _, score = evidence.neighbours[0]
        assert score == pytest.approx(loaded.mos[loaded.references.index(name), loaded.column_of()[10, 3]])
    answer = glint.explain(dataset, "p00_10_03")
    assert "made of" in answer.text() and "scores of the photos it resembles" in answer.text()
    assert json.dumps(answer.record()["evidence"]["parts"])
    Dataset(dataset).rewrite({"p00_10_03": {"mos": 0.123, "mos_low": 0.1}})
    assert "makes it again" in evidence_of(dataset, "p00_10_03").text()


@pytest.mark.slow
def test_labels_from_ones_own_scores_are_explained_with_them(tmp_path):
    cache = tmp_path / "cache"
    ours = rated(tmp_path / "ours", crops(12), typed=False)
    new = rated(tmp_path / "new", dict(list(crops(13).items())[12:]), cells=CELLS[:4], method=None)
    label_dataset(new, ours, cache=cache, workers=1)
    name = Dataset(new)[1].id
    with pytest.raises(GlintError, match="--reference DATASET"):
        evidence_of(new, name, cache=cache)
    evidence = evidence_of(new, name, ours, cache)
    assert total(evidence.parts) == pytest.approx(Dataset(new)[1].label.mos, abs=1e-6)
    assert len(evidence.alike) == 5 and evidence.alike[0][0].startswith("p") and evidence.alike[0][1] is None
    assert evidence_of(ours, Dataset(ours)[0].id) is None  # people gave that score
