"""The pictures the judge learns from: windows of photos, and KADID-10k's references, through the suite kadid10k."""

from pathlib import Path

import numpy as np

import glint_data as glint
from glint_data import images
from glint_data.progress import say, track

WINDOW = 256
DENOISE = 15
"""KADID-10k's type 15 costs as much to render as forty others: only some windows have it."""
DENOISED_WINDOWS = 40


def windows(data: Path, out: Path) -> Path:
    """Windows of 256x256: two opposite corners of CID22's photos, the middle of CBSD68's. Never Kodak's."""
    folder = out / "windows"
    if folder.is_dir():
        return folder
    building = out / "windows.part"
    building.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(sorted((data / "pristine" / "cid22").glob("*.png"))):
        pixels = images.read_rgb(file)
        below, right = (side - WINDOW for side in pixels.shape[:2])
        corners = ((0, 0), (below, right)) if number % 2 else ((0, right), (below, 0))
        for index, (row, column) in enumerate(corners):
            _write(building / f"cid_{file.stem}_{index}.png", pixels, row, column)
    for file in sorted((data / "pristine" / "cbsd68").glob("*.png")):
        pixels = images.read_rgb(file)
        row, column = ((side - WINDOW) // 2 for side in pixels.shape[:2])
        _write(building / f"cbsd_{file.stem}.png", pixels, row, column)
    building.rename(folder)
    return folder


def _write(file: Path, pixels: np.ndarray, row: int, column: int) -> None:
    images.write_png(file, np.ascontiguousarray(pixels[row : row + WINDOW, column : column + WINDOW]))


def rendered_windows(data: Path, out: Path, workers: int) -> list[Path]:
    """Two datasets: the windows through all types but 15, and some of them through type 15."""
    folder = windows(data, out)
    files = sorted(folder.glob("*.png"))
    few = np.random.default_rng(0).permutation(len(files))[:DENOISED_WINDOWS]
    others = [number for number in range(1, 26) if number != DENOISE]
    glint.synthesize(folder, out / "tileset", types=others, workers=workers, progress=True)
    chosen = [files[index] for index in sorted(few)]
    glint.synthesize(chosen, out / "tileset15", types=[DENOISE], workers=workers, progress=True)
    return [out / "tileset", out / "tileset15"]


def rendered_kadid(data: Path, out: Path, workers: int) -> Path:
    """KADID-10k's references (80 of 81 are at hand) through its own suite."""
    files = [data / "kadid10k" / "images" / f"I{number:02d}.png" for number in range(1, 82)]
    glint.synthesize(
        [file for file in files if file.is_file()], out / "kadid", workers=workers, progress=True
    )
    return out / "kadid"


def labelled(out: Path, workers: int) -> None:
    """Labels of the windows, as `glint-data label` gives them."""
    for name in ("tileset15", "tileset"):
        dataset = glint.open(out / name)
        if not any(one.label for one in dataset.samples(level=1)):
            glint.label(dataset, reference="kadid", method="pair", workers=workers, progress=True)


def measured(datasets: list[Path], out: Path) -> dict[str, np.ndarray]:
    """Full-reference measurements of every sample and every untouched photo: no human score is in them.

    Keys: path, photo, type (0: untouched), level (0: untouched), measures (n, 62).
    """
    from glint_data.labels.evidence.picture import MeasuredPicture
    from glint_data.labels.evidence.plain import COLUMNS
    from glint_data.labels.evidence.plain import compare as compared

    file = out / "measured.npz"
    if file.is_file():
        return dict(np.load(file, allow_pickle=False))
    rows: list[tuple[str, str, int, int, list[float]]] = []
    for place in datasets:
        dataset = glint.open(place)
        seen, photo = "", None
        for sample in track(dataset.samples(), len(dataset), "samples measured"):
            if sample.source != seen:
                seen, photo = sample.source, MeasuredPicture(sample.pristine())
                path = str(dataset.folder / str(sample.reference_path))
                rows.append((path, seen, 0, 0, compared(photo, photo)))
            path = str(dataset.folder / str(sample.path))
            rows.append(
                (path, seen, sample.type, sample.level, compared(photo, MeasuredPicture(sample.pixels())))
            )
    columns = list(zip(*rows, strict=True))
    found = {
        "path": np.array(columns[0]),
        "photo": np.array(columns[1]),
        "type": np.array(columns[2], np.int64),
        "level": np.array(columns[3], np.int64),
        "measures": np.array(columns[4], np.float32),
    }
    assert found["measures"].shape[1] == len(COLUMNS)
    np.savez(file, **found)
    say(f"{len(rows):,} pictures measured: {file}")
    return found
