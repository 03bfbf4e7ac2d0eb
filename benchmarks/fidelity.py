"""KADID-10k's cells held against the original generator's outputs and the real KADID-10k images.

    python -m benchmarks.fidelity [--shared FOLDER] [--types 1,6-9] [--markdown]

Deterministic cells, and random ones fed with the parameters that the original drew, are compared value by value;
noise cells by statistics against the original's run and its repeat. The exit code is 1 where a cell fails.
Without the folder of whole outputs and real images, the crops in tests/golden are the witness.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# run as a file, this folder comes first and its distortions.py would be taken for the package
if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import cv2
import numpy as np

import distortions
from benchmarks import plain_recipe
from benchmarks.golden import Corners, Crops, Golden, corner_hash, load
from benchmarks.noise_statistics import image_statistics, laplacian, residue_statistics, spreads_off
from distortions.color import hsv_parts, saturate
from distortions.photo import closing

SUITE = distortions.suite("kadid10k")
NOISE = (11, 12, 13, 14, 19)
DENOISED = 15
JPEG2000 = 9
DRAWN_NAMES = {
    "shift_rows_cols": "shift",
    "patches_src_row_col_dst_row_col_0based": "patches",
    "blocks_rgb_row_col_0based": "blocks",
}
LEAST_PSNR, LEAST_EQUAL, MOST_OFF = 70.0, 99.9, 1
LEAST_PSNR_OTHER_CODEC = 42.0  # the real images were written by another JPEG 2000 codec
SEEDS = 16  # our runs of each noise cell
MOST_SPREADS = 5.0  # of some 60 statistics a cell, none may lie farther off, in standard deviations


@dataclass
class Row:
    """One cell against one witness: "original" (its outputs), "KADID" (the published images), or "0..229": the
    recipe in plain doubles, on a photo of that range."""

    kind: int
    level: int
    witness: str
    images: int
    psnr: float
    equal: float
    off: int
    verdict: str
    note: str = ""


def compare(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, int]:
    """(PSNR in dB, infinite where equal; share of equal values in %; largest difference in grey levels)."""
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    square = float((difference**2).mean())
    psnr = np.inf if square == 0 else 10 * np.log10(255**2 / square)
    return psnr, 100 * float((difference == 0).mean()), int(difference.max())


def verdict(psnr: float, equal: float, off: int) -> str:
    if off == 0:
        return "equal"
    return "meets" if psnr >= LEAST_PSNR and equal >= LEAST_EQUAL and off <= MOST_OFF else "FAILS"


def worst(results: list[tuple[float, float, int]]) -> tuple[float, float, int]:
    return min(r[0] for r in results), min(r[1] for r in results), max(r[2] for r in results)


def octave_order(photo: distortions.Photo, type_number: int, strength: float) -> np.ndarray | None:
    """Types 7 and 25 in the order of operations that GNU Octave's functions take, where halves fall otherwise."""
    view = photo.stretched
    if type_number == 7:
        return closing(saturate(hsv_parts(view, octave=True), strength), True, False)
    if type_number == 25:
        slope = (0.218 + strength / 4) / 0.168
        cubic = view.pointwise(
            lambda v: np.clip(0.5 + slope * (v - 0.5) + 4 * (1 - slope) * (v - 0.5) ** 3, 0, 1)
        )
        return closing(cubic, True, False)
    return None


def drawn(golden: Golden, cell: str) -> dict | None:
    """What the original drew for a cell, under our names."""
    return {DRAWN_NAMES.get(key, key): value for key, value in golden.drawn.get(cell, {}).items()} or None


def against_original(golden: Golden, type_numbers: list[int]) -> Iterator[Row]:
    """Every deterministic or drawn cell against the original's outputs, the worse of the photos."""
    photos = {name: distortions.Photo(pixels) for name, pixels in golden.photos.items()}
    for kind in type_numbers:
        if kind in (*NOISE, DENOISED):
            continue
        for level, strength in enumerate(SUITE.types[kind].levels, start=1):
            results, ties, notes = [], [], []
            for name, photo in photos.items():
                cell = f"{name}_{kind:02d}_{level:02d}"
                theirs = golden.cell(cell)
                ours = SUITE.render(photo, kind, level, parameters=drawn(golden, cell)).pixels
                results.append(compare(theirs.part(ours), theirs.pixels))
                if theirs.corner is not None and corner_hash(ours) != theirs.corner:
                    notes.append("the corner of 256x192 was equal where this was recorded, and is not here")
                other = octave_order(photo, kind, strength)
                ties.append(other is not None and np.array_equal(theirs.part(other), theirs.pixels))
            row = Row(kind, level, "original", len(results), *worst(results), verdict(*worst(results)))
            if notes:
                row.verdict, row.note = "meets" if row.verdict == "equal" else row.verdict, notes[0]
            if row.verdict != "equal" and all(ties) and row.psnr >= LEAST_PSNR and row.off <= MOST_OFF:
                row.verdict, row.note = "halves", "equal in Octave's order of operations"
            yield row


