"""Memory while a hundred thousand samples are rendered: that of the run and of its workers, over time.

python -m benchmarks.memory [SAMPLES [WORKERS]]

Small photos (64x48) through the 120 cells that need no network, so that many samples take minutes. The run is
a process of its own; its resident memory and that of its largest worker are read from /proc (Linux) while it
goes. Flat means that the last line is about the first.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data

from glint_data import images

CELLS = 120
LINES = 12


def write_photos(folder: Path, count: int) -> None:
    """Different crops of a photograph."""
    rng, astronaut = np.random.default_rng(0), skimage.data.astronaut()
    folder.mkdir()
    for number in range(count):
        top, left = rng.integers(0, 512 - 48), rng.integers(0, 512 - 64)
        crop = astronaut[top : top + 48, left : left + 64].copy()
        crop[0, :3] = number % 256, number // 256 % 256, number // 65536  # no two the same
        images.write_png(folder / f"photo{number:05d}.png", crop)


def resident(process: int) -> float:
    """A process's resident memory, MB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def children(process: int) -> list[int]:
    """The processes that a process started."""
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def watch(run: subprocess.Popen, out: Path, samples: int) -> dict[str, float]:
    """Print a line every so many samples; returns the peaks."""
    peak = {"run": 0.0, "worker": 0.0}
    begun, said = time.monotonic(), -1
    print(f"{'samples':>9s} {'seconds':>8s} {'run MB':>8s} {'largest worker MB':>18s}")
    while run.poll() is None:
        parts = out / "parts"
        done = CELLS * sum(1 for _ in parts.glob("*.parquet")) if parts.is_dir() else 0
        now = {"run": resident(run.pid), "worker": max(map(resident, children(run.pid)), default=0.0)}
        peak = {name: max(peak[name], now[name]) for name in peak}
        if done and done * LINES // samples > said:
            said = done * LINES // samples
            seconds = time.monotonic() - begun
            print(f"{done:9,d} {seconds:8.0f} {now['run']:8.0f} {now['worker']:18.0f}", flush=True)
        time.sleep(0.5)
    return peak


def main(arguments: list[str]) -> None:
    """Render and print."""
    samples = int(arguments[0]) if arguments else 100_000
    workers = arguments[1] if len(arguments) > 1 else "1"
    photos = -(-samples // CELLS)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "dataset"
        write_photos(Path(folder) / "photos", photos)
        command = [sys.executable, "-m", "glint_data", "synthesize", f"{folder}/photos", "--out", str(out)]
        run = subprocess.Popen(
            [*command, "--types", "1-14,16-25", "--workers", workers],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        peak = watch(run, out, photos * CELLS)
        print(run.stdout.read().replace(folder, "..."))
        print(f"peaks, the commit included: run {peak['run']:.0f} MB, largest worker {peak['worker']:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
