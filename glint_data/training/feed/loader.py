"""Samples to batches of crops: decoded once into memory where they fit, by worker processes where not.

A crop depends on (seed, epoch, index) alone, never on the order, the worker or an earlier draw, so a resumed
or differently parallel run sees the same pixels.
"""

import math
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from glint_data.crops import crop, pad_to, random_corner
from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork
from glint_data.progress import track
from glint_data.spawning import CONTEXT
from glint_data.training.samples import Sample, Samples
from glint_data.work import deaf_to_interrupts

Handed = tuple[int, int, Sample]
Key = tuple[int, int]  # (epoch, index of the sample)


@dataclass
class Batch:
    """uint8 crops (B, 3, S, S), the reference's at the same places or None, and their labels (B,)."""

    images: Tensor
    references: Tensor | None
    mos: Tensor
    mos_std: Tensor

    def inputs(self, device: torch.device) -> tuple[Tensor, ...]:
        """What a network takes: float32 in [-1, 1] on the device."""
        inputs = (self.images,) if self.references is None else (self.images, self.references)
        return tuple(to_unit(images.to(device, non_blocking=True)) for images in inputs)

    def scores(self, network: QualityNetwork, device: torch.device) -> Tensor:
        """What the network makes of the crops, (B,)."""
        scores: Tensor = network(*self.inputs(device))
        return scores


def to_unit(images: Tensor) -> Tensor:
    """uint8 codes to float32 in [-1, 1]."""
    return images.float() / 127.5 - 1


class Pixels:
    """The samples' pixels, kept in memory after the first use if `keep`."""

    def __init__(self, samples: Samples, with_reference: bool, keep: bool) -> None:
        self.samples: Samples | None = samples
        self.with_reference = with_reference
        self._kept: dict[int, np.ndarray] | None = {} if keep else None
        self._references: dict[str, np.ndarray] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Worker processes are handed each sample, so that none of them holds the columns of millions."""
        return self.__dict__ | {"samples": None}

    def sample(self, index: int) -> Sample:
        """A sample by its number, where the columns are at hand."""
        assert self.samples is not None, "a worker process is handed its samples"
        return self.samples[index]

    def get(self, index: int, sample: Sample | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """A sample's pixels and its reference's, uint8 (H, W, 3). Raises `GlintError` naming the sample."""
        sample = sample or self.sample(index)
        pixels = self._kept.get(index) if self._kept is not None else None
        if pixels is None:
            pixels = sample.pixels()
            if self._kept is not None:
                self._kept[index] = pixels
        return pixels, self._reference(sample) if self.with_reference else None

    def _reference(self, sample: Sample) -> np.ndarray:
        pixels = self._references.get(sample.photo_key)
        if pixels is None:
            pixels = sample.pristine()
            if pixels is None:
                raise GlintError(
                    f"{sample.id}: has no pristine photo, which this network compares images with"
                )
            if self._kept is not None or len(self._references) < 64:
                self._references[sample.photo_key] = pixels
        return pixels

    def preload(self, threads: int) -> None:
        """Decode everything now; decoding releases the interpreter, so threads are enough."""
        numbers = range(len(self.samples or ()))
        with ThreadPoolExecutor(threads) as pool:
            for _ in track(pool.map(self.get, numbers), len(numbers), "images decoded"):
                pass


class RandomCrops(torch.utils.data.Dataset[Any]):
    """Key (epoch, index) -> one random, perhaps flipped crop of that sample, with its label.

    With `places` above 0 each photo has so many fixed crops, alike for all its samples, and one of them is
    drawn.
    """

    def __init__(self, pixels: Pixels, size: int, seed: int, flip_vertically: bool, places: int = 0) -> None:
        self.pixels, self.size, self.seed, self.flip_vertically = pixels, size, seed, flip_vertically
        self.places = places

    def __getitem__(self, key: Key | Handed) -> tuple[np.ndarray, np.ndarray | None, float, float]:
        epoch, index = key[:2]
        sample = key[2] if len(key) == 3 else self.pixels.sample(index)
        if self.places:
            return self.fixed(index, self.drawn_crop((epoch, index)), sample)
        return self._cut(index, sample, np.random.default_rng([self.seed, epoch, index]))

    def drawn_crop(self, key: Key) -> int:
        """Which of its fixed crops a sample shows in an epoch."""
        return int(np.random.default_rng([self.seed, *key]).integers(self.places))

    def fixed(
        self, index: int, number: int, sample: Sample | None = None
    ) -> tuple[np.ndarray, np.ndarray | None, float, float]:
        """One of a sample's fixed crops, a function of seed, photo and `number`."""
        sample = sample or self.pixels.sample(index)
        photo = zlib.crc32(sample.photo_key.encode())
        return self._cut(index, sample, np.random.default_rng([self.seed, photo, number]))

    def _cut(
        self, index: int, sample: Sample, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None, float, float]:
        image, reference = self.pixels.get(index, sample)
        image = pad_to(image, self.size)
        corner = random_corner(image.shape, self.size, rng)
        mirror = slice(None, None, -1 if rng.random() < 0.5 else 1)
        upside = slice(None, None, -1 if rng.random() < 0.5 and self.flip_vertically else 1)
        image = crop(image, corner, self.size)[upside, mirror]
        if reference is not None:
            reference = crop(pad_to(reference, self.size), corner, self.size)[upside, mirror]
        label = sample.label
        mos = math.nan if label is None else label.mos
        return image, reference, mos, math.nan if label is None or label.std is None else label.std


