"""Blind grey-scale denoising of each colour channel: the second half of KADID-10k's type 15.

KADID-10k (Lin, Hosu, Saupe: "KADID-10k: A Large-scale Artificially Distorted IQA Database", QoMEX 2019)
adds white noise and then runs a pretrained grey-scale DnCNN (Zhang et al., "Beyond a Gaussian Denoiser",
TIP 2017) on R, G and B separately. This is a smaller network of the same kind: residual, blind to the noise
level, trained on noise of SD 0 to 55 of 255; it works on 2 x 2 pixel blocks as FFDNet does (Zhang et al.,
TIP 2018). `python -m tools.denoiser` trained it; the record beside the weights says on what.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]

DENOISER = "glint-denoiser-2"
WEIGHTS = Path(__file__).parent / "weights" / f"{DENOISER}.safetensors"

TRAINED_TO = 55 / 255
"""Largest noise SD in the training, as in the original's."""

RESIDUE = 0.19
"""Share of the noise left in, by SD beyond `TRAINED_TO`: what a blind network leaves of noise it never saw.

Chosen so that level 5 of type 15 (SD .387) has the sharpness of the one published image of it (I01_15_05: mean
absolute Laplacian 31.4).
"""

TILE = 512  # pixels a side; the working memory stays below 0.1 GB, whatever the photo


def denoise(
    noisy: np.ndarray, sigma: float, *, device: str = "cpu", tile: int = TILE, weights: Path = WEIGHTS
) -> np.ndarray:
    """Remove white noise of standard deviation `sigma` from every channel on its own.

    noisy: float H x W or H x W x C, any size from 1 x 1, scale [0, 1], values outside allowed.
    sigma: the noise's SD on the same scale, before any clipping.
    tile: even side in pixels of the pieces worked on; changes memory, not the outcome.
    Returns float32 of the same shape, not clipped. The same on every call with the same torch, machine and
    device; the number of threads has not been seen to matter. Needs the packages torch and safetensors.
    """
    pixels = np.asarray(noisy)
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ValueError(f"denoise: the image has shape {pixels.shape}; give H x W or H x W x channels")
    if not np.isfinite(pixels).all():
        raise ValueError("denoise: the image holds NaN or infinite values; give finite ones")
    if not 0 <= sigma < np.inf:
        raise ValueError(f"denoise: sigma is {sigma}; give the noise's standard deviation, 0 or more")
    if tile < 2 or tile % 2:
        raise ValueError(f"denoise: tile is {tile}; give an even number of pixels")
    arrays = load_weights(Path(weights), device)
    share = np.float32(1 - min(RESIDUE * max(sigma - TRAINED_TO, 0), 1))
    planes = pixels[:, :, None] if pixels.ndim == 2 else pixels
    clean = np.empty(planes.shape, np.float32)
    for channel in range(planes.shape[2]):
        plane = planes[:, :, channel].astype(np.float32) - np.float32(0.5)
        clean[:, :, channel] = _by_tiles(plane, arrays, tile, share) + np.float32(0.5)
    return clean.reshape(pixels.shape)


def _by_tiles(plane: np.ndarray, weights: "Weights", tile: int, share: np.float32) -> np.ndarray:
    """Denoise H x W in tiles that overlap by the network's reach, so that no seam can be seen or measured."""
    height, width = plane.shape
    even = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    margin = reach(weights)
    clean = np.empty_like(plane)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            above, before = max(0, top - margin), max(0, left - margin)
            piece = even[above : top + tile + margin, before : left + tile + margin]
            piece = piece - share * _noise_in(piece, weights)
            part = clean[top : top + tile, left : left + tile]
            part[:] = piece[top - above :, left - before :][: part.shape[0], : part.shape[1]]
    return clean


def _noise_in(plane: np.ndarray, weights: "Weights") -> np.ndarray:
    torch = _torch()
    with torch.inference_mode():
        batch = torch.from_numpy(np.ascontiguousarray(plane))[None, None].to(weights["head.weight"].device)
        return estimate_noise(weights, batch)[0, 0].cpu().numpy()


def estimate_noise(weights: "Weights", planes: "torch.Tensor") -> "torch.Tensor":
    """The network: N x 1 x H x W planes about 0 (grey value - .5; H and W even) -> the noise in them."""
    torch = _torch()
    conv = torch.nn.functional.conv2d
    blocks = torch.nn.functional.pixel_unshuffle(planes, 2).contiguous(memory_format=torch.channels_last)
    features = conv(blocks, weights["head.weight"], weights["head.bias"], padding=1).relu_()
    for i in range(body_blocks(weights)):
        inner = conv(features, weights[f"body.{i}.a.weight"], weights[f"body.{i}.a.bias"], padding=1).relu_()
        outer = conv(inner, weights[f"body.{i}.b.weight"], weights[f"body.{i}.b.bias"], padding=1)
        features = outer.add_(features).relu_()
    noise = conv(features, weights["tail.weight"], weights["tail.bias"], padding=1)
    return torch.nn.functional.pixel_shuffle(noise, 2)


def weight_shapes(width: int, blocks: int) -> dict[str, tuple[int, ...]]:
    """Every array of a network with `width` channels and `blocks` residual pairs of 3 x 3 convolutions."""
    sizes = {"head": (width, 4), "tail": (4, width)}
    sizes |= {f"body.{i}.{part}": (width, width) for i in range(blocks) for part in "ab"}
    shapes = {f"{name}.weight": (*size, 3, 3) for name, size in sizes.items()}
    return shapes | {f"{name}.bias": size[:1] for name, size in sizes.items()}


def body_blocks(weights: "Weights") -> int:
    return sum(name.endswith(".a.weight") for name in weights)


def reach(weights: "Weights") -> int:
    """How far, in pixels, an input value is felt: two pixels for each convolution on the half-size grid."""
    return 2 * (2 * body_blocks(weights) + 2)


@lru_cache(maxsize=4)
def load_weights(path: Path, device: str = "cpu") -> "Weights":
    """Read the weights once and check them: SHA-256 and shapes must be those of the record beside them."""
    torch = _torch()
    try:
        from safetensors.torch import load
    except ImportError as missing:
        raise ImportError("denoise: the package safetensors is missing; pip install safetensors") from missing
    record = json.loads(path.with_suffix(".json").read_text())
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != record["sha256"]:
        raise ValueError(
            f"{path.name}: SHA-256 is {digest}, its record says {record['sha256']}; reinstall the package"
        )
    weights = load(content)
    shapes = {name: tuple(array.shape) for name, array in weights.items()}
    if shapes != weight_shapes(record["network"]["width"], record["network"]["blocks"]):
        raise ValueError(
            f"{path.name}: not the arrays of the network its record describes; reinstall the package"
        )
    return {
        name: array.to(
            device, memory_format=torch.channels_last if array.ndim == 4 else torch.contiguous_format
        )
        for name, array in weights.items()
    }


def _torch() -> ModuleType:
    try:
        import torch
    except ImportError as missing:
        raise ImportError("denoise: type 15 needs the package torch; pip install torch") from missing
    return torch
