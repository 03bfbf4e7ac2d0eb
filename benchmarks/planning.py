"""The plan of a whole published-size set: 50,000 photos x 125 cells as recipes, with time and memory.

python -m benchmarks.planning [PHOTOS]
"""

import hashlib
import resource
import sys
import tempfile
import time
from pathlib import Path

from glint_data.dataset import manifest
from glint_data.sources import Source
from glint_data.synthesis.recipes import Settings, plan


def main(arguments: list[str]) -> None:
    """Print rows, seconds, peak memory and the size of the manifest."""
    count = int(arguments[0]) if arguments else 50_000
    hashes = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))
    sources = [
        Source(
            f"photo{number:06d}",
            number,
            f"/photos/{number % 100:02d}/photo{number:06d}.jpg",
            1,
            1,
            content,
            512,
            384,
            "",
        )
        for number, content in enumerate(hashes)
    ]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        file = manifest.write_tables(Path(folder) / manifest.FILE, plan(sources, Settings().resolved()))
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = file.stat().st_size / 1e6
        print(f"{count:,} photos x 125 cells = {count * 125:,} recipes")
        print(f"{seconds:.1f} s, peak memory {peak:,.0f} MB, manifest {size:,.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
