"""Rendering beside that of another commit, in turns, with a comparison of every pixel.

    python -m benchmarks.before_after --commit 7b296cf [--rounds 5] [--photos FOLDER]

The other commit's `distortions` is unpacked beside (git archive) and runs in a process of its own, this checkout's in
another; each renders the 120 cells of a 512 x 384 photo that need no network, one core, one after the other in turns.
Printed are each one's median, the median of the ratios of neighbouring rounds, where the time goes, and how many of
the cells' pictures are equal (type 22 by its first version, which is what the first release renders).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.unpacked import HERE, unpacked

WORKER = """
import hashlib, json, sys, time
sys.path.insert(0, sys.argv[1])
import cv2, numpy as np
import distortions
assert distortions.__file__.startswith(sys.argv[1]), distortions.__file__
cv2.setNumThreads(1)
suite = distortions.suite("kadid10k")
first = suite if suite.version == "1" else distortions.suite("kadid10k", version="1")
cells = [cell for cell in suite.cells() if cell[0] != 15]
photos = [np.load(path) for path in sys.argv[2:]]
def rendered(by, pixels, number, level):
    return by.render(pixels, number, level, seed=7).pixels
for line in sys.stdin:
    if line.strip() == "hashes":
        made = []
        for pixels in photos:
            photo = distortions.Photo(pixels)
            made += [hashlib.sha256(rendered(first, photo, *cell).tobytes()).hexdigest() for cell in cells]
        print(json.dumps(made), flush=True)
    else:
        photo, spent = distortions.Photo(photos[0]), {}
        for cell in cells:
            begun = time.process_time()
            rendered(suite, photo, *cell)
            spent[cell[0]] = spent.get(cell[0], 0) + time.process_time() - begun
        print(json.dumps(spent), flush=True)
"""


class Renderer:
    """A process that renders with the `distortions` in `root`."""

    def __init__(self, root: Path, photos: list[Path]) -> None:
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(root), *map(str, photos)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **dict.fromkeys(threads, "1")},
        )

    def ask(self, what: str) -> Any:
        """`hashes` of all photos' cells, or the CPU seconds of each type in one `round`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def photos(folder: Path | None) -> list[Any]:
    """The photo that is timed (512 x 384), then further ones whose pixels are compared: H x W x 3 uint8 each."""
    import cv2
    import numpy as np
    from PIL import Image

    from benchmarks.distortions import synthetic_photo

    photo = synthetic_photo()
    odd = [photo[:131, :97], photo[:64, :81] // 2 + 40, np.full((64, 80, 3), 77, np.uint8)]
    odd.append(np.repeat(photo[:120, :160, 1:2], 3, axis=2))
    if folder is None:
        return [photo, *odd]
    read = [
        np.asarray(Image.open(file).convert("RGB"))
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in (".png", ".jpg", ".jpeg")
    ]
    timed = cv2.resize(read[0], (512, 384), interpolation=cv2.INTER_AREA)
    return [timed, *read, *odd]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--commit", required=True, help="the other commit")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos", type=Path, help="a folder of photos (default: synthetic ones)")
    options = parser.parse_args()
    import numpy as np

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for number, pixels in enumerate(photos(options.photos)):
            files.append(folder / f"{number}.npy")
            np.save(files[-1], np.ascontiguousarray(pixels))
        then, now = (
            Renderer(unpacked(options.commit, folder / "then", "distortions"), files),
            Renderer(HERE, files),
        )
        hashes = [renderer.ask("hashes") for renderer in (then, now)]
        rounds = [(then.ask("round"), now.ask("round")) for _ in range(options.rounds)]
        then.close()
        now.close()
    equal = sum(one == two for one, two in zip(*hashes, strict=True))
    print(f"{equal} of {len(hashes[0])} pictures of {len(files)} photos are equal")
    totals = [tuple(sum(spent.values()) for spent in pair) for pair in rounds]
    before, after = (median(column) * 1000 for column in zip(*totals, strict=True))
    ratio = median(one / two for one, two in totals)
    print(f"120 cells of 512 x 384, CPU time, median of {options.rounds} rounds in turns:", end=" ")
    print(f"{options.commit} {before:.0f} ms, now {after:.0f} ms, {ratio:.2f} times the rate")
    print(f"\n{'type':24}{'before, ms':>12}{'now, ms':>12}{'share now':>12}")
    import distortions

    for number, entry in distortions.suite("kadid10k").types.items():
        if str(number) in rounds[0][0]:
            one, two = (median(pair[side][str(number)] for pair in rounds) * 1000 for side in (0, 1))
            print(f"{number:2} {entry.name:21}{one:12.1f}{two:12.1f}{two / after:12.0%}")


if __name__ == "__main__":
    main()
