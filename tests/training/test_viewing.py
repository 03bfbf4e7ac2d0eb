"""Pictures judged whole: crops that cover them, larger ones scaled down first."""

import numpy as np
import pytest

from glint_data.training.judge.viewing import MOST_CROPS, covering, covering_crops


@pytest.mark.parametrize("shape", [(384, 512), (512, 768), (192, 192), (200, 300), (321, 481)])
def test_every_pixel_of_a_usual_picture_is_seen_as_it_is(shape):
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    seen, places = covering_crops(image, 192)
    assert seen is image
    assert len(places) <= MOST_CROPS
    covered = np.zeros(shape, bool)
    for row, column in places:
        assert 0 <= row <= shape[0] - 192
        assert 0 <= column <= shape[1] - 192
        covered[row : row + 192, column : column + 192] = True
    assert covered.all()


@pytest.mark.parametrize("shape", [(3000, 4000), (1080, 1920), (900, 900), (577, 769)])
def test_larger_ones_are_scaled_down_and_seen_whole(shape):
    image = np.zeros((*shape, 3), np.uint8)
    image[-8:, -8:] = 255
    seen, places = covering_crops(image, 192)
    assert len(places) <= MOST_CROPS
    assert seen.shape[1] / seen.shape[0] == pytest.approx(shape[1] / shape[0], rel=0.01)
    covered = np.zeros(seen.shape[:2], bool)
    for row, column in places:
        covered[row : row + 192, column : column + 192] = True
    assert covered.all()
    assert seen[-1, -1].max() > 100


def test_a_strip_is_seen_at_places_spread_over_it():
    seen, places = covering_crops(np.zeros((192, 9000, 3), np.uint8), 192)
    assert seen.shape == (192, 9000, 3)
    assert len(places) == MOST_CROPS
    assert places[0] == (0, 0)
    assert places[-1] == (0, 9000 - 192)
    assert covering((192, 192), 192) == [(0, 0)]
