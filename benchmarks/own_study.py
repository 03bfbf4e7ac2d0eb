"""A study of one's own as the reference set: made from KADID-10k's scores under another name and scale, end to end.

    python -m benchmarks.own_study KADID_FOLDER [FOLDER] [STEP]

KADID_FOLDER holds KADID-10k's pristine images. Every STEP-th of them (8) up to ten is a photo of the study; its
cells (three levels of every type but denoising) are rendered, saved, and scored as KADID-10k's raters did, on 0 to 100
of impairment. `import table` reads them. Two other photos are rendered by the suite and labelled with the study as the
reference set; and with one of 12 photos x 15 pairs that names neither type nor level. Printed: Spearman's
correlation of the labels with KADID-10k's scores of these photos.
"""

import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import distortions
import glint_data as glint
from glint_data import images
from glint_data.reference_sets import references

LEVELS = (1, 3, 5)
TYPES = [number for number in range(1, 26) if number != 15]
FEW = [(1, 2), (1, 4), (9, 3), (9, 5), (10, 2), (10, 4), (11, 1), (11, 5), (13, 3), (16, 4), (17, 5), (19, 3)]
FEW += [(22, 4), (24, 3), (7, 3)]


def main(arguments: list[str]) -> None:
    """Make the studies, label, compare."""
    kadid = Path(arguments[0])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments[1] if len(arguments) > 1 else temporary)
        step = int(arguments[2]) if len(arguments) > 2 else 8
        pristine = references.find_pristine(references.description_of("kadid"), kadid)
        names = sorted(pristine)
        cells = [(number, level) for number in TYPES for level in LEVELS]
        new = [pristine[name] for name in names[3::step][:2]]
        study = made(folder / "study", [pristine[name] for name in names[::step][:10]], cells, typed=True)
        print(glint.references(str(study)).text())
        few = made(folder / "few", [pristine[name] for name in names[1::6][:12]], FEW, typed=False)
        print(glint.references(str(few)).text())
        for title, own in (("10 photos with types and levels", study), ("12 photos x 15 pairs", few)):
            dataset = glint.synthesize(
                new, folder / f"new_{own.name}", types=TYPES, levels=LEVELS, workers=1, virtual=True
            )
            dataset = glint.label(dataset, reference=str(own), workers=1)
            print(dataset.text())
            print(f"{title}: {compared(dataset)}", flush=True)
        print(glint.audit(str(study), method=["mean", "content", "deep"], workers=1).text())


def made(folder: Path, photos: list[Path], cells: list[tuple[int, int]], typed: bool) -> Path:
    """A rated dataset, by way of a table of pictures on 0 to 100, lower is better."""
    folder.mkdir(parents=True)
    suite, scores = distortions.suite("kadid10k"), scores_of()
    lines: list[dict[str, Any]] = []
    for file in photos:
        pixels = images.read_rgb(file)
        images.write_png(folder / f"{file.stem}.png", pixels)
        photo = distortions.Photo(pixels)
        for number, level in cells:
            name = f"{file.stem}_{number:02d}_{level}.png"
            images.write_png(folder / name, suite.render(photo, number, level, seed=3).pixels)
            line = {"distorted": name, "reference": f"{file.stem}.png"}
            line["mos"] = f"{100 * (1 - scores[file.stem, number, level]):.2f}"
            lines.append(line | ({"type": number, "level": level} if typed else {}))
    with (folder / "ours.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    place = folder.parent / f"{folder.name}_dataset"
    glint.import_table(folder / "ours.csv", place, range=(0, 100), lower_is_better=True, workers=1)
    return place


def scores_of() -> dict[tuple[str, int, int], float]:
    """KADID-10k's score of each (reference, type, level), on 0 to 1."""
    table = references.bundled_scores(references.description_of("kadid"))
    keys = zip(table["reference"], table["type"].astype(int), table["level"].astype(int), strict=True)
    return dict(zip(keys, ((table["score"] - 1) / 4).tolist(), strict=True))


def compared(dataset: glint.Dataset) -> str:
    """Every sample labelled? In KADID-10k's order?"""
    from scipy import stats

    scores = scores_of()
    rows = dataset.table(["source", "type", "level", "mos", "mos_low", "mos_high"])
    truth = np.array([scores[key] for key in zip(rows["source"], rows["type"], rows["level"], strict=True)])
    inside = (rows["mos_low"] <= truth) & (truth <= rows["mos_high"])
    order = stats.spearmanr(rows["mos"], truth).statistic
    return (
        f"{rows['mos'].notna().sum()} of {len(rows)} labelled, SROCC {order:.3f}, covered {inside.mean():.1%}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