def against_kadid(images: Path, type_numbers: list[int]) -> Iterator[Row]:
    """Every cell of which there are real KADID-10k images, the worst of them; noise cells are left out."""
    cells: dict[tuple[int, int], list[Path]] = {}
    for path in sorted(images.glob("I??_??_??.png")):
        _, type_number, level = path.stem.split("_")
        cells.setdefault((int(type_number), int(level)), []).append(path)
    for (type_number, level), paths in sorted(cells.items()):
        if type_number not in type_numbers or type_number in (*NOISE, DENOISED):
            continue
        results = []
        for path in paths:
            photo = distortions.Photo(load(images / f"{path.stem[:3]}.png"))
            results.append(compare(SUITE.render(photo, type_number, level).pixels, load(path)))
        row = Row(type_number, level, "KADID", len(results), *worst(results), verdict(*worst(results)))
        if type_number == JPEG2000 and row.verdict == "FAILS" and row.psnr >= LEAST_PSNR_OTHER_CODEC:
            row.verdict = "likeness"
            row.note = f"Kakadu's encoder; mean {np.mean([r[0] for r in results]):.1f} dB"
        yield row


def noise_cells(golden: Golden, type_numbers: list[int], only: str | None = None) -> Iterator[Row]:
    """The original's two runs among ours: the whole image's statistics, and those of the residue in the corner."""
    names = [only] if only else list(golden.photos)
    photos = {name: distortions.Photo(golden.photos[name]) for name in names}
    for type_number in (k for k in type_numbers if k in NOISE):
        for level in range(1, len(SUITE.types[type_number].levels) + 1):
            whole, corner, repeat = 0.0, 0.0, 0.0
            for name, photo in photos.items():
                cell = f"{name}_{type_number:02d}_{level:02d}"
                theirs = golden.cell(cell)
                clean = theirs.part(photo.stretched.bytes)
                runs = [SUITE.render(photo, type_number, level, seed=seed).pixels for seed in range(SEEDS)]
                ours = np.array([image_statistics(run) for run in runs])
                original, again = (flat(golden.statistics[cell + end]) for end in ("", "_repeat"))
                whole = max(whole, *(spreads_off(run, ours, 1e-4) for run in (original, again)))
                between = np.abs(original - again) / (ours.std(axis=0, ddof=1) * np.sqrt(2) + 1e-4)
                repeat = max(repeat, float(between.max()))
                residues = np.array([residue_statistics(theirs.part(run), clean) for run in runs])
                corner = max(corner, spreads_off(residue_statistics(theirs.pixels, clean), residues, 1e-4))
            fits = max(whole, corner) <= MOST_SPREADS
            note = f"off by at most {whole:.1f} SD (image), {corner:.1f} SD (residue); its repeat {repeat:.1f} SD"
            yield Row(
                type_number,
                level,
                "original",
                len(names),
                np.nan,
                np.nan,
                -1,
                "same" if fits else "FAILS",
                note,
            )


def against_plain_recipe(golden: Golden, type_numbers: list[int]) -> Iterator[Row]:
    """Cells of a photo of reduced range, of which there are no outputs, against `plain_recipe`."""
    pixels = plain_recipe.squeezed(golden.photos["astronaut"])
    photo = distortions.Photo(pixels)
    for type_number in (type_number for type_number in type_numbers if type_number in plain_recipe.TYPES):
        for level, strength in enumerate(SUITE.types[type_number].levels, start=1):
            result = compare(
                SUITE.render(photo, type_number, level).pixels,
                plain_recipe.render(pixels, type_number, strength),
            )
            yield Row(type_number, level, "0..229", 1, *result, verdict(*result))


def flat(entry: dict) -> np.ndarray:
    return np.array([*entry["mean"], *entry["std"], entry["zeros"], entry["full"], entry["laplacian"]])


