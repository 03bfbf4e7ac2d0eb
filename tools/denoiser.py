"""Train the compact blind denoiser behind distortion type 15 and write its weights with their record.

    python -m tools.denoiser PHOTOS... --out distortions/weights/glint-denoiser-2.safetensors

PHOTOS are folders of pristine photos. Every n-th photo of each folder is held out for the PSNR in the record.
Loss, noise range and blindness follow Zhang et al., "Beyond a Gaussian Denoiser", TIP 2017: mean squared
error of the noise estimate, one noise level drawn uniformly per patch.
"""

import argparse
import hashlib
import itertools
import json
import math
import platform
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save

from distortions.denoise import estimate_noise, load_weights, weight_shapes

PHOTO_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}


def train(options: argparse.Namespace) -> dict:  # type: ignore[return]  # the loop ends it
    """Train as `options` say, write `options.out` and its record, return the record."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    photos, held_out = split_photos(options.photos, options.hold_out_every)
    learning = read_pyramid(photos, options.patch)
    trial = [centre_crop(read_photo(path), 256) for path in held_out]
    weights = {name: w.to(options.device) for name, w in initial_weights(options).items()}
    for array in weights.values():
        array.requires_grad_(True)
    average = {name: array.detach().clone() for name, array in weights.items()}
    adam = torch.optim.Adam(weights.values(), lr=options.rate)
    losses, began = [], time.monotonic()
    for step in itertools.count(1):
        progress = max(step / options.steps, (time.monotonic() - began) / (60 * options.minutes))
        for group in adam.param_groups:
            group["lr"] = learning_rate(step, progress, options)
        losses.append(descend(weights, adam, draw_batch(learning, options, rng), options))
        update_average(average, weights, step)
        if step % options.checkpoint_every == 0 or progress >= 1:
            record = describe(options, photos, held_out, step, losses, time.monotonic() - began)
            record["held_out"]["psnr_db"] = held_out_psnr(average, trial, options)
            write(average, record, options.out)
            print(
                f"step {step}: loss {record['loss']:.6f}, held-out dB {record['held_out']['psnr_db']}",
                flush=True,
            )
        if progress >= 1:
            return record


def split_photos(folders: list[Path], every: int) -> tuple[list[Path], list[Path]]:
    """All photos of the folders, and those of them kept for the trial (every n-th by name)."""
    learning, held_out = [], []
    for folder in folders:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_ENDINGS)
        if not paths:
            raise SystemExit(
                f"{folder}: no photo found (endings {sorted(PHOTO_ENDINGS)}); name a folder of photos"
            )
        held_out += paths[every - 1 :: every]
        learning += [path for i, path in enumerate(paths) if i % every != every - 1]
    return learning, held_out


def read_photo(path: Path) -> np.ndarray:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"{path}: not readable as a photo; remove or convert it")
    return bgr[:, :, ::-1]


def read_pyramid(paths: list[Path], patch: int) -> list[np.ndarray]:
    """Each photo at full, .8 and .6 size (where a patch still fits): texture at several scales."""
    pyramid = []
    for path in paths:
        photo = read_photo(path)
        for scale in (1.0, 0.8, 0.6):
            smaller = (
                photo
                if scale == 1
                else cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            )
            if min(smaller.shape[:2]) >= patch:
                pyramid.append(np.ascontiguousarray(smaller))
    if not pyramid:
        raise SystemExit(
            f"no photo is at least {patch} pixels on both sides; give larger photos or a smaller --patch"
        )
    return pyramid


def initial_weights(options: argparse.Namespace) -> dict[str, torch.Tensor]:
    """He initialisation; each residual pair's last convolution is damped, so depth adds little variance."""
    if options.start:
        return {name: array.clone() for name, array in load_weights(options.start).items()}
    weights = {}
    for name, shape in weight_shapes(options.width, options.blocks).items():
        if name.endswith("bias"):
            weights[name] = torch.zeros(shape)
            continue
        damping = 0.2 if ".b." in name or name.startswith("tail") else 1.0
        weights[name] = torch.randn(shape) * damping * math.sqrt(2 / (9 * shape[1]))
    return weights


def draw_batch(pyramid: list[np.ndarray], options: argparse.Namespace, rng: np.random.Generator) -> tuple:
    """Clean planes about 0 and the noise to add: one channel, crop, orientation and noise level per patch."""
    size = options.patch
    clean = np.empty((options.batch, 1, size, size), np.float32)
    for plane in clean:
        photo = pyramid[rng.integers(len(pyramid))]
        top, left = rng.integers(photo.shape[0] - size + 1), rng.integers(photo.shape[1] - size + 1)
        crop = photo[top : top + size, left : left + size, rng.integers(3)]
        crop = np.rot90(crop, int(rng.integers(4)))
        plane[0] = crop[:, ::-1] if rng.integers(2) else crop
    clean = clean / np.float32(255) - np.float32(0.5)
    sigma = rng.uniform(0, options.max_sigma / 255, (options.batch, 1, 1, 1)).astype(np.float32)
    noise = sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    return torch.from_numpy(clean).to(options.device), torch.from_numpy(noise).to(options.device)


