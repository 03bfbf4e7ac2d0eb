"""Rendering by one and two workers of this machine and by two of Ray's, side by side: samples a second.

python -m benchmarks.engines [PHOTOS]      (default: 12 crops of about 512x370 of scikit-image's photographs)
"""

import sys
import tempfile
import time
from pathlib import Path

import skimage.data

from glint_data import engines, images
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

CONTENDERS = (("local", 1), ("local", 2), ("ray", 2))
ROUNDS = 2
CELLS = Settings(types=(1, 2, 3, 4, 5, 8, 10, 11, 16, 24))


def write_photos(folder: Path, count: int = 12) -> None:
    """Crops, no two alike."""
    folder.mkdir()
    photographs = [skimage.data.astronaut(), skimage.data.coffee()]
    for number in range(count):
        photo, shift = photographs[number % 2], 2 * number
        images.write_png(folder / f"photo{number:02d}.png", photo[shift : shift + 370, : 512 - shift])


def main(arguments: list[str]) -> None:
    """Print a line a contender and round."""
    with tempfile.TemporaryDirectory() as temporary:
        photos = Path(arguments[0]) if arguments else Path(temporary) / "photos"
        if not arguments:
            write_photos(photos)
        for number in range(ROUNDS):
            for name, count in CONTENDERS:
                out = Path(temporary) / f"{name}{count}-{number}"
                begun = time.perf_counter()
                with engines.opened(name, count, out, [photos]) as workers:
                    summary = synthesize([photos], out, CELLS, workers)
                seconds = time.perf_counter() - begun
                print(
                    f"{name:6s} {count} workers: {summary.made} samples in {seconds:.1f} s with the start, "
                    f"{summary.made / seconds:.1f}/s; the rendering alone {summary.made / summary.seconds:.1f}/s"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
