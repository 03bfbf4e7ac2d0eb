"""Type 15's denoiser: its weights, its guarantees, its likeness to the original, and its training script."""

import json
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from distortions import denoise as module
from distortions.denoise import DENOISER, WEIGHTS, denoise

VARIANCES = (0.01, 0.03, 0.05, 0.1, 0.15)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A made scene, H x W x 3 in [0, 1]: shaded sky, a disk, bars, a little texture."""
    rows, columns = np.mgrid[0:120, 0:160] / 160
    scene = np.stack([0.3 + 0.4 * rows, 0.4 + 0.3 * columns, 0.8 - 0.4 * rows], axis=2)
    scene[np.hypot(rows - 0.3, columns - 0.3) < 0.18] = (0.75, 0.35, 0.2)
    scene[70:75, 20:150] = 0.15
    scene[20:110, 120:124] = 0.85
    scene[90:, :60] += 0.08 * np.sin(40 * (rows + columns))[90:, :60, None]
    return scene


def add_noise(photo: np.ndarray, variance: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(photo.shape)
    return np.clip(photo + np.sqrt(variance) * noise, 0, 1)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((np.asarray(one, float) - other) ** 2)))


def mean_absolute_laplacian(image: np.ndarray) -> float:
    return float(
        np.mean([np.abs(cv2.Laplacian(plane, cv2.CV_64F)).mean() for plane in np.moveaxis(image, 2, 0)])
    )


@pytest.mark.parametrize("variance", VARIANCES)
def test_less_noise_at_every_level(photo, variance):
    noisy = add_noise(photo, variance)
    gain = psnr(photo, denoise(noisy, variance**0.5)) - psnr(photo, noisy)
    assert gain > 6.5, f"variance {variance}: PSNR rose by {gain:.2f} dB only"


def test_the_weights_matter(photo, monkeypatch):
    """The same network with its weights in another order must fail: what helps is the training."""
    import torch

    shuffled = {
        name: array.flatten()[torch.randperm(array.numel(), generator=torch.Generator().manual_seed(0))]
        .reshape(array.shape)
        .contiguous(memory_format=torch.channels_last if array.ndim == 4 else torch.contiguous_format)
        for name, array in module.load_weights(WEIGHTS).items()
    }
    monkeypatch.setattr(module, "load_weights", lambda *_: shuffled)
    noisy = add_noise(photo, 0.03)
    assert psnr(photo, denoise(noisy, 0.03**0.5)) < psnr(photo, noisy) + 1


def test_what_is_almost_clean_stays(photo):
    assert psnr(photo, denoise(photo, 0.0)) > 33


def test_same_output_whatever_the_threads_or_tiles(photo):
    import torch

    noisy = add_noise(photo, 0.05)[:119, :157]
    before = noisy.copy()
    once = denoise(noisy, 0.22)
    assert np.array_equal(once, denoise(noisy, 0.22))
    assert np.array_equal(noisy, before)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2 if threads == 1 else 1)
        assert np.abs(once - denoise(noisy, 0.22)).max() < 1e-5
    finally:
        torch.set_num_threads(threads)
    assert np.abs(once - denoise(noisy, 0.22, tile=32)).max() < 1e-5


def test_tile_seams_would_show_with_a_shorter_reach(photo, monkeypatch):
    """The overlap is needed in full order of magnitude: with 4 pixels of it the tiles no longer agree."""
    noisy = add_noise(photo, 0.05)
    whole = denoise(noisy, 0.22)
    monkeypatch.setattr(module, "reach", lambda weights: 4)
    assert np.abs(whole - denoise(noisy, 0.22, tile=32)).max() > 1e-3


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (40, 1, 3), (33, 17, 3), (16, 16, 1), (21, 30)])
def test_any_size(shape):
    noisy = 0.4 + 0.05 * np.random.default_rng(0).standard_normal(shape)
    clean = denoise(noisy, 0.05)
    assert clean.shape == shape and clean.dtype == np.float32
    assert np.isfinite(clean).all() and abs(clean.mean() - 0.4) < 0.05


def test_channels_are_denoised_apart(photo):
    noisy = add_noise(photo, 0.03)
    together = denoise(noisy, 0.17)
    for channel in range(3):
        assert np.array_equal(together[:, :, channel], denoise(noisy[:, :, channel], 0.17))


@pytest.mark.parametrize(
    ("image", "sigma", "tile", "said"),
    [
        (np.zeros(4), 0.1, 512, "shape"),
        (np.zeros((0, 4, 3)), 0.1, 512, "shape"),
        (np.full((4, 4, 3), np.nan), 0.1, 512, "NaN"),
        (np.zeros((4, 4, 3)), -0.1, 512, "sigma"),
        (np.zeros((4, 4, 3)), float("nan"), 512, "sigma"),
        (np.zeros((4, 4, 3)), 0.1, 33, "tile"),
    ],
)
def test_wrong_input_is_named(image, sigma, tile, said):
    with pytest.raises(ValueError, match=said):
        denoise(image, sigma, tile=tile)


def test_torch_is_loaded_only_when_used_and_named_when_missing(monkeypatch):
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, distortions.denoise; print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.strip() == "False"
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="torch"):
        denoise(np.zeros((4, 4, 3)), 0.1)


def test_shipped_files_belong_together(tmp_path):
    record = json.loads(WEIGHTS.with_suffix(".json").read_text())
    assert WEIGHTS.stem == DENOISER and WEIGHTS.stat().st_size < 3_000_000
    assert record["held_out"]["psnr_db"]["25"] > 28
    assert sum(record["photos"].values()) > 100
    damaged = tmp_path / WEIGHTS.name
    content = bytearray(WEIGHTS.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    shutil.copy(WEIGHTS.with_suffix(".json"), tmp_path)
    with pytest.raises(ValueError, match="SHA-256"):
        denoise(np.zeros((4, 4)), 0.1, weights=damaged)


def test_the_training_script_learns_and_writes_what_denoise_loads(tmp_path, photo):
    from tools.denoiser import main

    for i in range(4):
        shifted = np.roll(photo, 11 * i, axis=1)
        cv2.imwrite(str(tmp_path / f"{i}.png"), (shifted * 255).astype(np.uint8))
    out = tmp_path / "weights" / "small.safetensors"
    arguments = (
        "--width 8 --blocks 1 --patch 32 --steps 150 --rate 0.003 --checkpoint-every 50 --hold-out-every 4"
    )
    record = main([str(tmp_path), "--out", str(out), *arguments.split()])
    assert record["photos"] == {tmp_path.name: 3} and len(record["held_out"]["photos"]) == 1
    assert record["held_out"]["psnr_db"]["50"] > 20 * np.log10(255 / 50) + 3
    assert str(tmp_path) not in out.with_suffix(".json").read_text()
    noisy = add_noise(photo, 0.03)
    assert psnr(photo, denoise(noisy, 0.17, weights=out)) > psnr(photo, noisy) + 2