def descend(weights: dict, adam: torch.optim.Adam, batch: tuple, options: argparse.Namespace) -> float:
    clean, noise = batch
    with torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=options.bfloat16):
        estimate = estimate_noise(weights, clean + noise)
    loss = (estimate.float() - noise).square().mean()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(weights.values()), 0.1)
    adam.step()
    return float(loss.detach())


def learning_rate(step: int, progress: float, options: argparse.Namespace) -> float:
    """A short linear rise, then half a cosine down to 1 % of the peak at progress 1."""
    rise = min(1.0, step / min(300, max(1, options.steps // 10)))
    return options.rate * rise * (0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, progress))) / 2)


def update_average(average: dict, weights: dict, step: int) -> None:
    """Running mean of the weights (what is shipped): smoother than the last step's."""
    keep = min(0.999, step / (step + 10))
    for name, array in weights.items():
        average[name].lerp_(array.detach(), 1 - keep)


def centre_crop(photo: np.ndarray, size: int) -> np.ndarray:
    height, width = (min(size, side // 2 * 2) for side in photo.shape[:2])
    top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
    return photo[top : top + height, left : left + width]


@torch.inference_mode()
def held_out_psnr(weights: dict, photos: list[np.ndarray], options: argparse.Namespace) -> dict[str, float]:
    """Mean PSNR in dB on the green channel's centre of every held-out photo, at three noise SDs of 255."""
    table = {}
    for sd in (15, 25, 50):
        rng = np.random.default_rng(1)
        values = []
        for photo in photos:
            clean = torch.from_numpy(photo[:, :, 1].astype(np.float32) / 255 - 0.5)[None, None]
            noise = torch.from_numpy(
                rng.standard_normal(clean.shape, dtype=np.float32) * np.float32(sd / 255)
            )
            error = noise - estimate_noise(weights, (clean + noise).to(options.device)).cpu()
            values.append(-10 * math.log10(float(error.square().mean())))
        table[str(sd)] = round(float(np.mean(values)), 2)
    return table


def describe(
    options, photos: list[Path], held_out: list[Path], step: int, losses: list[float], seconds: float
) -> dict:
    """The training record: everything that made the weights, nothing that names this machine."""
    return {
        "network": {"width": options.width, "blocks": options.blocks},
        "noise_sd_of_255": [0, options.max_sigma],
        "photos": {folder.name: sum(folder in path.parents for path in photos) for folder in options.photos},
        "held_out": {"photos": [f"{path.parent.name}/{path.name}" for path in held_out]},
        "steps": step,
        "steps_at_most": options.steps,
        "minutes_at_most": options.minutes,
        "batch": options.batch,
        "patch": options.patch,
        "peak_learning_rate": options.rate,
        "loss": round(float(np.mean(losses[-1000:])), 7),
        "seed": options.seed,
        "minutes": round(seconds / 60, 1),
        "device": options.device,
        "threads": options.threads,
        "bfloat16": options.bfloat16,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }


def write(weights: dict, record: dict, out: Path) -> None:
    """Weights and record, each by rename, the record (which holds the weights' hash) last."""
    out.parent.mkdir(parents=True, exist_ok=True)
    content = save({name: array.detach().cpu().contiguous() for name, array in weights.items()})
    record = record | {"sha256": hashlib.sha256(content).hexdigest()}
    for path, payload in (
        (out, content),
        (out.with_suffix(".json"), (json.dumps(record, indent=1) + "\n").encode()),
    ):
        partial = path.with_suffix(path.suffix + ".part")
        partial.write_bytes(payload)
        partial.replace(path)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photos", nargs="+", type=Path, help="folders of pristine photos")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--minutes", type=float, default=600, help="end after that long, however many steps")
    parser.add_argument("--start", type=Path, help="weights of an earlier run to go on from")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--patch", type=int, default=64, help="pixels a side, even")
    parser.add_argument("--width", type=int, default=48, help="channels")
    parser.add_argument("--blocks", type=int, default=5, help="residual pairs of convolutions")
    parser.add_argument("--max-sigma", type=float, default=55, help="largest noise SD, of 255")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument(
        "--hold-out-every", type=int, default=12, help="every n-th photo of a folder is held out"
    )
    parser.add_argument("--checkpoint-every", type=int, default=1000, help="steps between written weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bfloat16", action=argparse.BooleanOptionalAction, default=False)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> dict:
    return train(parse(arguments))


if __name__ == "__main__":
    main()
