"""A folder of a million empty files and one photo: refused by name, in what time and memory.

python -m benchmarks.empty_files [FILES]
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import skimage.data

from glint_data import images


def main(arguments: list[str]) -> None:
    """Make the files, run `synthesize` on them, print what it cost."""
    count = int(arguments[0]) if arguments else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        photos, out = Path(folder) / "photos", Path(folder) / "dataset"
        for number in range(count):
            if number % 10_000 == 0:
                below = photos / f"{number // 10_000:04d}"
                below.mkdir(parents=True)
            os.close(os.open(below / f"{number}.png", os.O_CREAT | os.O_WRONLY))
        images.write_png(photos / "cat.png", skimage.data.chelsea()[60:132, 100:196])
        begun = time.monotonic()
        command = [sys.executable, "-m", "glint_data", "synthesize", str(photos), "--out", str(out)]
        run = subprocess.run(
            [*command, "--types", "1", "--workers", "1"], capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - begun
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        named = (out / "failures.csv").read_text().count("the file is empty")
        print((run.stdout + run.stderr).replace(folder, "..."))
        print(f"exit code {run.returncode}; {count:,} empty files and one photo in {seconds:.0f} s")
        print(
            f"peak memory {peak:,.0f} MB; {named:,} named in failures.csv, "
            f"{(out / 'failures.csv').stat().st_size / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
