"""Copies are found however they were mirrored, cut or scaled; what only shares a sky is not."""

import cv2
import numpy as np
import pytest
import skimage.data

from glint_data.dataset.likeness import alike, views

PHOTOS = {"cat": skimage.data.chelsea(), "cup": skimage.data.coffee(), "woman": skimage.data.astronaut()}


def cut(rgb, share):
    height, width = rgb.shape[:2]
    top, left = round(height * share), round(width * share)
    return rgb[top : height - top, left : width - left]


COPIES = {
    "mirrored": lambda rgb: rgb[:, ::-1],
    "cut by 1 %": lambda rgb: cut(rgb, 0.01),
    "cut by 2.5 %": lambda rgb: cut(rgb, 0.025),
    "mirrored and cut": lambda rgb: cut(rgb, 0.025)[:, ::-1],
    "halved": lambda rgb: cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "brighter": lambda rgb: cv2.convertScaleAbs(rgb, alpha=0.8, beta=20),
    "compressed": lambda rgb: cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], 1),
}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("how", COPIES)
def test_copies_are_found(name, how):
    photos = [*PHOTOS.values(), COPIES[how](PHOTOS[name])]
    pairs = {frozenset(pair) for pair in alike([views(photo) for photo in photos])}
    assert pairs == {frozenset((list(PHOTOS).index(name), 3))}


def sky(seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:1:384j, -1:1:512j]
    light = 120 + 80 * y + rng.uniform(-15, 5) * (x * x + y * y)
    grain = rng.normal(0, 2, (384, 512, 3))
    return np.clip(light[..., None] + grain, 0, 255).astype(np.uint8)


def test_two_skies_are_two_photos():
    assert list(alike([views(sky(seed)) for seed in range(8)])) == []
    assert len({frozenset(pair) for pair in alike([views(sky(1)), views(sky(2)), views(sky(1))])}) == 1


def test_flat_photos_are_no_copies_of_anything():
    assert list(alike([views(np.full((64, 64, 3), value, np.uint8)) for value in (0, 128, 255)])) == []
