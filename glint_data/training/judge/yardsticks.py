"""PSNR, SSIM and GMSD of an image and its pristine original: what any other measure has to beat."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from glint_data.progress import track
from glint_data.training.samples import Sample, Samples

Plane = np.ndarray


def psnr(image: Plane, pristine: Plane) -> float:
    """Peak signal to noise ratio of the luma, in dB; 100 for equal images."""
    error = float(np.mean((image - pristine) ** 2))
    return 100.0 if error == 0 else min(10 * np.log10(255**2 / error), 100.0)


def ssim(image: Plane, pristine: Plane) -> float:
    """Structural similarity with the authors' window (Wang et al., TIP 2004): Gaussian, 11x11, deviation 1.5."""

    def blurred(plane: Plane) -> Plane:
        return cv2.GaussianBlur(plane, (11, 11), 1.5)[5:-5, 5:-5]

    if min(image.shape) < 11:
        return float("nan")
    ours, theirs = blurred(image), blurred(pristine)
    spread = blurred(image * image) - ours**2, blurred(pristine * pristine) - theirs**2
    shared = blurred(image * pristine) - ours * theirs
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    alike = (2 * ours * theirs + c1) * (2 * shared + c2)
    return float(np.mean(alike / ((ours**2 + theirs**2 + c1) * (spread[0] + spread[1] + c2))))


def gmsd(image: Plane, pristine: Plane) -> float:
    """Gradient magnitude similarity deviation (Xue et al., TIP 2014); 0 for equal images, higher is worse."""
    kernel = np.array([[1, 0, -1]] * 3) / 3  # Prewitt's

    def gradients(plane: Plane) -> Plane:
        halved = cv2.blur(plane, (2, 2))[::2, ::2]
        sides = (
            cv2.filter2D(halved, -1, part, borderType=cv2.BORDER_REPLICATE) for part in (kernel, kernel.T)
        )
        return np.sqrt(sum(side**2 for side in sides))

    ours, theirs, c = gradients(image), gradients(pristine), 170
    return float(np.std((2 * ours * theirs + c) / (ours**2 + theirs**2 + c)))


YARDSTICKS: dict[str, tuple[Callable[[Plane, Plane], float], int]] = {
    "PSNR": (psnr, 1),
    "SSIM": (ssim, 1),
    "GMSD": (gmsd, -1),
}
"""Name -> (measure of two luma planes in 0..255, its direction: 1 where higher is better)."""


def measured(samples: Samples | Sequence[Sample]) -> dict[str, np.ndarray]:
    """Each yardstick's values (n,), higher is better; NaN for a sample that has no pristine original of its size."""

    def one(sample: Sample) -> list[float]:
        image, pristine = sample.pixels(), sample.pristine()
        if pristine is None or image.shape != pristine.shape:
            return [float("nan")] * len(YARDSTICKS)
        planes = [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64) for pixels in (image, pristine)]
        return [direction * measure(*planes) for measure, direction in YARDSTICKS.values()]

    with ThreadPoolExecutor(2) as pool:
        rows = list(track(pool.map(one, samples), len(samples), "pairs measured (PSNR, SSIM, GMSD)"))
    return dict(zip(YARDSTICKS, np.array(rows).T, strict=True))
