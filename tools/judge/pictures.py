"""The pictures the judge learns from: windows of photos, whole photos made small, and KADID-10k's references.

All go through the suite kadid10k, some windows through modern too.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import glint_data as glint
from glint_data import images
from glint_data.progress import say, track

WINDOW = 256
DENOISE = 15
"""KADID-10k's type 15 costs as much to render as forty others: only some windows have it."""
DENOISED_WINDOWS = 40
MODERN_WINDOWS = 60
MODERN = (1, 2, 5, 6, 7, 8, 9, 10, 11)
"""Types of the suite modern; JPEG XL and HEIC need codecs that not every machine has."""
SMALL_LEVELS = (1, 3, 5)


def windows(data: Path, out: Path) -> Path:
    """Windows of 256x256: two opposite corners of CID22's photos, the middle of CBSD68's. Never Kodak's."""
    return _written(out / "windows", _windows(data))


def small(data: Path, out: Path) -> Path:
    """The same photos whole, their shorter side 256 pixels: another scale of the same content."""
    return _written(out / "small", _small(data))


def _windows(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    for number, (name, pixels) in enumerate(_photos(data)):
        below, right = (side - WINDOW for side in pixels.shape[:2])
        if name.startswith("cbsd"):
            corners = {name: (below // 2, right // 2)}
        else:
            places = ((0, 0), (below, right)) if number % 2 else ((0, right), (below, 0))
            corners = {f"{name}_{index}": place for index, place in enumerate(places)}
        for window, (row, column) in corners.items():
            yield window, pixels[row : row + WINDOW, column : column + WINDOW]


def _small(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    for name, pixels in _photos(data):
        height, width = pixels.shape[:2]
        scale = WINDOW / min(height, width)
        size = (round(width * scale), round(height * scale))
        yield (
            f"{name}_s" if name.startswith("cid") else name,
            cv2.resize(pixels, size, interpolation=cv2.INTER_AREA),
        )


def _photos(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    for folder, prefix in (("cid22", "cid"), ("cbsd68", "cbsd")):
        for file in sorted((data / "pristine" / folder).glob("*.png")):
            yield f"{prefix}_{file.stem}", images.read_rgb(file)


def _written(folder: Path, pictures: Iterator[tuple[str, np.ndarray]]) -> Path:
    """The folder with these pictures, complete or not there."""
    if not folder.is_dir():
        building = folder.with_name(f"{folder.name}.part")
        building.mkdir(parents=True, exist_ok=True)
        for name, pixels in pictures:
            images.write_png(building / f"{name}.png", np.ascontiguousarray(pixels))
        building.rename(folder)
    return folder


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


def rendered_further(data: Path, out: Path, workers: int) -> None:
    """Small photos through kadid10k (levels 1, 3 and 5), and some windows through modern."""
    types = [number for number in range(1, 26) if number != DENOISE]
    glint.synthesize(
        small(data, out), out / "smallset", types=types, levels=SMALL_LEVELS, workers=workers, progress=True
    )
    files = sorted(windows(data, out).glob("*.png"))
    chosen = [files[at] for at in sorted(np.random.default_rng(1).permutation(len(files))[:MODERN_WINDOWS])]
    glint.synthesize(chosen, out / "modernset", suite="modern", types=MODERN, workers=workers, progress=True)


def rendered_kadid(data: Path, out: Path, workers: int) -> Path:
    """KADID-10k's references (80 of 81 are at hand) through its own suite."""
    files = [data / "kadid10k" / "images" / f"I{number:02d}.png" for number in range(1, 82)]
    glint.synthesize(
        [file for file in files if file.is_file()], out / "kadid", workers=workers, progress=True
    )
    return out / "kadid"


def labelled(out: Path, workers: int) -> None:
    """Labels as `glint-data label` gives them: those of the first windows by `pair`, then the default."""
    for name, method in (("tileset15", "pair"), ("tileset", "pair"), ("smallset", None), ("modernset", None)):
        dataset = glint.open(out / name)
        if not any(one.label for one in dataset.samples(level=1)):
            glint.label(dataset, reference="kadid", method=method, workers=workers, progress=True)


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
