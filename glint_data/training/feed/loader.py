"""Samples to batches of crops: decoded once into memory where they fit, by worker processes where not.

A crop depends on (seed, epoch, index) alone, never on the order, the worker or an earlier draw, so a resumed
or differently parallel run sees the same pixels.
"""

import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from glint_data.crops import crop, pad_to, random_place
from glint_data.models.network import QualityNetwork
from glint_data.progress import track
from glint_data.spawning import CONTEXT
from glint_data.training.samples import Sample
from glint_data.work import deaf_to_interrupts

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
        given = (self.images,) if self.references is None else (self.images, self.references)
        return tuple(to_unit(images.to(device, non_blocking=True)) for images in given)

    def scores(self, network: QualityNetwork, device: torch.device) -> Tensor:
        """What the network makes of the crops, (B,)."""
        return network(*self.inputs(device))


def to_unit(images: Tensor) -> Tensor:
    """uint8 codes to float32 in [-1, 1]."""
    return images.float() / 127.5 - 1


class Pixels:
    """The samples' pixels, kept in memory after the first use if `keep`."""

    def __init__(self, samples: list[Sample], with_reference: bool, keep: bool) -> None:
        self.samples, self.with_reference = samples, with_reference
        self._kept: dict[int, np.ndarray] | None = {} if keep else None
        self._references: dict[str, np.ndarray] = {}

    def get(self, index: int) -> tuple[np.ndarray, np.ndarray | None]:
        """A sample's pixels and its reference's, uint8 (H, W, 3)."""
        sample = self.samples[index]
        pixels = self._kept.get(index) if self._kept is not None else None
        if pixels is None:
            pixels = sample.pixels()
            if self._kept is not None:
                self._kept[index] = pixels
        return pixels, self._reference(sample) if self.with_reference else None

    def _reference(self, sample: Sample) -> np.ndarray:
        pixels = self._references.get(sample.source_hash)
        if pixels is None:
            pixels = sample.reference()
            if self._kept is not None or len(self._references) < 64:
                self._references[sample.source_hash] = pixels
        return pixels

    def preload(self, threads: int) -> None:
        """Decode everything now; decoding releases the interpreter, so threads are enough."""
        with ThreadPoolExecutor(threads) as pool:
            for _ in track(pool.map(self.get, range(len(self.samples))), len(self.samples), "images decoded"):
                pass


class RandomCrops(torch.utils.data.Dataset):
    """Key (epoch, index) -> one random, perhaps flipped crop of that sample, with its label.

    With `places` above 0 each photo has so many fixed crops, alike for all its samples, and one of them is
    drawn.
    """

    def __init__(self, pixels: Pixels, size: int, seed: int, flip_vertically: bool, places: int = 0) -> None:
        self.pixels, self.size, self.seed, self.flip_vertically = pixels, size, seed, flip_vertically
        self.places = places

    def __getitem__(self, key: Key) -> tuple[np.ndarray, np.ndarray | None, float, float]:
        if self.places:
            return self.fixed(key[1], self.drawn_place(key))
        return self._cut(key[1], np.random.default_rng([self.seed, *key]))

    def drawn_place(self, key: Key) -> int:
        """Which of its fixed crops a sample shows in an epoch."""
        return int(np.random.default_rng([self.seed, *key]).integers(self.places))

    def fixed(self, index: int, place: int) -> tuple[np.ndarray, np.ndarray | None, float, float]:
        """One of a sample's fixed crops, a function of seed, photo and `place`."""
        photo = zlib.crc32(self.pixels.samples[index].source_hash.encode())
        return self._cut(index, np.random.default_rng([self.seed, photo, place]))

    def _cut(
        self, index: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None, float, float]:
        sample = self.pixels.samples[index]
        image, reference = self.pixels.get(index)
        image = pad_to(image, self.size)
        place = random_place(image.shape, self.size, rng)
        mirror = slice(None, None, -1 if rng.random() < 0.5 else 1)
        upside = slice(None, None, -1 if rng.random() < 0.5 and self.flip_vertically else 1)
        image = crop(image, place, self.size)[upside, mirror]
        if reference is not None:
            reference = crop(pad_to(reference, self.size), place, self.size)[upside, mirror]
        return image, reference, sample.mos, sample.mos_std


def collate(entries: list[tuple[np.ndarray, np.ndarray | None, float, float]]) -> Batch:
    """Stack crops (channels first) and labels."""
    image, reference, mos, mos_std = zip(*entries, strict=True)
    stacked = [
        None if crops[0] is None else torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).copy())
        for crops in (image, reference)
    ]
    return Batch(*stacked, torch.tensor(mos, dtype=torch.float32), torch.tensor(mos_std, dtype=torch.float32))


class _Planned(torch.utils.data.Sampler):
    """Batches of keys that are set anew before every epoch."""

    def __init__(self) -> None:
        self.batches: list[list[Key]] = []

    def __iter__(self) -> Iterator[list[Key]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class CropLoader:
    """Iterates over planned batches of keys; worker processes live as long as the loader."""

    def __init__(self, crops: RandomCrops, workers: int, pin: bool) -> None:
        self._planned = _Planned()
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
            return iter(self._loader)


def fits_in_memory(samples: list[Sample], with_reference: bool) -> bool:
    """Whether all decoded pixels take at most 40 % of the memory that is free now."""
    needed = sum(sample.size for sample in samples)
    if with_reference:
        needed += sum({sample.source_hash: sample.size for sample in samples}.values())
    return 0 < needed <= 0.4 * free_memory()


def free_memory() -> int:
    """Free bytes of main memory as far as the system says, else 2 GB."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 2 << 30
