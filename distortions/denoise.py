"""Blind grey-scale denoising of each colour channel: the second half of KADID-10k's type 15.

KADID-10k (Lin, Hosu, Saupe: "KADID-10k: A Large-scale Artificially Distorted IQA Database", QoMEX 2019) adds
white noise and then runs a pretrained grey-scale DnCNN (Zhang et al., "Beyond a Gaussian Denoiser", TIP 2017) on
R, G and B separately. This is a smaller network of the same kind (residual, blind to the noise level, trained on
noise of SD 0 to 55 of 255), working on 2x2 pixel blocks as FFDNet does (Zhang et al., TIP 2018), trained by
`python -m glint_data.training.denoiser`; the record beside the weights says on what and how well.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

DENOISER = "glint-denoiser-1"
WEIGHTS = Path(__file__).parent / "weights" / f"{DENOISER}.safetensors"

TILE = 512  # pixels a side; bounds the memory at about 0.3 GB, whatever the photo


def denoise(noisy: np.ndarray, sigma: float, *, device: str = "cpu", tile: int = TILE) -> np.ndarray:
    """Remove white noise of standard deviation `sigma` from every channel on its own.

    noisy: float H x W or H x W x C, any size from 1 x 1, scale [0, 1], values outside allowed.
    sigma: the noise's SD on the same scale, before any clipping.
    Returns float32 of the same shape, not clipped. Needs the packages torch and safetensors.
    """
    pixels = np.asarray(noisy)
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ValueError(f"denoise: the image has shape {pixels.shape}; give H x W or H x W x channels")
    if not np.isfinite(pixels).all():
        raise ValueError("denoise: the image holds NaN or infinite values; give finite ones")
    if not sigma >= 0:
        raise ValueError(f"denoise: sigma is {sigma}; give the noise's standard deviation, 0 or more")
    planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)
    planes = np.ascontiguousarray(planes, dtype=np.float32)
    clean = _by_tiles(planes - np.float32(0.5), load_weights(WEIGHTS, device), tile)
    clean += np.float32(0.5)
    return clean[0] if pixels.ndim == 2 else np.ascontiguousarray(np.moveaxis(clean, 0, 2))


def _by_tiles(planes: np.ndarray, weights: dict, tile: int) -> np.ndarray:
    """Denoise C x H x W in tiles that overlap by the network's reach, so that no seam can be seen or measured."""
    height, width = planes.shape[1:]
    even = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    margin = reach(weights)
    clean = np.empty_like(planes)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            above, before = max(0, top - margin), max(0, left - margin)
            piece = even[:, above : top + tile + margin, before : left + tile + margin]
            piece = piece - _noise_in(piece, weights)
            bottom, right = min(height, top + tile), min(width, left + tile)
            clean[:, top:bottom, left:right] = piece[
                :, top - above : bottom - above, left - before : right - before
            ]
    return clean


def _noise_in(planes: np.ndarray, weights: dict) -> np.ndarray:
    torch = _torch()
    with torch.inference_mode():
        batch = torch.from_numpy(np.ascontiguousarray(planes))[:, None].to(weights["head.weight"].device)
        return estimate_noise(weights, batch)[:, 0].cpu().numpy()


def estimate_noise(weights: dict, planes):
    """The network: N x 1 x H x W planes about 0 (grey value - .5; H and W even) -> the noise in them."""
    torch = _torch()
    conv = torch.nn.functional.conv2d
    blocks = torch.nn.functional.pixel_unshuffle(planes, 2).contiguous(memory_format=torch.channels_last)
    features = conv(blocks, weights["head.weight"], weights["head.bias"], padding=1).relu()
    for i in range(body_blocks(weights)):
        inner = conv(features, weights[f"body.{i}.a.weight"], weights[f"body.{i}.a.bias"], padding=1).relu()
        outer = conv(inner, weights[f"body.{i}.b.weight"], weights[f"body.{i}.b.bias"], padding=1)
        features = (features + outer).relu()
    noise = conv(features, weights["tail.weight"], weights["tail.bias"], padding=1)
    return torch.nn.functional.pixel_shuffle(noise, 2)


def weight_shapes(width: int, blocks: int) -> dict[str, tuple[int, ...]]:
    """Every array of a network with `width` channels and `blocks` residual pairs of 3 x 3 convolutions."""
    sizes = {"head": (width, 4), "tail": (4, width)}
    sizes |= {f"body.{i}.{part}": (width, width) for i in range(blocks) for part in "ab"}
    shapes = {f"{name}.weight": (*size, 3, 3) for name, size in sizes.items()}
    return shapes | {f"{name}.bias": size[:1] for name, size in sizes.items()}


def body_blocks(weights: dict) -> int:
    return sum(name.endswith(".a.weight") for name in weights)


def reach(weights: dict) -> int:
    """How far, in pixels, an input value is felt: two pixels for each convolution on the half-size grid."""
    return 2 * (2 * body_blocks(weights) + 2)


@lru_cache(maxsize=4)
def load_weights(path: Path, device: str = "cpu") -> dict:
    """Read and check the weights once: the file's SHA-256 and shapes must be those of the record beside it."""
    torch = _torch()
    try:
        from safetensors.torch import load
    except ImportError as missing:
        raise ImportError("denoise: the package safetensors is missing; pip install safetensors") from missing
    record = json.loads(path.with_suffix(".json").read_text())
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != record["sha256"]:
        raise ValueError(
            f"{path.name}: SHA-256 is {found}, its record says {record['sha256']}; reinstall the package"
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


def _torch():
    try:
        import torch
    except ImportError as missing:
        raise ImportError("denoise: type 15 needs the package torch; pip install torch") from missing
    return torch
