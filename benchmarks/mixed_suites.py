"""A hundred thousand samples of mixed suites, rendered and verified: samples, time and memory of every run.

    python -m benchmarks.mixed_suites [--samples 100000] [--suites kadid10k,imagenet_c,...] [--workers 1] [--minutes M]

Small photos (64 x 48 to 96 x 64 px) go through each suite in a run of its own, then `glint-data verify` reads every
file that it made. Types that need a network to denoise are left out. Memory is read from /proc (Linux) twice a second;
the peaks of a run's second and last tenth stand beside each other: flat means that they are about the same. After so
many minutes no further suite is begun.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data

import distortions
from benchmarks.memory import children, resident
from glint_data import images

SUITES = "kadid10k,tid2013,imagenet_c,restoration,camera,platform,modern,video,imagenet_c --regions 2"
SIZES = ((48, 64), (64, 96), (51, 73))


def write_photos(folder: Path, count: int) -> None:
    """Different crops of a photograph, in three sizes."""
    rng, astronaut = np.random.default_rng(0), skimage.data.astronaut()
    folder.mkdir()
    for number in range(count):
        height, width = SIZES[number % len(SIZES)]
        top, left = rng.integers(0, 512 - height), rng.integers(0, 512 - width)
        crop = astronaut[top : top + height, left : left + width].copy()
        crop[0, :3] = number % 256, number // 256 % 256, number // 65536  # no two the same
        images.write_png(folder / f"photo{number:05d}.png", crop)


def peaks(run: subprocess.Popen[str]) -> list[float]:
    """Resident MB of a run and its largest worker together, twice a second until it ends."""
    seen = []
    while run.poll() is None:
        seen.append(resident(run.pid) + max(map(resident, children(run.pid)), default=0.0))
        time.sleep(0.5)
    return seen


def rendered(folder: Path, suite: str, samples: int, workers: int) -> int:
    """Render and verify one suite; print its line; how many samples it made."""
    name, *options = suite.split()
    entry = distortions.suite(name)
    types = [n for n, one in entry.types.items() if one.distortion not in ("denoised_noise", "chain")]
    cells = sum(len(entry.levels(n)) for n in types) + len(types) * bool(options)
    photos = -(-samples // cells)
    write_photos(folder / "photos", photos)
    out, program = folder / "dataset", [sys.executable, "-m", "glint_data"]
    begun = time.monotonic()
    command = [*program, "synthesize", str(folder / "photos"), "--out", str(out), "--suite", name, *options]
    run = subprocess.Popen(
        [*command, "--types", ",".join(map(str, types)), "--workers", str(workers)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    memory = peaks(run)
    seconds = time.monotonic() - begun
    assert run.stderr is not None
    if run.returncode:
        raise SystemExit(f"{suite}: {run.stderr.read()[-500:]}")
    checked = subprocess.run([*program, "verify", str(out)], capture_output=True, text=True)
    tenth = max(len(memory) // 10, 1)
    print(
        f"{suite:28}{photos * cells:9,d}{seconds:9.0f} s{max(memory[tenth : 2 * tenth] or memory):9.0f} MB"
        f"{max(memory[-tenth:]):9.0f} MB  {(checked.stdout or checked.stderr).strip().splitlines()[-1]}",
        flush=True,
    )
    if checked.returncode:
        raise SystemExit(f"{suite}: verify ended with {checked.returncode}")
    return photos * cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--suites", default=SUITES)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600)
    options = parser.parse_args()
    chosen = options.suites.split(",")
    begun, made = time.monotonic(), 0
    print(f"{'suite':28}{'samples':>9}{'':>11}{'second tenth':>12}{'last tenth':>12}  verify")
    for suite in chosen:
        if time.monotonic() - begun > 60 * options.minutes:
            print(f"{suite}: not begun, {options.minutes:g} minutes are over")
            continue
        with tempfile.TemporaryDirectory() as name:
            made += rendered(Path(name), suite, -(-options.samples // len(chosen)), options.workers)
    print(f"{made:,} samples rendered and verified in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
