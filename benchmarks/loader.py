"""A dataset of recipes in torch's loader beside the bare rendering of the same rows, in one process, in turns of 10.

    python -m benchmarks.loader [--photos 4] [--rounds 3] [--crop 224]

Photos of 512 x 384 through KADID-10k's 120 cells that need no network, one core. Bare: `Suite.render` of each row,
from photos in memory. Loader: `Dataset.torch()` item by item, which also finds the row, reads the photo, and makes
tensors of the image and of its pristine photo. In the dataset's order, where a photo's cells share work, and shuffled.
"""

# ruff: noqa: E402 (what comes before the imports must)
from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy is imported: one core

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

import distortions
import glint_data
from benchmarks.distortions import synthetic_photo
from glint_data import images

BLOCK = 10


class Bare:
    """Renders rows from photos in memory; what neighbouring rows of one photo share is made once."""

    def __init__(self, rows: list[Any], pixels: dict[str, np.ndarray]) -> None:
        self.suite, self.rows, self.pixels = distortions.suite("kadid10k"), rows, pixels
        self.source, self.photo = "", distortions.Photo(np.zeros((1, 1, 3), np.uint8))

    def __getitem__(self, index: int) -> Any:
        row = self.rows[index]
        if row.source != self.source:
            self.photo, self.source = distortions.Photo(self.pixels[row.source]), row.source
        return self.suite.render(self.photo, row.type, row.level, row.seed)


def seconds(rows: Any, block: list[int]) -> float:
    """CPU seconds of these rows, which are let go one after the other."""
    begun = time.process_time()
    for index in block:
        rows[index]
    return time.process_time() - begun


def in_turns(one: Any, other: Any, order: list[int]) -> tuple[float, float]:
    """CPU seconds a row of both, in turns of BLOCK rows, so that what disturbs the machine disturbs both."""
    spent = [0.0, 0.0]
    for number, start in enumerate(range(0, len(order), BLOCK)):
        block = order[start : start + BLOCK]
        for side in (0, 1) if number % 2 else (1, 0):
            spent[side] += seconds((one, other)[side], block)
    return spent[0] / len(order), spent[1] / len(order)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--photos", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crop", type=int)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        for number in range(options.photos):
            pixels = np.roll(synthetic_photo(), 17 * number, axis=1)
            (folder / "photos" / f"{number}.png").write_bytes(images.encode_png(np.ascontiguousarray(pixels)))
        types = [number for number in distortions.suite("kadid10k").types if number != 15]
        dataset = glint_data.synthesize(
            folder / "photos", folder / "dataset", types=types, virtual=True, workers=1
        )
        samples = dataset.torch(crop=options.crop, labelled=False)
        in_order = list(range(len(samples)))
        shuffled = [int(index) for index in np.random.default_rng(0).permutation(len(samples))]
        rows = list(dataset.samples())
        read = {sample.source: images.read_rgb(sample.source_path) for sample in rows}
        bare = Bare(rows, read)
        rounds = [
            (*in_turns(bare, samples, in_order), *in_turns(bare, samples, shuffled))
            for _ in range(options.rounds + 1)
        ][1:]
    times = [median(column) * 1000 for column in zip(*rounds, strict=True)]
    ratios = [median(r[k] / r[k + 1] for r in rounds) for k in (0, 2)]
    print(f"{len(rows)} rows, CPU ms a row, median of {options.rounds} rounds in turns")
    for order, at in (("in order", 0), ("shuffled", 2)):
        print(f"{order}: bare {times[at]:.2f}, loader {times[at + 1]:.2f}, {ratios[at // 2]:.3f} of the rate")


if __name__ == "__main__":
    main()