def collate(entries: list[tuple[np.ndarray, np.ndarray | None, float, float]]) -> Batch:
    """Stack crops (channels first) and labels."""
    image, reference, mos, mos_std = zip(*entries, strict=True)

    def stacked(crops: tuple[np.ndarray, ...]) -> Tensor:
        return torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).copy())

    return Batch(
        stacked(image),
        None if reference[0] is None else stacked(reference),
        torch.tensor(mos, dtype=torch.float32),
        torch.tensor(mos_std, dtype=torch.float32),
    )


class _Planned(torch.utils.data.Sampler[Any]):
    """Batches of keys that are set anew before every epoch, with their samples where `samples` are named."""

    def __init__(self, samples: Samples | None) -> None:
        self.samples = samples
        self.batches: list[list[Key]] = []

    def __iter__(self) -> Iterator[list[Key] | list[Handed]]:
        if self.samples is None:
            yield from self.batches
            return
        for batch in self.batches:
            yield [(epoch, index, self.samples[index]) for epoch, index in batch]

    def __len__(self) -> int:
        return len(self.batches)


class CropLoader:
    """Iterates over planned batches of keys; worker processes live as long as the loader."""

    def __init__(self, crops: RandomCrops, workers: int, pin: bool) -> None:
        self._planned = _Planned(crops.pixels.samples if workers else None)
        self._loader = torch.utils.data.DataLoader(
            crops,
            batch_sampler=self._planned,
            num_workers=workers,
            collate_fn=collate,
            pin_memory=pin,
            persistent_workers=workers > 0,
            multiprocessing_context=CONTEXT if workers else None,
        )

    def batches(self, planned: list[list[Key]]) -> Iterator[Batch]:
        """The batches, in the order planned."""
        self._planned.batches = planned
        with deaf_to_interrupts():
            return _plainly(iter(self._loader))


def _plainly(batches: Iterator[Batch]) -> Iterator[Batch]:
    """What a worker refused, without torch's traceback around our sentence."""
    try:
        yield from batches
    except GlintError as refusal:
        sentence = re.split(r"\n(?:[\w.]*\.)?(?:GlintError|ImageRefused): ", str(refusal))[-1]
        raise GlintError(sentence.strip()) from None


def fits_in_memory(parts: Sequence[Samples], with_reference: bool) -> bool:
    """Whether all decoded pixels take at most 40 % of the memory that is free now."""
    needed = sum(int(samples.size.sum(dtype=np.int64)) for samples in parts)
    if with_reference:
        needed += sum(
            int(samples.size[samples.first_of_photos()[1]].sum(dtype=np.int64)) for samples in parts
        )
    return 0 < needed <= 0.4 * free_memory()


def free_memory() -> int:
    """Free bytes of main memory as far as the system says, else 2 GB."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 2 << 30
