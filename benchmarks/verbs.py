"""`synthesize`, `label` and `train` beside those of another commit, in turns.

    python -m benchmarks.verbs --commit 003c446 [--rounds 3] [--photos 3] [--width 512]

Each verb is one process with a cold cache, one worker, one thread: the seconds are processor time of all its
processes, so that a busy machine changes them little, and ratios are taken within a round. Both do the same: photos of
scikit-image, of 4 : 3, through `kadid10k` (denoising, type 15, left out), labels by the default method, one epoch
of GlintIQA in size tiny on 128 samples.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.unpacked import unpacked

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "immunohistochemistry")
TYPES = [number for number in range(1, 26) if number != 15]
VERBS = {
    "synthesize": f"glint.synthesize('../photos', 'd', types={TYPES}, workers=1)",
    "label": "glint.label('d', workers=1)",
    "train": "glint.train('d', 'run', size='tiny', epochs=1, epoch_samples=128, batch_size=16, workers=0, "
    "baseline=False, from_scratch=True)",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def seconds(root: Path, verb: str, folder: Path) -> float:
    """Processor seconds of one verb by the code in `root`, in `folder`."""
    begin = f"import sys; sys.path.insert(0, {str(root)!r}); import glint_data as glint; "
    check = f"assert glint.__file__.startswith({str(root)!r}), glint.__file__; "
    settings = os.environ | dict.fromkeys(THREADS, "1") | {"GLINT_DATA_CACHE": str(folder / "cache")}
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", f"import os; os.chdir({str(folder)!r}); {begin}{check}{VERBS[verb]}"],
        settings,
    )
    _pid, status, used = os.wait4(process, 0)
    if status:
        sys.exit(f"{verb} failed in {root}")
    return used.ru_utime + used.ru_stime


def write_photos(folder: Path, count: int, width: int) -> None:
    """So many photos, of 4 : 3."""
    import skimage.data
    from PIL import Image

    folder.mkdir()
    for name in NAMES[:count]:
        photo = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        photo.resize((width, width * 3 // 4)).save(folder / f"{name}.png")


def main() -> None:
    """Print the medians and the ratios within a round."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--commit", required=True, help="the other commit")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=3, help="3 to 6")
    parser.add_argument("--width", type=int, default=512, help="of the photos, in pixels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        roots = [unpacked(commit, folder / commit) for commit in (options.commit, "HEAD")]
        write_photos(folder / "photos", options.photos, options.width)
        spent: dict[str, list[tuple[float, ...]]] = {verb: [] for verb in VERBS}
        for number in range(options.rounds + 1):
            for side in ("0", "1"):
                shutil.rmtree(folder / side, ignore_errors=True)
                (folder / side).mkdir()
            for verb in VERBS if number else ("synthesize",):  # the first time Numba compiles what it keeps
                pair = tuple(seconds(root, verb, folder / str(side)) for side, root in enumerate(roots))
                spent[verb] += [pair] if number else []
    print(
        f"processor seconds, median of {options.rounds} rounds in turns, {options.photos} photos {options.width} wide"
    )
    print(f"| | {options.commit[:7]} | now | before / now, each round |\n|---|---|---|---|")
    for verb, pairs in spent.items():
        before, now = (median(column) for column in zip(*pairs, strict=True))
        ratios = ", ".join(f"{one / two:.2f}" for one, two in pairs)
        print(f"| {verb} | {before:.1f} | {now:.1f} | {median(a / b for a, b in pairs):.2f} ({ratios}) |")


if __name__ == "__main__":
    main()
