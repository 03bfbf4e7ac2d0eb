"""What KADID-10k's original generator made: whole corners where they lie beside the checkout, crops that are carried.

    python -m benchmarks.golden ../shared/golden/distortions     # makes tests/golden/distortions from them

The carried store is of the public photo that scikit-image brings: of every cell a crop of 96x64 pixels (of noise
128x96) and, where our rendering was equal to it, the hash of the whole corner of 256x192 that was at hand.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

CARRIED = Path(__file__).resolve().parents[1] / "tests" / "golden" / "distortions"
CROP = (64, 96)
NOISE_CROP, NOISE_AT = (96, 128), (64, 80)  # statistics need more pixels, and no large even field
CORNER = (192, 256)
PHOTO = "astronaut"


@dataclass(frozen=True)
class Cell:
    """What the original made: `pixels` of the part of its output that begins at `at`; `corner`: SHA-256, if equal."""

    pixels: np.ndarray
    at: tuple[int, int] = (0, 0)
    corner: str | None = None

    def part(self, image: np.ndarray) -> np.ndarray:
        """The same part of another image."""
        (top, left), (height, width) = self.at, self.pixels.shape[:2]
        return image[top : top + height, left : left + width]


class Corners:
    """The outputs as they were made: the top left corner of 256x192 of each, for two photos."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drawn = json.loads((folder / "drawn_parameters.json").read_text())
        self.statistics = json.loads((folder / "statistics.json").read_text())
        self.photos = {name: load(folder / "input" / f"{name}.png") for name in ("I01", PHOTO)}

    def cell(self, name: str) -> Cell:
        """The cell of `PHOTO_TT_LL`."""
        return Cell(load(self.folder / "output" / f"{name}.png"))


class Crops:
    """The store that is carried: one photo."""

    def __init__(self, folder: Path = CARRIED) -> None:
        self.folder = folder
        about = json.loads((folder / "cells.json").read_text())
        self.drawn, self.statistics, self._cells = about["drawn"], about["statistics"], about["cells"]
        photo = public_photo()
        if corner_hash(photo) != about["photo"]:
            raise SystemExit(
                "scikit-image's astronaut is another picture here than the one that was distorted"
            )
        self.photos = {PHOTO: photo}

    def cell(self, name: str) -> Cell:
        """The cell of `PHOTO_TT_LL`."""
        about = self._cells[name]
        return Cell(load(self.folder / f"{name}.webp"), tuple(about["at"]), about.get("sha256"))


Golden = Corners | Crops


def public_photo() -> np.ndarray:
    """The photo that was distorted: scikit-image's astronaut, 512x384 from its 65th row on."""
    import skimage.data

    return np.ascontiguousarray(skimage.data.astronaut()[64:448, :512])


def load(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def corner_hash(pixels: np.ndarray) -> str:
    """SHA-256 of the top left corner's RGB bytes."""
    return hashlib.sha256(np.ascontiguousarray(pixels[: CORNER[0], : CORNER[1]]).tobytes()).hexdigest()


def carry(corners: Corners, target: Path = CARRIED) -> None:
    """Write the carried store. The crop is taken where our rendering differs most; where it is equal, at a place of
    the face and, every other level, at the picture's corner, so that borders are seen too.
    """
    from benchmarks import fidelity

    target.mkdir(parents=True, exist_ok=True)
    photo = fidelity.distortions.Photo(corners.photos[PHOTO])
    cells: dict[str, dict] = {}
    for type_number in (
        type_number for type_number in fidelity.SUITE.types if type_number != fidelity.DENOISED
    ):
        for level in range(1, 6):
            name = f"{PHOTO}_{type_number:02d}_{level:02d}"
            theirs = corners.cell(name).pixels
            at = (0, 0) if level % 2 else (CORNER[0] - CROP[0], CORNER[1] - CROP[1])
            size, about = CROP, {}
            if type_number in fidelity.NOISE:
                size, at = NOISE_CROP, NOISE_AT
            else:
                ours = fidelity.SUITE.render(
                    photo, type_number, level, parameters=fidelity.drawn(corners, name)
                ).pixels
                difference = np.abs(ours[: CORNER[0], : CORNER[1]].astype(int) - theirs).sum(axis=2)
                if difference.any():
                    at = where_most(difference)
                else:
                    about["sha256"] = corner_hash(theirs)
            cells[name] = about | {"at": list(at)}
            crop = Image.fromarray(np.ascontiguousarray(Cell(np.empty((*size, 3)), at).part(theirs)))
            out = io.BytesIO()
            crop.save(out, "WEBP", lossless=True, quality=100, method=6)
            (target / f"{name}.webp").write_bytes(out.getvalue())
    about = {
        "photo": corner_hash(corners.photos[PHOTO]),
        "cells": cells,
        "drawn": {name: drawn for name, drawn in corners.drawn.items() if name.startswith(PHOTO)},
        "statistics": {name: each for name, each in corners.statistics.items() if name.startswith(PHOTO)},
    }
    (target / "cells.json").write_text(json.dumps(about, separators=(",", ":")) + "\n")


def where_most(difference: np.ndarray) -> tuple[int, int]:
    """The crop's place, in steps of 16 pixels, that holds most of a difference."""
    places = [
        (top, left)
        for top in range(0, CORNER[0] - CROP[0] + 1, 16)
        for left in range(0, CORNER[1] - CROP[1] + 1, 16)
    ]
    return max(places, key=lambda at: Cell(np.empty((*CROP, 3)), at).part(difference).sum())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corners", type=Path)
    carry(Corners(parser.parse_args().corners))
