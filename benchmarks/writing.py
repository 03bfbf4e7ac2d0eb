"""Lossless writers on real and distorted photos, one core: milliseconds and size beside ours, in one run.

python -m benchmarks.writing [PHOTO...]      (default: scikit-image's photographs)
"""

import io
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import distortions
from glint_data import images

ROUNDS = 5


def pictures(files: list[Path]) -> list[np.ndarray]:
    """Each photo at 512x384, pristine and through a smooth, a noisy and a blocky cell."""
    values = []
    for file in files:
        photo = cv2.resize(images.read_rgb(file), (512, 384), interpolation=cv2.INTER_AREA)
        values.append(photo)
        for name, level in (("gaussian_blur", 4), ("white_noise", 3), ("pixelate", 4)):
            values.append(distortions.apply(photo, name, level=level, suite="kadid10k", seed=0))
    return values


def pillow(level: int) -> Callable[[np.ndarray], bytes]:
    def write(rgb: np.ndarray) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(rgb).save(stream, "png", compress_level=level)
        return stream.getvalue()

    return write


def opencv(compression: int, strategy: int) -> Callable[[np.ndarray], bytes]:
    options = [cv2.IMWRITE_PNG_COMPRESSION, compression, cv2.IMWRITE_PNG_STRATEGY, strategy]
    return lambda rgb: cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)[1].tobytes()


WRITERS: dict[str, Callable[[np.ndarray], bytes]] = {
    "ours (images.encode_png)": images.encode_png,
    "OpenCV, level 1, run lengths": opencv(1, cv2.IMWRITE_PNG_STRATEGY_RLE),
    "OpenCV, level 1, default strategy": opencv(1, cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
    "OpenCV, level 1, Huffman only": opencv(1, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY),
    "OpenCV, level 3, default strategy": opencv(3, cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
    "Pillow, level 1": pillow(1),
    "Pillow, level 6 (its default)": pillow(6),
    "zlib level 1, no filter (no PNG)": lambda rgb: zlib.compress(rgb.tobytes(), 1),
    "lossless WebP": images.encode_webp,
}


def main(arguments: list[str]) -> None:
    """Print the table."""
    import skimage

    cv2.setNumThreads(1)
    folder = Path(skimage.__file__).parent / "data"
    found = pictures(
        [Path(a) for a in arguments]
        or [folder / f"{name}.png" for name in ("astronaut", "chelsea", "coffee")]
    )
    seconds, size = dict.fromkeys(WRITERS, 0.0), dict.fromkeys(WRITERS, 0)
    for _ in range(ROUNDS):  # every writer in every round: a slow moment of the machine hits them all
        for name, write in WRITERS.items():
            begun = time.perf_counter()
            size[name] = sum(len(write(picture)) for picture in found)
            seconds[name] += time.perf_counter() - begun
    ours, raw = next(iter(WRITERS)), sum(picture.nbytes for picture in found)
    print(f"{len(found)} images of 512x384, {ROUNDS} rounds, one core")
    print(f"{'writer':36s} {'ms/image':>9s} {'time / ours':>12s} {'size / raw':>11s}")
    for name in WRITERS:
        per_image = seconds[name] / ROUNDS / len(found) * 1000
        print(f"{name:36s} {per_image:9.2f} {seconds[name] / seconds[ours]:12.2f} {size[name] / raw:11.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
