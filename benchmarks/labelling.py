"""What labels cost: 6.25 million by each content method, with memory; samples a second by every method.

python -m benchmarks.labelling [PHOTOS]     0: only samples a second

The photos of the first part are planned, not read: their content statistics are drawn around those of the
references and put into the cache, as if they had been embedded before. Each method runs in its own process.
"""

import hashlib
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PHOTOS = 50_000
READING = "or reading its PNG"
ALIGNING = "does it lie on its photo?"
_SIZE = (384, 512)


def main(arguments: list[str]) -> None:
    """Print seconds and peak memory of each method, then the milliseconds of a pair."""
    count = int(arguments[0]) if arguments else PHOTOS
    processes = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        _apart(processes, plan_and_embed, Path(folder), count)
        if count:
            print(f"{count:,} photos x 125 cells, content statistics in the cache")
            for method in ("mean", "nearest", "knn", "content"):
                print(f"  {method:<8}", _apart(processes, label_all, Path(folder), method), flush=True)
    steps = _apart(processes, steps_of_a_sample)
    print(f"one sample of 512x384 on one core of {processor()}")
    for step, milliseconds in steps.items():
        print(f"  {step:<48} {milliseconds:6.2f} ms")
    print_rates(steps)


def print_rates(steps: dict[str, float]) -> None:
    """Samples a second by each method: from pixels in memory, and with reading their PNG."""
    print("method        samples/s  and reading (one core's processor time)")
    cost = {}
    for method in ("mean", "nearest", "knn", "content", "pair", "deep", "any"):
        measuring = steps.get(f"measuring for `{method}`", 0.0)
        measuring += steps[ALIGNING] if measuring else 0.0
        cost[method] = measuring + steps[f"regression of `{method}`"]
        read = cost[method] + (steps[READING] if measuring else 0.0)
        print(f"  {method:<8} {_rate(cost[method]):>12} {_rate(read):>12}")
    print(f"any costs {cost['any'] / cost['deep']:.2f} times deep")


def _rate(milliseconds: float) -> str:
    return "over 100,000" if milliseconds < 0.01 else f"{1000 / milliseconds:,.0f}"


def processor() -> str:
    """What this machine's processor calls itself."""
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _apart(processes, function, *arguments):
    """Call in a fresh process, so that memory is that of this call alone."""
    with processes.Pool(1) as pool:
        return pool.apply(function, arguments)


def plan_and_embed(folder: Path, count: int) -> None:
    """A virtual dataset of `count` photos that were never there, and their vectors in the cache."""
    from glint_data.dataset import manifest
    from glint_data.embedding import embed
    from glint_data.reference_sets import references
    from glint_data.sources import Source
    from glint_data.synthesis.recipes import Settings, plan

    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    sources = [
        Source(f"photo{number:06d}", number, f"photo{number:06d}.png", 1, 1, key, 512, 384, "")
        for number, key in enumerate(keys)
    ]
    dataset = folder / "dataset"
    dataset.mkdir()
    manifest.write_tables(dataset / manifest.FILE, plan(sources, Settings().resolved()))
    known = references.load("kadid").descriptors
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, len(known), (2, count))
    share = rng.random((count, 1))
    vectors = (share * known[first] + (1 - share) * known[second]).astype(np.float32)
    by = embed.embedder()
    store = embed.VectorStore(folder / "cache", by.name)
    for start in range(0, count, 10_000):
        store.append(keys[start : start + 10_000], vectors[start : start + 10_000])


def label_all(folder: Path, method: str) -> str:
    """Label the dataset; the result as a line."""
    from glint_data.labels import label_dataset

    begun = time.perf_counter()
    summary = label_dataset(folder / "dataset", method=method, cache=folder / "cache")
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{summary.labelled:,} labels in {seconds:.0f} s, peak memory {peak:,.0f} MB"


def steps_of_a_sample() -> dict[str, float]:
    """Milliseconds of each step for one sample, the mean over the cells of a photo from scikit-image."""
    import cv2
    import skimage.data

    import distortions
    from glint_data import images
    from glint_data.labels import METHODS
    from glint_data.labels.calibration import Calibrated
    from glint_data.labels.evidence.alignment import Alignment
    from glint_data.labels.evidence.source import Comparison, pair_evidence
    from glint_data.labels.judgements import judgement
    from glint_data.labels.over_types import OverTypes
    from glint_data.labels.pooled import for_unrated
    from glint_data.labels.rated import rated_set

    cv2.setNumThreads(1)
    pixels = cv2.resize(skimage.data.astronaut(), _SIZE[::-1], interpolation=cv2.INTER_AREA)
    suite, photo = distortions.suite("kadid10k"), distortions.Photo(pixels)
    cells = [(type_number, level) for type_number in suite.types if type_number != 15 for level in (1, 3, 5)]
    samples = [suite.render(photo, type_number, level, seed=1).pixels for type_number, level in cells]
    found = {"rendering it again (type 15 left out)": _each(lambda: photo_again(suite, pixels, cells), cells)}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.png" for number in range(len(samples))]
        for file, image in zip(files, samples, strict=True):
            images.write_png(file, image)
        found[READING] = _each(lambda: [images.read_rgb(file) for file in files], cells)
    alignment = Alignment(pixels)
    found[ALIGNING] = _each(lambda: [alignment(sample) for sample in samples], cells)
    for name in ("pair", "deep", "any"):
        comparison = Comparison(pixels, pair_evidence(METHODS[name].needs))
        found[f"measuring for `{name}`"] = _each(
            lambda comparison=comparison: [comparison.row(sample) for sample in samples], cells
        )
    rated = rated_set("kadid")
    requested = rated.scored.photos.rows(np.arange(64))
    many = range(64 * len(rated.loaded.cells))
    for name in ("mean", "nearest", "knn", "content", "pair", "deep"):
        calibrated = Calibrated(METHODS[name].fit(rated.scored), rated.scored)
        found[f"regression of `{name}`"] = _each(lambda fitted=calibrated: fitted.label(requested), many)
    pooled = for_unrated()
    pool = rated.pool(pooled)
    fitted, over = pooled.fit(pool), OverTypes(pool, judgement(pooled, pool, None, 1))
    blocks = pool.rows(np.arange(len(many))).blocks
    found["regression of `any`"] = _each(lambda: over.label(fitted.predict(blocks), blocks), many)
    return found


def photo_again(suite, pixels: np.ndarray, cells: list[tuple[int, int]]) -> None:
    """Render all cells of a photo that was not looked at before."""
    import distortions

    photo = distortions.Photo(pixels)
    for type_number, level in cells:
        suite.render(photo, type_number, level, seed=1)


def _each(call, items) -> float:
    """Milliseconds of processor time an item, the best of three: other work on the machine does not count."""
    best = np.inf
    for _ in range(3):
        begun = time.process_time()
        call()
        best = min(best, time.process_time() - begun)
    return best / len(items) * 1e3


if __name__ == "__main__":
    main(sys.argv[1:])
