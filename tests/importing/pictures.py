"""Pictures of noise, each of its seed."""

import numpy as np
from PIL import Image


def picture(file, seed, size=(64, 48)):
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return pixels
