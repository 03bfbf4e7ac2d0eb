"""The report's drawing of a dataset against the bare decoding of the same image files, in one run.

    python -m benchmarks.report [--samples 1000] [--side 512] [--folder PLACE]

Photos are made of scikit-image's; each is rendered through 50 cells of KADID-10k, those that render quickly. Decoding
reads every sample's and every photo's file once, in this process, by the same reader; the report does all it does:
decode, compare with the recorded hash, look for the largest difference, draw, write the page.
"""

import argparse
import cProfile
import os
import pstats
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import glint_data as glint
from glint_data import images
from glint_data.reports import tiles

TYPES = (1, 7, 10, 11, 16, 17, 18, 19, 23, 25)
CELLS = 5 * len(TYPES)


def main() -> None:
    """Make the dataset where it is not there yet, decode, report, print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--folder", type=Path)
    parser.add_argument(
        "--profile", action="store_true", help="where the drawing of the first photo spends its time"
    )
    wanted = parser.parse_args()
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix="report-"))
    if not (folder / "dataset" / "manifest.parquet").is_file():
        make_photos(folder / "photos", max(1, round(wanted.samples / CELLS)), wanted.side)
        glint.synthesize(folder / "photos", folder / "dataset", types=TYPES, workers=1, progress=True)
    files = sorted((folder / "dataset" / "images").rglob("*.png"))
    files += sorted((folder / "dataset" / "references").rglob("*.png"))
    if wanted.profile:
        profile(folder / "dataset")
        return
    bare, bare_cpu = timed(lambda: decode(files))
    drawn, drawn_cpu = timed(lambda: glint.report(folder / "dataset"))
    page = folder / "dataset" / "report.html"
    print(f"{len(files):,} files decoded in {bare:.1f} s ({bare_cpu:.1f} s CPU)")
    print(
        f"report in {drawn:.1f} s ({drawn_cpu:.1f} s CPU with its workers), page {page.stat().st_size / 2**20:.1f} MiB"
    )
    print(f"ratio {drawn / bare:.2f} by the clock, {drawn_cpu / bare_cpu:.2f} by CPU")
    if wanted.folder is None:
        shutil.rmtree(folder)


def make_photos(folder: Path, count: int, side: int) -> None:
    """Crops of scikit-image's photos, each at another place."""
    import cv2
    import skimage.data

    originals = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    rng = np.random.default_rng(0)
    for number in range(count):
        photo = originals[number % len(originals)][..., :3]
        top, left = (int(rng.integers(0, size // 3)) for size in photo.shape[:2])
        cut = photo[top : top + 2 * photo.shape[0] // 3, left : left + 2 * photo.shape[1] // 3]
        sized = cv2.resize(cut, (side, side * 3 // 4), interpolation=cv2.INTER_CUBIC)
        folder.mkdir(parents=True, exist_ok=True)
        images.write_png(folder / f"photo{number:04d}.png", sized)


def decode(files: list[Path]) -> None:
    """Every file to pixels."""
    for file in files:
        images.read_rgb(file)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU with ended child processes."""
    begun, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    return time.perf_counter() - begun, spent


def profile(dataset: Path) -> None:
    """The functions in which drawing one photo's tiles spends most."""
    rows = glint.open(dataset).rows()
    task = tiles.DrawTask(0, str(dataset), tuple(rows.row(number) for number in range(CELLS)), frozenset())
    profiler = cProfile.Profile()
    profiler.runcall(tiles.draw, task)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
