"""Do other processors render the same pixels? Every cell of the suites again with instruction sets switched off.

    python -m benchmarks.processors

A processor of another kind is stood in for by NumPy without AVX-512, and by OpenCV without AVX, AVX2, FMA3 and AVX-512
(their own variables), in a process of its own each. A photo of 256 x 192. Printed: of how many cells pixels differ, by
how many grey levels at most, and in which share of a picture's values at most. Nothing differs where this processor
lacks these sets itself.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SUITES = ("kadid10k", "tid2013", "imagenet_c", "modern", "restoration", "camera", "platform")
WITHOUT = {
    "NumPy without AVX-512": {
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
    },
    "OpenCV without AVX": {"OPENCV_CPU_DISABLE": "AVX512_SKX,AVX2,FMA3,AVX"},
}


def render(file: str) -> None:
    """Every cell's pixels into a NumPy file."""
    import cv2

    import distortions
    from benchmarks.distortions import synthetic_photo

    photo = distortions.Photo(np.ascontiguousarray(cv2.resize(synthetic_photo(), (256, 192))))
    cells = [(name, *cell) for name in SUITES for cell in distortions.suite(name).cells()]
    made = {
        f"{name} {number:02d} {level}": distortions.suite(name).render(photo, number, level, seed=7).pixels
        for name, number, level in cells
    }
    np.savez(file, **made)


def main() -> None:
    if len(sys.argv) == 2:
        return render(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, (title, variables) in enumerate([("", {}), *WITHOUT.items()]):
            files[title] = Path(folder) / f"{number}.npz"
            command = [sys.executable, "-m", "benchmarks.processors", str(files[title])]
            subprocess.run(command, env=os.environ | variables, check=True)
        here = np.load(files[""], allow_pickle=False)
        for title in WITHOUT:
            there = np.load(files[title], allow_pickle=False)
            gaps = {cell: np.abs(here[cell].astype(int) - there[cell]) for cell in here}
            other = {cell: gap for cell, gap in gaps.items() if gap.any()}
            most = max((int(gap.max()) for gap in other.values()), default=0)
            share = max((float((gap > 0).mean()) for gap in other.values()), default=0.0)
            print(
                f"{title}: {len(other)} of {len(gaps)} cells differ, by {most} at most, in {share:.2%} of the values"
            )
            print(f"  {', '.join(other)}")
    return None


if __name__ == "__main__":
    main()
