"""Labelled samples of one or several datasets, as training takes them: columns, and a sample when it is asked for."""

from collections.abc import Sequence

from glint_data.dataset.dataset import Dataset
from glint_data.dataset.sample import Sample
from glint_data.dataset.samples import Samples, usable_samples
from glint_data.storage.places import Place

__all__ = ["PHOTOS", "Sample", "Samples", "distortions", "levels", "read_samples"]

PHOTOS = 8
"""Pristine photos that stay in memory: crops of recipes come in random order, often of the same few photos."""


def read_samples(datasets: Sequence[str | Place | Dataset], labelled: bool = True) -> Samples:
    """The usable samples of all datasets, in order: files or recipes, and (if `labelled`) with a score.

    Raises:
        GlintError: a dataset is missing or damaged, or none of its samples has a label.
    """
    return usable_samples([Dataset(path, photos=PHOTOS) for path in datasets], labelled)


def distortions(samples: Samples) -> list[str]:
    """Each sample's distortion by name; "none" for authentic photos."""
    return [name or "none" for name in samples.text("distortion")]


def levels(samples: Samples) -> list[int]:
    """Each sample's level; 0 where it has none."""
    return [int(level) if level == level else 0 for level in samples.number("level").tolist()]
