"""What an ImageNet network makes of an image, stage by stage: for the measurements of pairs, and of photos.

The network is EfficientNet-Lite0 (Tan and Le, ICML 2019; the Lite variant without squeeze-and-excitation),
whose weights an ordinary package of the Python index carries (`glint_data.weights.packaged`). Pairs are
seen at half the scale at which content is described, 256x192 pixels for the references; a photo's content at that
scale itself, which costs one pass a photo. On a processor it runs on one thread and sees one picture at a time, so
that the same image gives the same numbers whoever asks; on a GPU it sees many at once, and last digits differ.
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from glint_data.embedding.descriptor import AREA
from glint_data.errors import GlintError

ARCHITECTURE = "tf_efficientnet_lite0"
NAME = f"{ARCHITECTURE}-stages-2"
"""Raised when a number changes its meaning: what was measured by another version does not compare."""

STRIDES = (8, 16, 32)
CHANNELS = (40, 112, 320)
_AFTER = (2, 4, 6)
"""The groups of blocks whose outputs are taken, one for each of `STRIDES`."""
EARLY_CHANNELS = (32, 16, 24)
"""The stem and the first two groups: edges and textures, at strides 2, 2 and 4."""
CONTENT_CHANNELS = (40, 80, 112, 192, 320)
"""The groups of blocks from the third to the last: what describes a photo."""
_SMALLEST = 32
_MEAN = _DEVIATION = np.float32(0.5)
"""Of the pixels, on 0 to 1, that this network was trained on."""


class StageNetwork:
    """The pretrained network up to its last stage; also an embedder (channel means and deviations of a photo)."""

    name = NAME
    unit = False

    def __init__(self, device: str = "cpu") -> None:
        import torch

        from glint_data.embedding.lite import Lite
        from glint_data.weights.packaged import how_to_install, packaged_file

        packaged = packaged_file(ARCHITECTURE)
        if packaged is None:
            raise GlintError(
                f"the network {ARCHITECTURE}: its weights are not installed; {how_to_install(ARCHITECTURE)}, "
                "or choose --method pair, which needs none"
            )
        self._torch, self._device = torch, torch.device(device)
        self._lite = Lite(packaged.file, device)

    def __reduce__(self) -> tuple[Any, ...]:
        return network, ()  # to another process it travels as its name

    def outputs(self, rgb: np.ndarray, shrink: int = 2) -> list[np.ndarray]:
        """uint8 (height, width, 3) -> float32 (positions, channels) of the stem and of every group of blocks.

        The image is seen at 1/`shrink` of the scale at which content is described.
        """
        return self.outputs_of([rgb], shrink)[0]

    def outputs_of(self, pictures: Sequence[np.ndarray], shrink: int = 2) -> list[list[np.ndarray]]:
        """`outputs` of several images of one size, seen in one pass."""
        torch = self._torch
        scaled = np.stack([_scaled(rgb, shrink) for rgb in pictures]).astype(np.float32)
        seen = (scaled / 255 - _MEAN) / _DEVIATION
        image = (
            torch.from_numpy(seen).to(self._device).permute(0, 3, 1, 2)
        )  # a view: channels are last in memory
        with torch.inference_mode(), _one_thread(torch):
            maps = self._lite(image)
        # (pictures, positions, channels) each
        parts = [part.permute(0, 2, 3, 1).flatten(1, 2).cpu().numpy() for part in maps]
        return [[part[number] for part in parts] for number in range(len(pictures))]

    def embed(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """float32 (len(photos), 2 x channels): mean and deviation of each of `CONTENT_CHANNELS`, group by group."""
        return np.stack([statistics(content(self.outputs(photo, shrink=1))) for photo in photos])


@functools.lru_cache(maxsize=2)
def network(device: str = "cpu") -> StageNetwork:
    """The network, loaded once a process. Raises `GlintError` where its weights are not installed."""
    return StageNetwork(device)


def strided(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs at `STRIDES`, of all that `StageNetwork.outputs` gives."""
    return [outputs[group + 1] for group in _AFTER]


def early(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of `EARLY_CHANNELS`."""
    return list(outputs[: len(EARLY_CHANNELS)])


def content(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of `CONTENT_CHANNELS`."""
    return list(outputs[-len(CONTENT_CHANNELS) :])


def statistics(stages: Sequence[np.ndarray]) -> np.ndarray:
    """Mean and standard deviation of every channel, float32 (1488,): what the photo holds, wherever it is."""
    return np.concatenate([part for stage in stages for part in (stage.mean(axis=0), stage.std(axis=0))])


def _scaled(rgb: np.ndarray, shrink: int) -> np.ndarray:
    import cv2

    height, width = rgb.shape[:2]
    scale = min(1.0, (AREA / (height * width)) ** 0.5) / shrink
    size = (max(_SMALLEST, round(width * scale)), max(_SMALLEST, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


@contextmanager
def _one_thread(torch: ModuleType) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
