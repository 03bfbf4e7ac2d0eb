"""A dataset as torch takes it: sample by sample, files or recipes, with crops, splits and worker processes."""

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data._utils import collate as torch_collate

from glint_data import progress
from glint_data.crops import crop as cut
from glint_data.crops import pad_to, random_corner
from glint_data.dataset.planes import planes
from glint_data.dataset.sample import Sample, Status
from glint_data.dataset.samples import Samples, usable_samples
from glint_data.dataset.split import PARTS, deal
from glint_data.errors import GlintError

if TYPE_CHECKING:
    from glint_data.dataset.dataset import Dataset


SPARE = 1 << 27
"""Bytes of pristine photos that a process keeps in memory: training asks for samples in any order."""


class TorchSamples(torch.utils.data.Dataset[dict[str, Any]]):
    """Map-style dataset: `self[i]` is a dict of one sample's tensors.

    - `image`: float32 (3, H, W) in 0..1, from the checked pixels; `reference`: the pristine photo likewise, or None
      where the dataset has photos without a pristine one. `DataLoader` batches None to None.
    - `mos`, `mos_std` as `mos` and `std`: float32 scalars on 0..1, higher is better; NaN where there is none.
    - `sample_id`: str.

    `crop` cuts a square of so many pixels, image and reference at the same place: which one is a function of (seed,
    epoch, i) alone, so it does not depend on workers or order; `set_epoch` gives the next epoch other crops, in
    workers that are already running too. An image shorter than that is mirrored outwards. Without `crop`, images
    keep their size, and only those of one size can be batched. `transform` takes the image (3, H, W) afterwards, and
    the reference with the same random state of torch. `labelled` takes only samples that have a score. `part`, one
    of train, val and test, takes the photos that 'glint-data train' deals there with its default seed and shares:
    whole photos, look-alikes on one side, none whose label leans on a photo that is examined later.

    A worker process opens the manifest itself; rendering takes one thread in it.

    Raises:
        GlintError: no (labelled) sample, no such part, a crop that is no size, or a seed that is none.
    """

    def __init__(
        self,
        dataset: "Dataset",
        transform: Callable[[Any], Any] | None = None,
        crop: int | None = None,
        labelled: bool = True,
        part: str | None = None,
        seed: int = 0,
    ) -> None:
        if crop is not None and not _is_whole(crop, least=1):
            raise GlintError(f"crop {crop!r}: a number of pixels, such as 224, or None for whole images")
        if not _is_whole(seed):
            raise GlintError(f"seed {seed!r}: a whole number from 0, such as 1; each gives other crops")
        if transform is not None and not callable(transform):
            raise GlintError(f"transform {transform!r}: a function of one tensor (3, H, W), or None")
        if part is not None and part not in PARTS:
            raise GlintError(f"part {part!r}: choose one of {', '.join(PARTS)}, or None for all photos")
        samples = usable_samples([type(dataset)(dataset)], labelled)  # with pictures of its own
        for opened in (dataset, *samples.datasets):
            opened._pictures.spare = SPARE
        if part is not None:
            with progress.shown(False):
                samples = deal(samples).select(samples, part)
            if not len(samples):
                raise GlintError(
                    f"{dataset.folder}: no sample is left for {part}: all labels lean on photos that are examined"
                )
        self.dataset, self.transform, self.crop, self.seed, self.labelled = (
            dataset,
            transform,
            crop,
            int(seed),
            labelled,
        )
        self.rows, self._manifest = samples.row, dataset.signature()
        self.with_reference = _all_have_pristine(samples)
        self._samples: Samples | None = samples
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def __len__(self) -> int:
        return len(self.rows)

    def set_epoch(self, epoch: int) -> None:
        """Other crops, in this process and in its running workers. Raises `GlintError` for what is no epoch."""
        if not _is_whole(epoch) or epoch >= 1 << 63:
            raise GlintError(
                f"set_epoch({epoch!r}): a whole number from 0, the loop's own count of its epochs"
            )
        self._epoch.fill_(int(epoch))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_samples": None}

    def __getitem__(self, index: int) -> dict[str, Any]:
        try:
            number = operator.index(index)
        except TypeError:
            raise TypeError(
                f"torch()[{index!r}]: samples are chosen by number, one at a time; torch.utils.data.Subset(data, "
                "range(0, 3)) holds several"
            ) from None
        if not -len(self) <= number < len(self):
            raise IndexError(f"sample {number} of {len(self):,}")
        index = number % len(self)
        sample = self._sample(index)
        image = sample.pixels()
        reference = sample.pristine() if self.with_reference else None
        if reference is not None and reference.shape != image.shape:
            raise GlintError(f"{sample.id}: its pristine photo has another size, so they cannot be compared")
        label = sample.label
        tensors = self._tensors(index, [image] if reference is None else [image, reference])
        score = (np.nan, np.nan) if label is None else (label.mos, np.nan if label.std is None else label.std)
        mos, std = torch.from_numpy(np.array(score, np.float32)).unbind()
        return {
            "image": tensors[0],
            "reference": tensors[1] if reference is not None else None,
            "mos": mos,
            "std": std,
            "sample_id": sample.id,
        }

    def _sample(self, index: int) -> Sample:
        if self._samples is not None:
            return self._samples[index]
        if self.dataset.signature() != self._manifest:
            raise GlintError(
                f"{self.dataset.file}: was written again since torch() was called; call it again"
            )
        return self.dataset[int(self.rows[index])]

    def _tensors(self, index: int, images: list[np.ndarray]) -> list[Any]:
        """Image and reference, cut alike, on 0..1, transformed with the same random state."""
        if self.crop is not None:
            images = [pad_to(image, self.crop) for image in images]
            rng = np.random.default_rng([self.seed, int(self._epoch), index])
            corner = random_corner(images[0].shape, self.crop, rng)
            images = [cut(image, corner, self.crop) for image in images]
        tensors = [torch.from_numpy(planes(image)) for image in images]
        if self.transform is None:
            return tensors
        state, transformed = torch.get_rng_state(), []
        for tensor in tensors:
            torch.set_rng_state(state)
            transformed.append(self.transform(tensor))
        return transformed


def _is_whole(value: object, least: int = 0) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def _all_have_pristine(samples: Samples) -> bool:
    """Whether every sample has a pristine photo: a batch has references for all or for none."""
    for number, rows in enumerate(samples.snapshots):
        here = samples.row[samples.dataset == number]
        paths, names = rows.codes("reference_path")
        states, words = rows.codes("status")
        named = np.array([bool(name) for name in names] or [False], bool)[paths[here]]
        planned = np.array([word == Status.PLANNED for word in words] or [False], bool)[states[here]]
        if not (named | planned).all():
            return False
    return True


def _collate_none(batch: Sequence[None], *, collate_fn_map: Any = None) -> None:
    """torch's own way to batch another type: references that are None stay None."""
    del batch, collate_fn_map


torch_collate.default_collate_fn_map.setdefault(type(None), _collate_none)
