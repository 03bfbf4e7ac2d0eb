"""CPU milliseconds of every KADID-10k type on one core, beside what one would otherwise run, in the same process.

    python -m benchmarks.distortions [--image PHOTO] [--repeats 5] [--no-peers] [--denoise] [--markdown]

Without --image, a synthetic 512 x 384 photo. scikit-image, SciPy and Pillow are measured where installed, and so
are imagecorruptions and albumentations, of which neither is a dependency. Ours is the mean of the five levels of
one photo, work shared between them included once; a peer's is the mean of its own calls at the same strengths
(for imagecorruptions its severities 1 to 5), uint8 to uint8.
"""

# ruff: noqa: E402 (what comes before the imports must)
from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy is imported: one core

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

# run as a file, this folder comes first and its distortions.py would be taken for the package
if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import cv2
import numpy as np
from PIL import Image

import distortions
from benchmarks.peers import PEERS, peer_calls

SUITE = distortions.suite("kadid10k")
DENOISED = 15


def synthetic_photo(height: int = 384, width: int = 512) -> np.ndarray:
    """Smooth colour fields, edges and texture, spanning 0..255: H x W x 3 uint8."""
    rng = np.random.default_rng(5)
    photo = np.zeros((height, width, 3))
    for scale, weight in ((4, 1.0), (16, 0.7), (64, 0.4), (192, 0.15)):
        coarse = rng.random((scale * 3 // 4, scale, 3)).astype(np.float32)
        photo += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    photo[height // 3 : height // 2, width // 4 : width // 2] += 0.8
    photo = (photo - photo.min()) / (photo.max() - photo.min())
    return np.rint(photo * 255).astype(np.uint8)


def fastest(
    call: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The least seconds of several calls: what the machine needs when nobody disturbs it."""
    least = np.inf
    for _ in range(repeats):
        start = clock()
        call()
        least = min(least, clock() - start)
    return least


def ours(pixels: np.ndarray, type_number: int) -> None:
    photo = distortions.Photo(pixels)
    for level in range(1, 6):
        SUITE.render(photo, type_number, level, seed=1)


def all_cells(pixels: np.ndarray, write: Callable[[Path, np.ndarray], object] | None, folder: Path) -> None:
    """The 120 cells that need no network, of one photo, written or not."""
    photo = distortions.Photo(pixels)
    for type_number, level in SUITE.cells():
        if type_number != DENOISED:
            image = SUITE.render(photo, type_number, level, seed=1).pixels
            if write is not None:
                write(folder / f"{type_number:02d}_{level:02d}.png", image)


def resident() -> float:
    """Resident memory of this process now, in MB (Linux; nan elsewhere)."""
    status = Path("/proc/self/statm")
    return (
        int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if status.is_file() else np.nan
    )


def table(pixels: np.ndarray, repeats: int, peers: list[str], line: Callable[..., str]) -> dict[int, float]:
    """Print the rows of the types; returns ours in ms per sample."""
    times = {}
    for type_number, entry in SUITE.types.items():
        if type_number == DENOISED:
            continue
        times[type_number] = (
            fastest(lambda type_number=type_number: ours(pixels, type_number), repeats, time.process_time)
            / 5
            * 1000
        )
        cells = {}
        for peer, calls in peer_calls(type_number, pixels, peers).items():
            least = [fastest(call, max(repeats // 2, 1), time.process_time) for call in calls]
            cells[peer] = float(np.mean(least)) * 1000
        ratio = f"{min(cells.values()) / times[type_number]:.1f}" if cells else ""
        shown = [f"{cells[peer]:.1f}" if peer in cells else "" for peer in peers]
        print(line(f"{type_number} {entry.name}", f"{times[type_number]:.2f}", *shown, ratio), flush=True)
    return times


def totals(pixels: np.ndarray, repeats: int) -> None:
    """Print samples per second with and without writing, and the memory over many photos."""
    from glint_data.images import encode_png
    from glint_data.storage.files import make_durable, write_atomically

    def write(path: Path, image: np.ndarray) -> None:
        write_atomically(path, encode_png(image), durable=False)

    def write_source() -> None:  # as synthesize does: all of a photo's images, then to the disk together
        all_cells(pixels, write, folder)
        make_durable(folder.iterdir())

    cells = len(SUITE.cells()) - 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rendering = fastest(lambda: all_cells(pixels, None, folder), repeats)
        encoding = fastest(lambda: all_cells(pixels, lambda _, image: encode_png(image), folder), repeats)
        both = fastest(write_source, repeats)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        before = resident()
        for _ in range(10):
            all_cells(pixels, None, folder)
        after = resident()
    print(
        f"\n{cells} cells of one photo: rendering {rendering:.2f} s, {cells / rendering:.0f} samples/s;",
        end=" ",
    )
    print(f"with lossless writing {both:.2f} s, {cells / both:.0f} samples/s ({size:.0f} MB)")
    shares = [1000 * part / cells for part in (rendering, encoding - rendering, both - encoding)]
    print(
        "per sample {:.1f} ms rendering, {:.1f} ms encoding PNG, {:.1f} ms until it is on the disk".format(
            *shares
        )
    )
    print(f"resident memory {before:.0f} MB, after ten more photos {after:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--image", type=Path, help="a photo (default: a synthetic one of 512 x 384)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--denoise", action="store_true", help="type 15 too, which needs a network")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    pixels = np.asarray(Image.open(options.image).convert("RGB")) if options.image else synthetic_photo()
    peers = [] if options.no_peers else [name for name, found in PEERS.items() if found()]
    start = time.perf_counter()
    all_cells(pixels, None, Path())
    print(
        f"{pixels.shape[1]} x {pixels.shape[0]}, one core; first pass {time.perf_counter() - start:.1f} s",
        end="",
    )
    print(" (compiling, or loading what was compiled)\n")

    def line(*cells: str) -> str:
        if options.markdown:
            return "| " + " | ".join(cells) + " |"
        return f"{cells[0]:26}" + "".join(f"{cell:>18}" for cell in cells[1:])

    print(line("ms per sample", "ours", *peers, "fastest peer/ours"))
    if options.markdown:
        print("|" + "---|" * (len(peers) + 3))
    times = table(pixels, options.repeats, peers, line)
    print(line("mean", f"{np.mean(list(times.values())):.2f}", *[""] * len(peers), ""))
    totals(pixels, options.repeats)
    slowest = sorted(times, key=times.get, reverse=True)[:6]
    shares = ", ".join(f"{SUITE.types[k].name} {100 * times[k] / sum(times.values()):.0f} %" for k in slowest)
    print(f"where the time goes: {shares}")
    if options.denoise:
        import torch

        torch.set_num_threads(1)
        ours(pixels, DENOISED)
        print(f"type 15: {fastest(lambda: ours(pixels, DENOISED), 2) / 5 * 1000:.0f} ms per sample")


if __name__ == "__main__":
    main()
