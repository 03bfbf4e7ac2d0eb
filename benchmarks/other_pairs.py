"""Pairs that another laboratory's people judged, labelled by `any` through `import table`: in their order?

    python -m benchmarks.other_pairs KODAK_FOLDER TID2013.csv [TID2008.csv] [FOLDER]

TID2013's and TID2008's first 24 references are Kodak's photos. They are cut to 512x384 (see `judge_tid2013`) and
rendered through the suite `tid2013`: noise, blur, JPEG, JPEG 2000 (types 1, 8, 10, 11) at five levels, 480 pictures
that carry neither type nor level into the table. The scores are real, in pyiqa's tables; the pictures are not the ones
that were judged: TID's strengths are unpublished. They are laid on TID's as in `judge_tid2013`: the suite's strengths,
but JPEG 2000 at the ratio that gives the photo the level's PSNR (33 to 21 dB by 3). TID2008 has four levels, taken as
the last four. TID's photos were judged one at a time, so scores have no level across photos: beside the order of all
pictures together, that inside each photo is printed, averaged.

Printed: Spearman's correlation of `any`, PSNR, SSIM (scikit-image's, Gaussian window, grey) and GMSD with the scores.
It reports; nothing was chosen by it.
"""

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.judge_tid2013 import PSNR_OF_LEVELS, cut
from glint_data.progress import track

TYPES = {1: "noise", 8: "blur", 10: "JPEG", 11: "JPEG 2000"}
BY_PSNR = 11
MEASURES = ("any", "PSNR", "SSIM", "GMSD")


