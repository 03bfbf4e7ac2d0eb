"""The judge on other laboratories' pictures, used for no choice, beside a published metric and a full-reference one.

    pip install --no-deps pypiqe    # PIQE (Venkatanath et al. 2015): no reference, no training, no weights
    python -m benchmarks.judge_others --data DATA --out FOLDER [--run RUN] [--all-types]

TID2013: Kodak's photos, as its first 24 references show them, through the suite tid2013 (its types 1, 8, 10 and 11,
white noise, blur, JPEG and JPEG 2000, whose levels mean the same everywhere; `--all-types` takes all of them,
though TID2013's own strengths are unpublished). BIQ2021: a sample of its photos as cameras and people made them,
judged only. Beside it GMSD of the same pairs, and PIQE where it is installed.
"""

import argparse
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import glint_data as glint
from glint_data import images
from glint_data.progress import say, track
from glint_data.training.judge import metrics
from glint_data.training.judge.yardsticks import gmsd

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
            reference, type_number, level = name.removeprefix("i").split("_")
            found[int(reference), int(type_number), int(level)] = float(row.get("mos") or row["dmos"])
    return found


def piqe_or_none() -> Callable[[np.ndarray], float] | None:
    """PIQE, higher is better, where its package is installed."""
    try:
        from pypiqe import piqe
    except ImportError:
        say("PIQE is not beside it: pip install --no-deps pypiqe")
        return None
    return lambda pixels: -float(piqe(np.ascontiguousarray(pixels))[0])


def tid(judge: Callable[[Any], float], data: Path, out: Path, types: tuple[int, ...]) -> dict[str, Any]:
    """SROCC with TID2013's raters, over all pictures of these types and by type; and of untouched photos."""
    photos = tid_photos(data / "pristine" / "kodak", out)
    place = out / f"tid_{'_'.join(map(str, types)) or 'all'}"
    dataset = glint.synthesize(photos, place, suite="tid2013", types=types, workers=1)
    given = tid_scores(data / "scores" / "meta_info_TID2013Dataset.csv")
    piqe, file = piqe_or_none(), out / f"{place.name}_beside.json"
    kept: dict[str, list[float]] = json.loads(file.read_text()) if file.is_file() else {}
    found: dict[str, list[float]] = {"judge": [], "GMSD": [], **({"PIQE": []} if piqe else {})}
    keys = []
    for one in track(dataset.samples(), len(dataset), "TID2013's pictures"):
        key = int(str(one.source).removeprefix("i")), int(one.type or 0), int(one.level or 0)
        if key not in given:
            continue
        pixels = one.pixels()
        keys.append(key)
        found["judge"].append(judge(pixels))
        if one.id not in kept or (piqe and len(kept[one.id]) < 2):
            planes = [
                cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float64) for each in (pixels, one.pristine())
            ]
            kept[one.id] = [-gmsd(*planes), *([piqe(pixels)] if piqe else [])]
        found["GMSD"].append(kept[one.id][0])
        if piqe:
            found["PIQE"].append(kept[one.id][1])
    file.write_text(json.dumps(kept))
    truth = np.array([given[key] for key in keys])
    of = np.array(keys)
    untouched = [judge(images.read_rgb(file)) for file in sorted(photos.glob("*.png"))]
    judged = np.array(found["judge"])
    return {
        "pictures": len(keys),
        "srocc": {name: metrics.srocc(np.array(values), truth) for name, values in found.items()},
        "by_type": {
            int(type_number): {
                name: metrics.srocc(np.array(values)[of[:, 1] == type_number], truth[of[:, 1] == type_number])
                for name, values in found.items()
            }
            for type_number in np.unique(of[:, 1])
        },
        "untouched": {"least": min(untouched), "mean": float(np.mean(untouched))},
        "series_that_fall": {
            int(type_number): int(sum(_falls(of, judged, type_number, photo) for photo in range(1, 25)))
            for type_number in np.unique(of[:, 1])
        },
    }


def _falls(keys: np.ndarray, judged: np.ndarray, type_number: int, photo: int) -> bool:
    """Whether a photo's scores fall from level to level."""
    rows = np.flatnonzero((keys[:, 1] == type_number) & (keys[:, 0] == photo))
    return bool((np.diff(judged[rows[np.argsort(keys[rows, 2])]]) < 0).all())


def biq(judge: Callable[[Any], float], data: Path, most: int = 400) -> dict[str, Any]:
    """SROCC on BIQ2021's own validation part."""
    folder = data / "biq2021"
    with (folder / "mos.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("split") == "val"][:most]
    files = {file.name: file for file in folder.rglob("*") if file.is_file()}
    name = next(key for key in rows[0] if rows[0][key] in files)
    score = next(key for key in rows[0] if key.lower().startswith("mos"))
    said = [judge(files[row[name]]) for row in track(rows, len(rows), "BIQ2021's photos")]
    return {
        "pictures": len(rows),
        "srocc": metrics.srocc(np.array(said), np.array([float(row[score]) for row in rows])),
    }


def main() -> None:
    """Score, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="without it, the judge that ships")
    parser.add_argument("--all-types", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    judge = glint.scorer(arguments.run)
    found = {
        "TID2013": tid(
            judge, arguments.data, arguments.out, () if arguments.all_types else tuple(PLAIN.values())
        )
    }
    if not arguments.all_types:
        found["BIQ2021"] = biq(judge, arguments.data)
    print(json.dumps(found, indent=1))
    (arguments.out / "others.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
