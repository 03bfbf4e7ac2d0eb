"""A dataset of recipes in torch's loader beside the bare rendering of the same rows, in one process, in turns.

    python -m benchmarks.loader [--photos 4] [--rounds 3] [--crop 224]

Photos of 512 x 384 through KADID-10k's 120 cells that need no network, one core. Bare: the photo is read once, then
`Suite.render` of each row. Loader: `Dataset.torch()` item by item in the dataset's order, which also reads photos, makes
tensors of the image and of its pristine photo, and compares recorded hashes. Shuffled: as training asks for them.
"""

# ruff: noqa: E402 (what comes before the imports must)
from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy is imported: one core

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

import distortions
import glint_data
from benchmarks.distortions import synthetic_photo
from glint_data import images


def bare(dataset: Any) -> int:
    """Render every row from its photo, read once; how many."""
    suite, last, photo = distortions.suite("kadid10k"), None, None
    rows = 0
    for sample in dataset.samples():
        if sample.source != last:
            photo, last = distortions.Photo(images.read_rgb(sample.source_path)), sample.source
        assert photo is not None
        suite.render(photo, sample.type, sample.level, sample.seed)
        rows += 1
    return rows


def loaded(samples: Any, order: list[int]) -> int:
    for index in order:
        samples[index]
    return len(order)


def seconds(call: Callable[[], int]) -> float:
    """CPU seconds a row."""
    begun = time.process_time()
    rows = call()
    return (time.process_time() - begun) / rows


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
        bare(dataset)
        rounds = [
            (
                seconds(lambda: bare(dataset)),
                *(seconds(lambda: loaded(samples, o)) for o in (in_order, shuffled)),
            )
            for _ in range(options.rounds)
        ]
    one, two, three = (median(column) * 1000 for column in zip(*rounds, strict=True))
    ratios = [median(r[0] / r[k] for r in rounds) for k in (1, 2)]
    print(f"{len(in_order)} rows, CPU ms a row, median of {options.rounds} rounds in turns:", end=" ")
    print(
        f"bare {one:.2f}, loader {two:.2f} ({ratios[0]:.2f} of the rate), shuffled {three:.2f} ({ratios[1]:.2f})"
    )
    print(json.dumps({"bare_ms": one, "loader_ms": two, "shuffled_ms": three, "of_rate": ratios}))


if __name__ == "__main__":
    main()