def denoised_cells(golden: Corners, images: Path) -> Iterator[Row]:
    """Type 15, a likeness: distance to the photo and mean absolute Laplacian, theirs and ours."""
    photo = distortions.Photo(golden.photos["I01"])
    for level in range(1, 6):
        theirs = golden.cell(f"I01_15_{level:02d}").pixels
        rendering = SUITE.render(photo, DENOISED, level)
        cut = theirs.shape[:2]
        clean = photo.stretched.bytes[: cut[0], : cut[1]]
        ours = rendering.pixels[: cut[0], : cut[1]]
        sharpness = golden.statistics[f"I01_15_{level:02d}"]["laplacian"]
        note = (
            f"PSNR to the photo {compare(theirs, clean)[0]:.2f} dB, ours {compare(ours, clean)[0]:.2f}; "
            f"Laplacian {sharpness:.1f}, ours {laplacian(rendering.pixels):.1f}; {rendering.parameters['denoiser']}"
        )
        yield Row(DENOISED, level, "original", 1, *compare(ours, theirs), "likeness", note)
    real = images / "I01_15_05.png"
    if real.is_file():
        photo = distortions.Photo(load(images / "I01.png"))
        theirs, ours = load(real), SUITE.render(photo, DENOISED, 5).pixels
        clean = photo.stretched.bytes
        note = (
            f"PSNR to the photo {compare(theirs, clean)[0]:.2f} dB, ours {compare(ours, clean)[0]:.2f}; "
            f"Laplacian {laplacian(theirs):.1f}, ours {laplacian(ours):.1f}"
        )
        yield Row(DENOISED, 5, "KADID", 1, *compare(ours, theirs), "likeness", note)


def numbers(text: str) -> list[int]:
    """ "1,6-9" as a list."""
    spans = re.findall(r"(\d+)(?:-(\d+))?", text)
    return [n for first, last in spans for n in range(int(first), int(last or first) + 1)]


def show(rows: list[Row]) -> None:
    """Every row as a line of text."""
    line = "{:26} {:5} {:8} {:6} {:>7} {:>7} {:>6} {:8} {}"
    print(
        line.format("type", "level", "against", "images", "PSNR dB", "equal %", "off by", "verdict", "note")
    )
    for row in rows:
        measured = ("", "", "") if row.off < 0 else (f"{row.psnr:.1f}", f"{row.equal:.3f}", row.off)
        title = f"{row.kind} {SUITE.types[row.kind].name}"
        print(line.format(title, row.level, row.witness, row.images, *measured, row.verdict, row.note))


def summarise(rows: list[Row]) -> None:
    """A Markdown table: one line a type and witness, the worst of its levels; what differs, level by level."""
    print("| type | against | images | PSNR dB | equal % | off by | verdict |")
    print("|---|---|---|---|---|---|---|")
    for type_number, witness in dict.fromkeys((row.kind, row.witness) for row in rows):
        group = [row for row in rows if (row.kind, row.witness) == (type_number, witness)]
        count, least = sum(row.images for row in group), worst([(r.psnr, r.equal, r.off) for r in group])
        compared = witness == "KADID" or least[2] >= 0
        psnr = "equal" if least[0] == np.inf else f"{least[0]:.1f}"
        measured = (
            f"{psnr} | {least[1]:.3f} | {least[2]}" if compared and least[2] >= 0 else "by statistics | | "
        )
        said = dict.fromkeys(row.verdict for row in group)
        notes = [f"level {row.level}: {row.note}" for row in group if row.note and row.verdict != "same"]
        shown = ", ".join(said) + (f" ({'; '.join(notes)})" if notes else "")
        print(
            f"| {type_number} {SUITE.types[type_number].name} | {witness} | {count} | {measured} | {shown} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--types", default="1-25", help="such as 1,6-9")
    parser.add_argument("--markdown", action="store_true", help="as a table for the README")
    options = parser.parse_args()
    images = options.shared / "data" / "kadid10k" / "images"
    outputs = options.shared / "golden" / "distortions"
    golden: Golden = Corners(outputs) if outputs.is_dir() else Crops()
    cv2.setNumThreads(1)
    type_numbers = numbers(options.types)
    rows = [*against_original(golden, type_numbers), *noise_cells(golden, type_numbers)]
    rows += against_plain_recipe(golden, type_numbers)
    if images.is_dir():
        rows += against_kadid(images, type_numbers)
    if DENOISED in type_numbers and isinstance(golden, Corners):
        rows += denoised_cells(golden, images)
    if isinstance(golden, Crops):
        print(f"{golden.folder}: crops of one photo; no type {DENOISED}, no real images of KADID-10k\n")
    rows.sort(key=lambda row: (row.kind, row.witness != "original", row.level))
    summarise(rows) if options.markdown else show(rows)
    failed = [row for row in rows if row.verdict == "FAILS"]
    print(f"\n{len(rows)} rows, {len(failed)} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
