"""Type 15's denoiser next to classical ones, on photos that its training did not see, in one run.

    python benchmarks/denoiser.py PRISTINE [--photos 6]

PRISTINE holds the folders that the weights' record names (kodak, cid22, cbsd68). Every method gets the same
noise, clipped as type 15 clips it, and the true noise level; each works on R, G and B separately, on one
thread. Strengths of the classical ones are those their documentation advises. PSNR and SSIM are to the clean
photo; Laplacian is the mean absolute one on 0..255; milliseconds of processor time are per 512 x 384 pixels.
"""

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, denoise_wavelet

from distortions.denoise import DENOISER, WEIGHTS, denoise

VARIANCES = (0.01, 0.03, 0.05, 0.1, 0.15)


def each_plane(method: Callable) -> Callable:
    """A grey-scale method run on every channel apart."""
    return lambda noisy, sigma: np.stack([method(plane, sigma) for plane in np.moveaxis(noisy, 2, 0)], axis=2)


def opencv_means(plane: np.ndarray, sigma: float) -> np.ndarray:
    """OpenCV's non-local means (8 bit): 7 x 7 patches, 21 x 21 search."""
    rounded = np.rint(plane * 255).astype(np.uint8)
    return (
        cv2.fastNlMeansDenoising(rounded, None, h=255 * sigma, templateWindowSize=7, searchWindowSize=21)
        / 255
    )


def skimage_means(plane: np.ndarray, sigma: float) -> np.ndarray:
    return denoise_nl_means(
        plane, patch_size=5, patch_distance=6, h=0.6 * sigma, sigma=sigma, fast_mode=True, channel_axis=None
    )


def bayes_wavelet(plane: np.ndarray, sigma: float) -> np.ndarray:
    return denoise_wavelet(plane, sigma=sigma, method="BayesShrink", mode="soft", rescale_sigma=True)


def total_variation(plane: np.ndarray, sigma: float) -> np.ndarray:
    return denoise_tv_chambolle(plane, weight=sigma)


METHODS = {
    "noisy": lambda noisy, sigma: noisy,
    DENOISER: denoise,
    "non-local means (OpenCV)": each_plane(opencv_means),
    "non-local means (skimage)": each_plane(skimage_means),
    "total variation (skimage)": each_plane(total_variation),
    "wavelet BayesShrink (skimage)": each_plane(bayes_wavelet),
}


def measure(method: Callable, photo: np.ndarray, variance: float) -> tuple[float, float, float, float]:
    noise = np.random.default_rng(0).standard_normal(photo.shape) * np.sqrt(variance)
    noisy = np.clip(photo + noise, 0, 1)
    began = time.process_time()
    found = np.clip(method(noisy, float(np.sqrt(variance))), 0, 1).astype(np.float64)
    seconds = time.process_time() - began
    likeness = structural_similarity(photo, found, channel_axis=2, data_range=1)
    laplacian = np.mean(
        [np.abs(cv2.Laplacian(plane, cv2.CV_64F)).mean() for plane in np.moveaxis(found, 2, 0)]
    )
    per_image = 1000 * seconds * (512 * 384) / (photo.shape[0] * photo.shape[1])
    return -10 * np.log10(np.mean((found - photo) ** 2)), likeness, 255 * laplacian, per_image


def held_out_photos(root: Path, count: int) -> list[np.ndarray]:
    names = json.loads(WEIGHTS.with_suffix(".json").read_text())["held_out"]["photos"]
    chosen = [names[i] for i in np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)]
    photos = []
    for name in chosen:
        bgr = cv2.imread(str(root / name))
        if bgr is None:
            raise SystemExit(f"{root / name}: not there; give the folder that holds kodak, cid22 and cbsd68")
        photos.append(np.ascontiguousarray(bgr[:384, :512, ::-1]) / 255)
    print(f"{len(photos)} held-out photos (at most 512 x 384 of each): {', '.join(chosen)}")
    return photos


def methods() -> dict[str, Callable]:
    if importlib.util.find_spec("pywt"):
        return METHODS
    print("left out: wavelet BayesShrink (skimage needs the package PyWavelets for it)")
    return {name: method for name, method in METHODS.items() if "wavelet" not in name}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pristine", type=Path)
    parser.add_argument("--photos", type=int, default=6)
    options = parser.parse_args()
    one_thread()
    photos = held_out_photos(options.pristine, options.photos)
    denoise(photos[0], 0.1)  # loads the weights
    compared = methods()
    print(f"\n{'variance':>8}  {'method':30} {'PSNR dB':>8} {'SSIM':>6} {'Laplacian':>9} {'ms/image':>9}")
    for variance in VARIANCES:
        for name, method in compared.items():
            row = np.mean([measure(method, photo, variance) for photo in photos], axis=0)
            print(
                f"{variance:8.2f}  {name:30} {row[0]:8.2f} {row[1]:6.3f} {row[2]:9.1f} {row[3]:9.0f}",
                flush=True,
            )


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


if __name__ == "__main__":
    main()
