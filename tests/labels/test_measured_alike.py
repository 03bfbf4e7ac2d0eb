"""Descriptors and measurements are the same to the last bit wherever in memory their arrays come to lie."""

import numpy as np
import skimage.data

import distortions
from glint_data.embedding import descriptor
from glint_data.labels.evidence import plain
from glint_data.labels.evidence.picture import MeasuredPicture


def test_memory_does_not_matter():
    photo = skimage.data.astronaut()
    sample = distortions.apply(photo, "jpeg", level=3, suite="kadid10k", seed=0)
    rng, found, litter = np.random.default_rng(0), [], []
    for _ in range(12):
        litter = [np.empty(size, np.uint8) for size in rng.integers(1, 200_000, rng.integers(1, 50))]
        pair = plain.measure(MeasuredPicture(photo), MeasuredPicture(sample))
        found.append((descriptor.measure(photo), pair))
    assert litter and all(one == found[0] for one in found)


def test_columns_are_what_is_measured():
    """The constant tuple that shipped tables are compared with names every measurement, in order."""
    photo = MeasuredPicture(skimage.data.astronaut())
    assert tuple(plain.measure(photo, photo)) == plain.COLUMNS
