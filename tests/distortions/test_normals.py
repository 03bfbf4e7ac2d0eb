"""Normal numbers drawn in blocks: NumPy's own, value for value, or NumPy's own code."""

import numpy as np
import pytest

import distortions
from distortions import noise, normals


@pytest.mark.parametrize("seed", range(6))
def test_numbers_are_numpys_bit_for_bit_call_after_call(seed):
    generator, ours = np.random.default_rng(seed), normals.Normals(seed)
    for shape in ((2, 128, 301), (1,), (3,), (7, 100, 3), (700_001,)):
        theirs, mine = generator.standard_normal(shape, dtype=np.float32), ours.draw(*shape)
        assert mine.dtype == np.float32
        np.testing.assert_array_equal(mine.view(np.uint32), theirs.view(np.uint32))
        assert shape != (700_001,) or np.abs(mine).max() > normals.TAIL  # the tail's own way was taken


def test_another_numpy_draws_its_own_numbers(monkeypatch):
    monkeypatch.setattr(normals, "_agrees", lambda: False)
    monkeypatch.setattr(normals, "_fill", None)  # must not be called
    expected = np.random.default_rng(3).standard_normal((5, 7), dtype=np.float32)
    np.testing.assert_array_equal(normals.Normals(3).draw(5, 7), expected)


@pytest.mark.parametrize("name", ["white_noise", "ycbcr_noise"])
def test_pixels_are_the_same_without_numba(name, monkeypatch):
    photo = np.random.default_rng(1).integers(0, 256, (256, 300, 3), dtype=np.uint8)
    assert photo.shape[0] * photo.shape[1] >= noise.WORTH_COMPILED
    compiled = distortions.apply(photo, name, strength=0.01, seed=4)
    monkeypatch.setattr(noise, "installed", lambda module: False)
    monkeypatch.setattr(normals.Normals, "draw", None)
    np.testing.assert_array_equal(distortions.apply(photo, name, strength=0.01, seed=4), compiled)
