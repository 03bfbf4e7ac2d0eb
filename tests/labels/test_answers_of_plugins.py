"""What label methods, embedders and evidence of plug-ins may get wrong is named, and never becomes a label."""

from dataclasses import replace

import numpy as np
import pytest
from small_sets import crops, rated

from glint_data.dataset.dataset import Dataset
from glint_data.embedding import embed
from glint_data.embedding.given import same_length, vectors_by
from glint_data.errors import GlintError
from glint_data.labels.evidence.source import Comparison, PairEvidence
from glint_data.labels.method import PhotoFeatures, Scored
from glint_data.labels.prediction import Checked, Prediction
from glint_data.labels.rated import rated_set
from glint_data.labels.stage.embedding import embedded_photos
from glint_data.labels.stage.samples import read_samples

SHAPE = (4, 5)


def scored() -> Scored:
    vectors = np.arange(12.0).reshape(4, 3)
    cells = np.array([(1, level) for level in range(1, 6)])
    return Scored(PhotoFeatures(vectors, False), np.full(SHAPE, 0.5), cells)


class Fitted:
    parts = "its own"

    def __init__(self, answer):
        self.answer = answer

    def left_out(self):
        return self.answer()

    def predict(self, photos):
        return self.answer()


def full(mos, doubt=1.0):
    return Prediction(np.full(SHAPE, mos), np.full(SHAPE, doubt))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: full(np.nan), "left_out gave mos that is not finite"),
        (lambda: full(3.5), "left_out gave mos from 3.5 to 3.5; scores are meant on 0 to 1"),
        (lambda: full(0.5, 0.0), "a doubt of 0; it is relative"),
        (lambda: full(0.5, -1.0), "a doubt of -1"),
        (lambda: full(0.5, np.nan), "left_out gave doubt that is not finite"),
        (
            lambda: Prediction(np.ones((4, 3)), np.ones((4, 3))),
            r"shape \(4, 3\) for 4 references and 5 cells",
        ),
        (lambda: (np.ones(SHAPE), np.ones(SHAPE)), "gave a tuple; Prediction"),
        (lambda: None, "gave a NoneType"),
        (lambda: Prediction([[0.5] * 5] * 4, np.ones(SHAPE)), "mos as list; a NumPy array of floats"),
        (lambda: full("good"), "mos as <U4"),
        (lambda: 1 / 0, "left_out raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_method_that_answers_wrongly_is_named(answer, sentence):
    checked = Checked("mine", lambda _: Fitted(answer), scored())
    with pytest.raises(GlintError, match=f"label method mine: .*{sentence}"):
        checked.left_out()
    with pytest.raises(GlintError, match="label method mine: predict"):
        checked.predict(scored().photos)


def test_a_method_that_answers_rightly_is_left_alone():
    said = full(1.2)  # a regression may come a little outside
    checked = Checked("mine", lambda _: Fitted(lambda: said), scored())
    assert checked.left_out() is said and checked.parts == "its own"


def test_cells_that_nobody_rated_need_no_score():
    known = scored()
    mos = known.mos.copy()
    mos[:, 2] = np.nan
    known, said = replace(known, mos=mos), full(0.5)
    said.mos[:, 2] = np.nan
    assert Checked("mine", lambda _: Fitted(lambda: said), known).left_out() is said


def test_a_method_cannot_change_what_calibrates_it():
    def fit(known):
        known.mos[:] = 0.5

    with pytest.raises(GlintError, match=r"label method mine: its fit raised ValueError: .*read-only"):
        Checked("mine", fit, scored())
    photos = PhotoFeatures(np.ones((2, 3)), False, {"a": np.ones((2, 1))})
    for values in (photos.vectors, photos.blocks["a"], photos.rows(np.array([0])).blocks["a"]):
        with pytest.raises(ValueError, match="read-only"):
            values[:] = 0


class Given:
    name, unit = "given-1", False

    def __init__(self, answer):
        self.answer = answer

    def embed(self, photos):
        return self.answer(photos)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda photos: np.zeros((1, 3)), r"gave shape \(1, 3\) for 2 photos"),
        (lambda photos: np.zeros(2), r"gave shape \(2,\) for 2 photos"),
        (lambda photos: None, "gave None for 2 photos"),
        (lambda photos: [["a"]] * 2, "embed raised ValueError: could not convert"),
        (lambda photos: np.full((2, 3), np.inf), "not finite"),
        (lambda photos: 1 / 0, "embed raised ZeroDivisionError"),
    ],
)
def test_an_embedder_that_answers_wrongly_is_named(answer, sentence):
    with pytest.raises(GlintError, match=f"embedder given-1: .*{sentence}"):
        vectors_by(Given(answer), [np.zeros((8, 8, 3), np.uint8)] * 2)


def test_vectors_of_several_lengths_are_refused():
    with pytest.raises(GlintError, match="embedder given-1: gave vectors of 2 and of 3 numbers"):
        same_length("given-1", [3, 2, 3])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda before, after: [1.0, 2.0], r"compare gave shape \(2,\); 1 finite numbers"),
        (lambda before, after: 1.0, r"compare gave shape \(\)"),
        (lambda before, after: [float("nan")], r"compare gave \[nan\]"),
        (lambda before, after: None, "compare gave shape"),
        (lambda before, after: 1 / 0, "compare raised ZeroDivisionError"),
        (lambda before, after: ["a"], "compare raised ValueError"),
    ],
)
def test_evidence_that_answers_wrongly_is_named(answer, sentence):
    source = PairEvidence("pairs/mine-1", ("one",), lambda pixels: float(pixels.mean()), answer)
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(GlintError, match=f"evidence pairs/mine-1: {sentence}"):
        Comparison(picture, [source]).row(picture)


def test_photos_are_embedded_by_the_references_own_embedder(tmp_path, monkeypatch):
    """Vectors that are not of unit length are no content statistics: the photos' were compared as if they were."""
    colours = Given(lambda photos: np.stack([photo.reshape(-1, 3).mean(axis=0) for photo in photos]))
    monkeypatch.setitem(embed.EMBEDDERS._entries, "given", lambda *asked: colours)
    samples = read_samples(Dataset(rated(tmp_path / "d", crops(1), method=None)))
    loaded = rated_set("kadid").loaded
    vectors = np.ones((len(loaded.references), 3), np.float32)
    loaded = replace(loaded, embedder="given-1", embedder_wanted="given", vectors=vectors)
    embedded, _ = embedded_photos(samples, loaded, frozenset(), None, "cpu", None)
    photo = samples.photos[0].read()
    assert embedded.photos.vectors[0] == pytest.approx(photo.reshape(-1, 3).mean(axis=0), rel=1e-5)
    with pytest.raises(GlintError, match="gave vectors of 3 and of 4 numbers"):
        longer = replace(loaded, vectors=np.ones((len(loaded.references), 4), np.float32))
        embedded_photos(samples, longer, frozenset(), None, "cpu", None)
