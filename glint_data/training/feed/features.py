"""What frozen backbones make of fixed crops, computed once and kept on disk.

A file holds one crop's features, one array after the other. Its name is a hash of the crop's pixels, of the
frozen weights and of the network's configuration, so nothing stale can be read, and runs may share a folder.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from glint_data.errors import GlintError
from glint_data.models.network import FeatureNetwork
from glint_data.progress import say, track
from glint_data.storage.files import write_atomically
from glint_data.training.feed.loader import Key, Pixels, RandomCrops, collate, to_unit
from glint_data.training.judge.inference import grid_crops
from glint_data.training.run.processes import Processes
from glint_data.training.samples import Samples
from glint_data.training.settings import TrainSettings

Features = tuple[Tensor, ...]


class FeatureStore:
    """Features by crop. `precision` is float16 or float32; a half-precision file is half as large."""

    def __init__(self, folder: Path, network: FeatureNetwork, precision: str, amp: bool) -> None:
        self.network, self.precision, self.amp = network, np.dtype(precision), amp
        self.folder = folder / _backbone_digest(network, precision, amp)
        empty = torch.zeros((1, 3, network.input_size, network.input_size), dtype=torch.uint8)
        self.shapes = [tuple(part.shape[1:]) for part in self._compute(empty)]
        self.bytes = sum(map(prod, self.shapes)) * self.precision.itemsize

    def keep(self, crops: Tensor) -> list[str]:
        """The names of uint8 crops (n, 3, S, S), their features computed where they are not there yet."""
        names = [hashlib.sha256(cut.numpy().tobytes()).hexdigest()[:40] for cut in crops]
        missing = [row for row, name in enumerate(names) if not self._is_complete(name)]
        if missing:
            parts = [
                part.float().cpu().numpy().astype(self.precision) for part in self._compute(crops[missing])
            ]
            for index, row in enumerate(missing):
                self._file(names[row]).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self._file(names[row]), b"".join(part[index].tobytes() for part in parts))
        return names

    def read(self, names: list[str]) -> Features:
        """Features (n, ...) of crops that were kept, as they lie on disk."""
        rows = np.stack([np.fromfile(self._file(name), self.precision) for name in names])
        ends = np.cumsum([prod(shape) for shape in self.shapes])[:-1]
        return tuple(
            torch.from_numpy(np.ascontiguousarray(part)).view(-1, *shape)
            for part, shape in zip(np.split(rows, ends, axis=1), self.shapes, strict=True)
        )

    def _compute(self, crops: Tensor) -> Features:
        device, was_training = next(self.network.parameters()).device, self.network.training
        self.network.eval()
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=self.amp):
            features = self.network.frozen_features(to_unit(crops.to(device)))
        self.network.train(was_training)
        return features

    def _file(self, name: str) -> Path:
        return self.folder / name[:2] / name

    def _is_complete(self, name: str) -> bool:
        file = self._file(name)
        return file.is_file() and file.stat().st_size == self.bytes


def _backbone_digest(network: FeatureNetwork, precision: str, amp: bool) -> str:
    """A hash of all that decides what frozen parts compute."""
    digest = hashlib.sha256(json.dumps([asdict(network.config), precision, amp], sort_keys=True).encode())
    fixed: dict[str, Tensor] = {
        name: value for name, value in network.named_parameters() if not value.requires_grad
    }
    fixed |= {
        f"{i}.{n}": v for i, part in enumerate(network.frozen_modules()) for n, v in part.named_buffers()
    }
    for name, value in sorted(fixed.items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


@dataclass
class FeatureBatch:
    """Features of crops, of their references or None, and their labels (B,)."""

    features: Features
    references: Features | None
    mos: Tensor
    mos_std: Tensor

    def scores(self, network: FeatureNetwork, device: torch.device) -> Tensor:
        """What the trained parts make of them, (B,)."""
        inputs = [self.features] if self.references is None else [self.features, self.references]
        return network.from_features(
            *(tuple(part.to(device, non_blocking=True).float() for part in image) for image in inputs)
        )


class FeatureFeed:
    """Batches and validation scores from a `FeatureStore`; no image is decoded after the start."""

    def __init__(
        self,
        settings: TrainSettings,
        network: FeatureNetwork,
        parts: dict[str, Samples],
        group: Processes,
        amp: bool,
        folder: Path,
    ) -> None:
        self.network, self.parts = network, parts
        self.device = next(network.parameters()).device
        self.store = FeatureStore(folder, network, settings.cache_features, amp)
        pixels = Pixels(parts["train"], network.needs_reference, keep=False)
        self.crops = RandomCrops(
            pixels, network.input_size, settings.seed, settings.flip_vertically, settings.crop_places
        )
        self._require_room(settings)
        mine = {("train", index): self._keep_training(index) for index in self._turns("train", group)}
        validated = Pixels(parts["val"], network.needs_reference, keep=False)
        for index in self._turns("val", group):
            cut = grid_crops(network, *validated.get(index), settings.validation_crops)
            mine["val", index] = [self.store.keep(crops) for crops in cut]
        self.names: dict[tuple[str, int], list[list[str]]] = group.collect(mine)

    def _turns(self, part: str, group: Processes) -> Iterator[int]:
        turns = range(group.rank, len(self.parts[part]), group.world)
        return track(turns, len(turns), f"{part} images to features")

    def _require_room(self, settings: TrainSettings) -> None:
        """Say how much the features take. Raises `GlintError` where the disk has less."""
        crops = 0
        for part, crops_each in (("train", settings.crop_places), ("val", settings.validation_crops)):
            photos = np.unique(self.parts[part].photo)
            crops += crops_each * (len(self.parts[part]) + self.network.needs_reference * len(photos))
        self.store.folder.mkdir(parents=True, exist_ok=True)
        needed, free = crops * self.store.bytes, shutil.disk_usage(self.store.folder).free
        text = f"{crops:,} crops of {self.store.bytes / 1e6:.2f} MB, {needed / 1e9:.1f} GB"
        if needed > 0.95 * free and not any(self.store.folder.iterdir()):
            raise GlintError(
                f"{self.store.folder}: features take {text}, free are {free / 1e9:.1f} GB; name a larger disk with "
                "--cache, use fewer --crop-places, or leave --cache-features out"
            )
        say(f"features: {text} in {self.store.folder}")

    def _keep_training(self, index: int) -> list[list[str]]:
        batch = collate([self.crops.fixed(index, number) for number in range(self.crops.places)])
        inputs = [batch.images] if batch.references is None else [batch.images, batch.references]
        return [self.store.keep(crops) for crops in inputs]

    def batches(self, planned: list[list[Key]]) -> Iterator[FeatureBatch]:
        """The batches, in the order planned, one read ahead."""
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self._batch, planned[0])
            for keys in planned[1:]:
                batch, ahead = ahead.result(), pool.submit(self._batch, keys)
                yield batch
            yield ahead.result()

    def _batch(self, keys: list[Key]) -> FeatureBatch:
        samples, numbers = self.parts["train"], [index for _, index in keys]
        drawn = [(self.names["train", key[1]], self.crops.drawn_crop(key)) for key in keys]
        images = [
            self.store.read([names[which][number] for names, number in drawn])
            for which in range(len(drawn[0][0]))
        ]
        return FeatureBatch(
            images[0],
            images[1] if len(images) > 1 else None,
            torch.from_numpy(samples.mos[numbers]),
            torch.from_numpy(samples.mos_std[numbers]),
        )

    def validation_score(self, index: int, amp: bool) -> float:
        """The score of a validation image: the mean over its fixed crops."""
        images = [self.store.read(names) for names in self.names["val", index]]
        labels = torch.zeros(0)
        batch = FeatureBatch(images[0], images[1] if len(images) > 1 else None, labels, labels)
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=amp):
            scores = batch.scores(self.network, self.device)
        return float(scores.float().cpu().numpy().astype(np.float64).mean())
