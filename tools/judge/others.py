"""Other laboratories' scores, used for no choice: TID2013's, on Kodak's photos rendered by the suite tid2013."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import glint_data as glint
from glint_data import images
from glint_data.progress import track
from glint_data.training.judge import metrics
from glint_data.training.judge.inference import score_image

PLAIN = {"white noise": 1, "blur": 8, "JPEG": 10, "JPEG 2000": 11}
"""TID2013's types whose strengths mean the same everywhere; those of the others are not published."""


def tid_photos(kodak: Path, out: Path) -> Path:
    """Kodak's photos as TID2013's first 24 references show them: 512x384."""
    folder = out / "tid_photos"
    if folder.is_dir():
        return folder
    building = out / "tid_photos.part"
    building.mkdir(parents=True, exist_ok=True)
    files = sorted(kodak.glob("*.png"), key=lambda file: int("".join(filter(str.isdigit, file.stem))))
    for number, file in enumerate(files, start=1):
        pixels = images.read_rgb(file)
        if pixels.shape[0] < pixels.shape[1]:
            wide = round(pixels.shape[1] * 384 / pixels.shape[0])
            pixels = cv2.resize(pixels, (wide, 384), interpolation=cv2.INTER_AREA)
            left = (wide - 512) // 2
            pixels = pixels[:, left : left + 512]
        else:
            top = (pixels.shape[0] - 384) // 2
            pixels = pixels[top : top + 384]
        images.write_png(building / f"i{number:02d}.png", np.ascontiguousarray(pixels))
    building.rename(folder)
    return folder


def tid_scores(file: Path) -> dict[tuple[int, int, int], float]:
    """(reference, type, level) -> mean opinion."""
    found = {}
    with file.open(newline="") as stream:
        for row in csv.DictReader(stream):
            names = [
                Path(value).stem.lower()
                for value in row.values()
                if str(value).lower().endswith((".bmp", ".png"))
            ]
            name = next(one for one in names if one.count("_") == 2)
            reference, kind, level = name.removeprefix("i").split("_")
            found[int(reference), int(kind), int(level)] = float(row.get("mos") or row["dmos"])
    return found


def examine(network: Any, kodak: Path, table: Path, out: Path, types: tuple[int, ...] = ()) -> dict[str, Any]:
    """SROCC with TID2013's raters, over all pictures of these types and by type; and of untouched photos."""
    photos = tid_photos(kodak, out)
    name = "_".join(map(str, types)) or "all"
    dataset = glint.synthesize(photos, out / f"tid_{name}", suite="tid2013", types=types, workers=1)
    given = tid_scores(table)
    rows = []
    for one in track(dataset.samples(), len(dataset), "TID2013's pictures scored"):
        key = int(str(one.source).lstrip("i")), one.type, one.level
        if key in given:
            rows.append((*key, score_image(network, one.pixels(), None, 12).value, given[key]))
    table_ = np.array(rows)
    untouched = [
        score_image(network, images.read_rgb(file), None, 12).value for file in sorted(photos.glob("*.png"))
    ]
    by_type = {
        int(kind): metrics.srocc(*table_[table_[:, 1] == kind][:, 3:].T) for kind in np.unique(table_[:, 1])
    }
    return {
        "pictures": len(rows),
        "srocc": metrics.srocc(table_[:, 3], table_[:, 4]),
        "srocc_by_type": by_type,
        "untouched_min": min(untouched),
        "untouched_mean": float(np.mean(untouched)),
        "falls": float(np.mean([_falls(table_, kind, photo) for kind in by_type for photo in range(1, 25)])),
    }


def _falls(table: np.ndarray, kind: int, photo: int) -> bool:
    """Whether a photo's scores fall from level to level."""
    rows = table[(table[:, 1] == kind) & (table[:, 0] == photo)]
    return bool((np.diff(rows[np.argsort(rows[:, 2]), 3]) < 0).all())
