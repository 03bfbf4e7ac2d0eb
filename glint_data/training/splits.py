"""The split of a training run: as its settings deal it, or as their file says."""

from pathlib import Path

from glint_data.dataset.samples import Samples
from glint_data.dataset.split import FILE, PARTS, Split, deal, read_split, split_of_file
from glint_data.training.settings import TrainSettings

__all__ = ["FILE", "PARTS", "Split", "make_split", "read_split"]


def make_split(samples: Samples, settings: TrainSettings) -> Split:
    """Deal the photos to train, val and test by the seed, or as `settings.split_file` says.

    Raises:
        GlintError: fewer than three different photos, or a split file that does not fit.
    """
    if settings.split_file:
        return split_of_file(samples, Path(settings.split_file))
    return deal(samples, settings.split_seed, settings.validation_share, settings.test_share)
