"""Network embedders: unit vectors, the same each time; weights that are missing are named, never made up."""

import pickle

import numpy as np
import pytest
import skimage.data

from glint_data.embedding import embed
from glint_data.errors import GlintError

PHOTOS = [skimage.data.astronaut(), skimage.data.chelsea()[:300:2, ::3], skimage.data.coffee()]


def test_random_weights_are_marked_and_vectors_are_unit():
    first = embed.embedder("timm:test_resnet+random", device="cpu")
    vectors = first.embed(PHOTOS)
    assert "random" in first.name, "what is recorded must say that the weights are made up"
    assert vectors.shape[0] == 3 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(
        vectors, embed.embedder("timm:test_resnet+random", device="cpu").embed(PHOTOS), atol=1e-6
    )
    assert np.ptp(vectors @ vectors.T) > 1e-4, "three photos, one vector"


def test_a_network_travels_to_other_processes_as_its_name():
    here = embed.embedder("timm:test_resnet+random", device="cpu")
    packed = pickle.dumps(here)
    there = pickle.loads(packed)
    assert len(packed) < 1000 and there is pickle.loads(packed), "weights are read once a process"
    assert there.name == here.name and np.array_equal(there.embed(PHOTOS), here.embed(PHOTOS))


def test_missing_weights_name_the_file_and_two_ways_on(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(GlintError, match=r"laion/CLIP-ViT-B-32.*Two ways on.*@FILE.*--embedder descriptor"):
        embed.embedder("ViT-B-32", device="cpu")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("timm:resnet5000", "near it: resnet50"),
        ("open_clip:ViT-B-32@absent.safetensors", "absent.safetensors"),
        ("timm:resnet50@absent.pth", "no such checkpoint file"),
    ],
)
def test_wrong_names_are_sentences(name, sentence):
    with pytest.raises(GlintError, match=sentence):
        embed.embedder(name, device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cpu:x", "cuda:99"])
def test_wrong_devices_are_sentences(device):
    with pytest.raises(GlintError, match=f"device {device}: .*use --device auto or cpu"):
        embed.embedder("timm:test_resnet+random", device=device)


def test_finished_photos_come_from_the_cache(tmp_path, capsys):
    by = embed.embedder()
    photos = [(str(number), lambda photo=photo: photo) for number, photo in enumerate(PHOTOS)]
    first = embed.embed_photos(photos[:2], by, tmp_path)
    again = embed.embed_photos(photos, by, tmp_path)
    assert (first.from_cache, again.from_cache) == (0, 2)
    assert "2 photos are embedded already (descriptor-1); 1 to go" in capsys.readouterr().err
    assert np.array_equal(again.vectors[:2], first.vectors)
    assert np.array_equal(again.vectors, embed.embed_photos(photos, by).vectors)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros((2, 2), np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(GlintError, match="does not fit"):
        embed.embedder(f"timm:test_resnet@{tmp_path / 'other.safetensors'}", device="cpu")


def test_nearest_takes_equal_references_in_their_order_and_refuses_what_is_no_vector():
    """So that the reference named first in a row is the one that the method `nearest` labels by."""
    from glint_data.embedding.match import nearest, unit_rows

    rng = np.random.default_rng(0)
    references = unit_rows(rng.normal(size=(6, 4)))
    references[4] = references[1]
    photos = unit_rows(rng.normal(size=(50, 4)))
    matches = nearest(photos, references, 6)
    order = matches.positions.tolist()
    assert all(row.index(1) + 1 == row.index(4) for row in order)
    assert (matches.positions[:, 0] == (photos @ references.T).argmax(axis=1)).all()
    assert (np.diff(matches.similarities, axis=1) <= 0).all()
    with pytest.raises(GlintError, match="no references"):
        nearest(photos, references[:0], 3)
    photos[7, 0] = np.nan
    with pytest.raises(GlintError, match=r"1 of 50 vectors of photos"):
        nearest(photos, references, 3)