def main(arguments: list[str]) -> None:
    """Render, import, label, compare."""
    kodak, *rest = map(Path, arguments)
    tables = [file for file in rest if file.suffix == ".csv"]
    folders = [file for file in rest if file.suffix != ".csv"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = folders[0] if folders else Path(temporary)
        found = labelled(kodak, folder)
    for table in tables:
        print_table(table.stem, found, scores_of(table))


def labelled(kodak: Path, folder: Path) -> dict[tuple[int, int, int], dict[str, float]]:
    """What each measure says of each (photo, type, level); more is better."""
    import distortions
    import glint_data as glint
    from glint_data import images

    suite, found = distortions.suite("tid2013"), {}
    (folder / "pairs").mkdir(parents=True, exist_ok=True)
    lines = [("distorted", "reference")]
    for number in track(range(1, 25), 24, "photos rendered"):
        pixels = cut(images.read_rgb(kodak / f"{number}.png"))
        images.write_png(folder / f"pairs/photo{number:02d}.png", pixels)
        photo = distortions.Photo(pixels)
        for type_number in TYPES:
            for level in range(1, 6):
                if type_number == BY_PSNR:
                    sample = at_psnr(pixels, PSNR_OF_LEVELS[level - 1])
                else:
                    sample = suite.render(photo, type_number, level, seed=number).pixels
                name = f"pairs/s{number:02d}_{type_number:02d}_{level}.png"
                images.write_png(folder / name, sample)
                lines.append((name, f"pairs/photo{number:02d}.png"))
                found[number, type_number, level] = plain_metrics(pixels, sample)
    with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    dataset = glint.import_table(folder / "pairs.csv", folder / "dataset", workers=1)
    glint.label(dataset, workers=1)
    print(dataset.text() or glint.open(folder / "dataset").text())
    table = glint.open(folder / "dataset").table(["path", "mos", "label_method"])
    for path, mos in zip(table["path"], table["mos"], strict=True):
        number, type_number, level = Path(path).stem.removeprefix("s").split("_")[:3]
        found[int(number), int(type_number), int(level)]["any"] = float(mos)
    print(f"labelled by {', '.join(sorted(set(table['label_method'])))}")
    return found


def at_psnr(photo: np.ndarray, wanted: float) -> np.ndarray:
    """The photo through JPEG 2000 at the ratio whose PSNR comes nearest, found by halving, in logarithms."""
    import distortions

    low, high = np.log(4.0), np.log(2000.0)
    best, sample = np.inf, photo
    for _ in range(8):
        middle = (low + high) / 2
        tried = distortions.apply(photo, "jpeg2000", strength=float(np.exp(middle)), seed=0)
        error = float(((photo.astype(np.float64) - tried) ** 2).mean())
        psnr = 10 * np.log10(255**2 / max(error, 1e-3))
        if abs(psnr - wanted) < best:
            best, sample = abs(psnr - wanted), tried
        low, high = (middle, high) if psnr > wanted else (low, middle)
    return sample


def plain_metrics(photo: np.ndarray, sample: np.ndarray) -> dict[str, float]:
    """PSNR, SSIM and (one minus) GMSD of the grey pictures."""
    import cv2
    from skimage.metrics import structural_similarity

    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (photo, sample)]
    similar = structural_similarity(
        *grey, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    error = float(((grey[0] - grey[1]) ** 2).mean())
    return {"PSNR": -np.log10(error + 1e-6), "SSIM": float(similar), "GMSD": -gmsd(*grey)}


def gmsd(first: np.ndarray, second: np.ndarray) -> float:
    """Gradient magnitude similarity deviation (Xue 2014): at half resolution, Prewitt gradients, constant 170."""
    import cv2

    kernel = np.array([[1, 0, -1]] * 3) / 3
    magnitudes = []
    for image in (first, second):
        half = cv2.blur(image, (2, 2))[::2, ::2]
        across, down = (cv2.filter2D(half, cv2.CV_64F, each) for each in (kernel, kernel.T))
        magnitudes.append(np.sqrt(across**2 + down**2))
    a, b = magnitudes
    return float(((2 * a * b + 170) / (a**2 + b**2 + 170)).std())


def scores_of(table: Path) -> dict[tuple[int, int, int], float]:
    """The mean opinion score of each (photo, type, level), of our five levels."""
    import pandas as pd

    rows = pd.read_csv(table)
    key = rows["dist_name"].str.lower().str.extract(r"^i(\d\d)_(\d\d)_(\d)\.bmp$").astype(int)
    shift = 5 - int(key[2].max())
    keys = zip(key[0].tolist(), key[1].tolist(), (key[2] + shift).tolist(), strict=True)
    return dict(zip(keys, rows["mos"].tolist(), strict=True))


def print_table(
    title: str,
    found: dict[tuple[int, int, int], dict[str, float]],
    scores: dict[tuple[int, int, int], float],
) -> None:
    """Spearman's correlation by type, over all, and inside each photo."""
    keys = [key for key in found if key in scores]
    print(f"{title}: {len(keys)} pictures".ljust(48) + "".join(f"{name:>9}" for name in MEASURES))
    rows = {
        name: [key for key in keys if type_numbers is None or key[1] == type_numbers]
        for name, type_numbers in [
            *((name, type_number) for type_number, name in TYPES.items()),
            ("all", None),
        ]
    }
    for name, own in rows.items():
        print(f"  {name:<46}" + "".join(f"{order(own, found, scores, each):9.3f}" for each in MEASURES))
    photos = sorted({key[0] for key in keys})
    line = ""
    for each in MEASURES:
        inside = [order([key for key in keys if key[0] == photo], found, scores, each) for photo in photos]
        line += f"{np.mean(inside):9.3f}"
    print(f"  {'inside each photo, averaged':<46}{line}", flush=True)


def order(
    keys: list[tuple[int, int, int]],
    found: dict[tuple[int, int, int], dict[str, float]],
    scores: dict[tuple[int, int, int], float],
    measure: str,
) -> float:
    """Spearman's correlation over these pictures."""
    from scipy import stats

    said, truth = [found[key][measure] for key in keys], [scores[key] for key in keys]
    return float(stats.spearmanr(said, truth).statistic)


if __name__ == "__main__":
    main(sys.argv[1:])
