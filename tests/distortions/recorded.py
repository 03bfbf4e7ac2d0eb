"""What every cell of kadid10k made of one small photo when it was recorded: written by running this file.

python tests/distortions/recorded.py
"""

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import features

import distortions

FILE = Path(__file__).with_name("recorded_cells.json")
SUITE = distortions.suite("kadid10k")
NETWORK = 15  # its weights have a record of their own
SAMPLES = 40


def photo() -> np.ndarray:
    """96 x 128 colour fields, two squares, ramps and texture in whole numbers, the same everywhere; spans 0..255."""
    y, x = np.mgrid[0:96, 0:128].astype(np.int64)
    texture = (x * 7919 + y * 104729 + x * y * 31) % 13
    red = 2 * x + (y // 12 % 2) * 20 + texture
    green = 255 - 2 * y - (x > 60) * 40 + texture // 2
    blue = ((x - 64) ** 2 + (y - 48) ** 2) // 26 + texture
    image = np.clip(np.stack([red, green, blue], -1), 0, 255).astype(np.uint8)
    image[10:34, 20:44], image[50:80, 90:110] = 0, 255
    return image


def versions() -> dict[str, str]:
    """Everything that may change a value: platform, vector units, NumPy, OpenCV, Pillow and its codecs."""
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "vectors": cv2.getCPUFeaturesLine(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
        "libjpeg": features.version("libjpeg_turbo") or features.version("jpg"),
        "numba": metadata.version("numba"),
        "openjpeg": features.version("jpg_2000"),
    }


def measure(pixels: np.ndarray) -> dict:
    """A hash, the channels' means and deviations, the RMS distance to the photo, and 40 values over the image."""
    change = np.sqrt(((pixels.astype(float) - photo()) ** 2).mean())
    flat = pixels.reshape(-1)
    spread = flat[np.linspace(0, flat.size - 1, SAMPLES).astype(int)]
    planes = pixels.reshape(-1, 3).astype(float)
    return {
        "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "mean": planes.mean(0).round(3).tolist(),
        "deviation": planes.std(0).round(3).tolist(),
        "change": round(float(change), 3),
        "values": spread.tolist(),
    }


def record() -> None:
    shared, cells = distortions.Photo(photo()), {}
    for number, level in SUITE.cells():
        if number != NETWORK:
            rendering = SUITE.render(shared, number, level, seed=1)
            entry = {"parameters": rendering.parameters, "strength": SUITE.types[number].levels[level - 1]}
            cells[f"{number:02d}_{level:02d}"] = entry | measure(rendering.pixels)
    lines = [f"{json.dumps(name)}: {json.dumps(cell)}" for name, cell in cells.items()]
    body = ",\n".join(lines)
    FILE.write_text(f'{{"versions": {json.dumps(versions())},\n"cells": {{\n{body}\n}}}}\n')


if __name__ == "__main__":
    record()
