"""Embedders that are networks: open_clip models and timm backbones, from weights at hand.

Nothing is fetched unless asked for, no pickle is loaded, and weights never turn random by themselves:
where they are missing the error names the file, and random ones have to be asked for by `+random`.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.weights import clip, find
from glint_data.weights.device import choose_device
from glint_data.weights.read import read_weights
from glint_data.weights.timm_network import timm_network

if TYPE_CHECKING:
    import torch

RANDOM_SUFFIX = "+random"


def open_network(name: str, device: str, allow_download: bool) -> "NetworkEmbedder":
    """The network embedder of that name (see `glint_data.embedding.embed`). Raises `GlintError`."""
    is_random = name.endswith(RANDOM_SUFFIX)
    plain = name.removesuffix(RANDOM_SUFFIX)
    family, separator, rest = plain.partition(":")
    if not separator or family not in ("open_clip", "timm"):
        family, rest = "open_clip", plain
    model, _, weights = rest.partition("@")
    target = str(choose_device(device))
    opened: type[ClipModel | PooledBackbone] = PooledBackbone if family == "timm" else ClipModel
    network = opened(model, weights, is_random, target, allow_download)
    network.opened_by = (name, target, allow_download)
    return network


@functools.lru_cache(maxsize=1)
def _opened_once(name: str, device: str, allow_download: bool) -> "NetworkEmbedder":
    return open_network(name, device, allow_download)


class NetworkEmbedder(ABC):
    """What both families share: mixed precision on a GPU, one forward pass a batch, unit length."""

    name: str
    unit = True
    device: str
    opened_by: tuple[str, str, bool]

    def __reduce__(self) -> tuple[Any, ...]:
        # To another process a network travels as its name: weights are read there, once.
        return _opened_once, self.opened_by

    @abstractmethod
    def embed(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """float32 (len(photos), dimensions) of unit length."""

    @abstractmethod
    def _forward(self, batch: "torch.Tensor") -> "torch.Tensor":
        """The vectors of a batch, of any length."""

    def _run(self, batch: "torch.Tensor") -> np.ndarray:
        import torch

        on_gpu = self.device.startswith("cuda")
        batch = batch.to(self.device, non_blocking=True)
        with torch.inference_mode(), torch.autocast("cuda", dtype=torch.float16, enabled=on_gpu):
            vectors = self._forward(batch)
        vectors = vectors.float()
        unit: np.ndarray = (vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-12)).cpu().numpy()
        return unit


class ClipModel(NetworkEmbedder):
    """The image tower of an open_clip model with its own preprocessing; unit vectors."""

    def __init__(self, model: str, weights: str, is_random: bool, device: str, allow_download: bool) -> None:
        import torch

        from glint_data.weights.torchvision_import import ensure_torchvision

        ensure_torchvision()
        import open_clip

        if model not in open_clip.list_models():
            near = find.near_names(model, open_clip.list_models())
            raise GlintError(
                f"embedder {model!r}: open_clip has no model of that name; near it: {near}. "
                "'descriptor' needs no weights, 'timm:NAME' names a timm backbone"
            )
        self.device = device
        weights_file: find.WeightsFile | None = None
        settings: dict[str, Any] = {}
        if is_random:
            torch.manual_seed(0)  # the same random weights every time, or caches would lie
            self.name = f"open_clip:{model}{RANDOM_SUFFIX}"
        else:
            tag = weights or clip.DEFAULT_TAGS.get(model, "TAG")
            ways_on = _ways_on(f"open_clip:{model}@{tag}=FILE (@FILE alone where all its tags look alike)")
            weights_file, settings = clip.chosen_weights(model, weights, ways_on, allow_download)
            self.name = f"open_clip:{model}@{weights_file.tag}"
        with clip.without_warnings():  # open_clip says that weights are random, before they are loaded
            network, _, preprocess = open_clip.create_model_and_transforms(
                model,
                device=device,
                force_quick_gelu=bool(settings.get("quick_gelu")),
                image_mean=settings.get("mean"),
                image_std=settings.get("std"),
                image_interpolation=settings.get("interpolation"),
                image_resize_mode=settings.get("resize_mode"),
                pretrained_image=False,
                pretrained_text=False,
            )
        if weights_file is not None:
            clip.load(network, weights_file.file, model)
        self._network, self._preprocess = network.eval(), preprocess

    def embed(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """float32 (len(photos), dimensions) of unit length."""
        import torch
        from PIL import Image

        return self._run(torch.stack([self._preprocess(Image.fromarray(photo)) for photo in photos]))

    def _forward(self, batch: "torch.Tensor") -> "torch.Tensor":
        vectors: torch.Tensor = self._network.encode_image(batch)
        return vectors


class PooledBackbone(NetworkEmbedder):
    """A timm backbone as the published transfer uses ResNet-50: full resolution, pooled, unit length (arXiv
    2408.03885, section on content similarity). Pooling is timm's own of the network: the average of a CNN's
    positions, a transformer's class token or average. Photos of one size share a batch."""

    def __init__(self, model: str, weights: str, is_random: bool, device: str, allow_download: bool) -> None:
        import torch

        from glint_data.weights.torchvision_import import ensure_torchvision

        ensure_torchvision()
        import timm
        from timm.data.config import resolve_data_config

        find.timm_settings(model)  # refuses unknown names and tags
        self.device = device
        torch.manual_seed(0)
        if is_random:
            self.name = f"timm:{model}{RANDOM_SUFFIX}"
            network = timm.create_model(model, pretrained=False, num_classes=0)
        else:
            weights_file = (
                find.local_file(weights)
                if weights
                else find.timm_checkpoint(model, _ways_on(f"timm:{model}@FILE"), allow_download)
            )
            self.name = f"timm:{model}@{weights_file.tag}"
            state = read_weights(weights_file.file) if weights else find.timm_state(model, weights_file)
            network = timm_network(model, state, str(weights_file.file))
        settings = resolve_data_config({}, model=network)
        self._network = network.to(device).eval()
        self._mean = torch.tensor(settings["mean"]).view(3, 1, 1)
        self._deviation = torch.tensor(settings["std"]).view(3, 1, 1)
        height, width = settings["input_size"][1:]
        is_fixed = settings.get("fixed_input_size") or _wants_one_size(network)
        is_fixed = is_fixed or not self._takes(height + 17, width + 41)
        self._fixed = (height, width) if is_fixed else None

    def embed(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """float32 (len(photos), dimensions) of unit length."""
        import torch

        tensors = [self._tensor(photo) for photo in photos]
        sizes: dict[tuple[int, ...], list[int]] = {}
        for position, tensor in enumerate(tensors):
            sizes.setdefault(tuple(tensor.shape), []).append(position)
        vector_of: dict[int, np.ndarray] = {}
        for positions in sizes.values():
            vectors = self._run(torch.stack([tensors[position] for position in positions]))
            vector_of.update(zip(positions, vectors, strict=True))
        return np.stack([vector_of[position] for position in range(len(photos))])

    def _tensor(self, photo: np.ndarray) -> "torch.Tensor":
        import cv2
        import torch

        if self._fixed:
            photo = cv2.resize(photo, self._fixed[::-1], interpolation=cv2.INTER_AREA)
        plain = torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1).float() / 255
        return (plain - self._mean) / self._deviation

    def _forward(self, batch: "torch.Tensor") -> "torch.Tensor":
        vectors: torch.Tensor = self._network(batch)
        return vectors

    def _takes(self, height: int, width: int) -> bool:
        """Whether the network can look at pictures of a size that is no multiple of anything; not all say that they
        cannot (LeViT, PiT)."""
        import torch

        try:
            self._run(torch.zeros(1, 3, height, width))
        except (RuntimeError, AssertionError, ValueError):
            return False
        return True


def _wants_one_size(network: "torch.nn.Module") -> bool:
    return hasattr(network, "patch_embed") and getattr(network.patch_embed, "strict_img_size", False)


def _ways_on(name: str) -> str:
    return (
        f"Two ways on: fetch that file where there is a network and name it, --embedder {name}; "
        "or use what needs no weights, --embedder descriptor"
    )
