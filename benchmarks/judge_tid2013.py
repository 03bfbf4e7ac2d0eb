"""Labels judged outside KADID-10k: do they order the photos inside a cell as TID2013's raters did?

    pip install piq
    python -m benchmarks.judge_tid2013 KODAK_FOLDER TID2013.csv

TID2013's first 24 references are Kodak's photos. They are cut to 512x384 (landscape: scaled to 384 rows, the middle
512 columns; portrait: the middle 384 rows) and rendered through the suite tid2013; TID2013's mean opinion scores are
real, the strengths of the suite are not published. So each type is laid on TID2013 in the way in which plain metrics
agree with its raters better: "strength", every photo with the strength of the suite's level, or "PSNR", every photo
at the level's published PSNR (33 to 21 dB; what is measured between the suite's levels is interpolated). That choice
favours the plain metrics. A cell is then laid on KADID-10k's type at the level, or between the two, where the
same photos have the same mean PSNR; cells beyond KADID-10k's levels by more than 3 dB are left out.

TID2013's raters compared images of one photo only: its scores have no level across photos. So "order inside a cell"
means relative to the photo's other distortions: each photo's mean over the cells is taken out of scores, labels and
metrics (each in units of its spread in the cell) before they are compared.

Printed: Spearman's correlation with the raters inside each cell, averaged by type; and the difference to each plain
metric with a 90 % interval from resampling the photos. It reports; it never chooses: methods are chosen by the nested
audit on KADID-10k alone.
"""

import itertools
import sys
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.tid2013 import Cell, read_scores, within
from glint_data import work
from glint_data.progress import track

# TID2013's type: (KADID-10k's type, how the strengths were laid on TID2013's)
PAIRS = {
    1: (11, "strength"),
    2: (12, "strength"),
    6: (13, "strength"),
    7: (22, "strength"),
    8: (1, "strength"),
    9: (15, "strength"),
    10: (10, "strength"),
    11: (9, "PSNR"),
    14: (20, "strength"),
    15: (23, "strength"),
    18: (7, "PSNR"),
    19: (14, "strength"),
    22: (6, "PSNR"),
}
PSNR_OF_LEVELS = (33.0, 30.0, 27.0, 24.0, 21.0)
WITHIN_DB = 3.0
FEWEST_PHOTOS = 16
LABELS = ("deep", "pair", "content")
MEASURED = ("pairs/plain-1", "pairs/network-1", "pairs/early-1")
RESAMPLES = 500


def main(arguments: list[str]) -> None:
    """Measure, match, compare, print."""
    kodak, table = map(Path, arguments)
    files = sorted(kodak.glob("*.png"), key=lambda file: int("".join(filter(str.isdigit, file.stem))))
    if len(files) != 24:
        raise SystemExit(f"{kodak}: {len(files)} PNG files found; Kodak's 24 photos are expected")
    tasks = [(str(file), number) for number, file in enumerate(files)]
    measured = {}
    for outcome in track(work.run_tasks(measure_photo, tasks, work.default_workers()), 24, "photos measured"):
        if outcome.error:
            raise SystemExit(outcome.error)
        measured[outcome.task[1]] = outcome.result
    photos = [measured[number] for number in range(24)]
    cells = matched_cells(photos, read_scores(table))
    print_table(cells)


def cut(pixels: np.ndarray) -> np.ndarray:
    """A Kodak photo as 384 rows of 512 columns."""
    import cv2

    height, width = pixels.shape[:2]
    if width < height:
        top = (height - 384) // 2
        return np.ascontiguousarray(pixels[top : top + 384, :512])
    scaled = cv2.resize(pixels, (round(width * 384 / height), 384), interpolation=cv2.INTER_AREA)
    left = (scaled.shape[1] - 512) // 2
    return np.ascontiguousarray(scaled[:, left : left + 512])


def measure_photo(task: tuple[str, int]) -> dict[str, np.ndarray]:
    """Everything about one photo: its statistics, PSNR in KADID-10k's cells, all measures in TID2013's."""
    from glint_data.weights.torchvision_import import ensure_torchvision

    ensure_torchvision()
    import piq
    import torch

    import distortions
    from glint_data import images
    from glint_data.embedding import descriptor, stages
    from glint_data.labels.evidence.source import Comparison, pair_evidence

    torch.set_num_threads(1)
    pixels = cut(images.read_rgb(task[0]))
    photo = distortions.Photo(pixels)
    reference = _tensor(torch, pixels)
    sources = pair_evidence(frozenset(MEASURED))
    comparison = Comparison(pixels, sources)
    found = {
        "network": stages.network().embed([pixels])[0],
        "descriptor": descriptor.describe(pixels),
        "kadid_psnr": np.full((26, 6), np.nan),
    }
    kadid, tid = distortions.suite("kadid10k"), distortions.suite("tid2013")
    shape = (25, 6)
    for name in ("GMSD", "VSI", "PSNR"):
        found[name] = np.full(shape, np.nan)
    for source in sources:
        found[source.name] = np.full((*shape, len(source.columns)), np.nan)
    for number, (type_number, _) in PAIRS.items():
        for level in range(1, 6):
            found["kadid_psnr"][type_number, level] = _psnr(
                pixels, kadid.render(photo, type_number, level, seed=7).pixels
            )
            sample = tid.render(photo, number, level, seed=7).pixels
            with torch.no_grad():
                tensor = _tensor(torch, sample)
                found["GMSD"][number, level] = -float(piq.gmsd(tensor, reference))
                found["VSI"][number, level] = float(piq.vsi(tensor, reference))
            found["PSNR"][number, level] = _psnr(pixels, sample)
            for source, row in zip(sources, comparison.row(sample), strict=True):
                found[source.name][number, level] = row
    return found


def _tensor(torch, pixels: np.ndarray):
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def _psnr(first: np.ndarray, second: np.ndarray) -> float:
    error = float(((first.astype(np.float64) - second) ** 2).mean())
    return 10 * np.log10(255**2 / max(error, 1e-3))


class Labels:
    """KADID-10k's labels at a place between two levels, for images that are not KADID-10k's."""

    def __init__(self, descriptors: np.ndarray, network: np.ndarray) -> None:
        from glint_data.labels.evidence.shipped import scored_of
        from glint_data.reference_sets import references

        self._content = {"content/descriptor-1": descriptors, "content/network-2": network}
        self._scored = scored_of(references.load("kadid"))

    @cached_property
    def _fitted(self) -> dict:
        from glint_data.labels import METHODS

        return {name: METHODS[name].fit(self._scored) for name in LABELS}

    def __call__(
        self, type_number: int, place: float, measured: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Labels (photos,) of a cell at `place` (1 to 5) of KADID-10k's type, by method.

        Measurements (photos, ...) are taken as departures from their own mean, which are laid on the mean of
        KADID-10k's cells: the cell's own level is given by its place.
        """
        from glint_data.labels.method import PhotoFeatures

        cells = self._scored.cells
        lower = int(min(np.floor(place), 4))
        share = place - lower
        columns = [
            int(np.flatnonzero((cells == (type_number, level)).all(axis=1))[0])
            for level in (lower, lower + 1)
        ]
        blocks = {
            name: _laid(values, self._scored.photos.blocks[name], columns, share)
            for name, values in measured.items()
        }
        photos = PhotoFeatures(self._content["content/descriptor-1"], False, self._content | blocks)
        found = {name: fitted.predict(photos).mos for name, fitted in self._fitted.items()}
        return {
            name: (1 - share) * mos[:, columns[0]] + share * mos[:, columns[1]] for name, mos in found.items()
        }


def _laid(measured: np.ndarray, known: np.ndarray, columns: list[int], share: float) -> np.ndarray:
    """(photos, C, ...): the means of the known cells, with the departures in the two `columns`."""
    departures = measured - np.nanmean(measured, axis=0)
    laid = np.repeat(np.nanmean(known, axis=0)[None], len(measured), axis=0)
    scales = np.nanstd(known, axis=0)[columns]
    mixed = (1 - share) * scales[0] + share * scales[1] + 1e-6
    for column, scale in zip(columns, scales, strict=True):
        laid[:, column] += departures / mixed * scale
    return laid.astype(np.float32)


def matched_cells(photos: list[dict], scores: np.ndarray) -> list[Cell]:
    """Every cell of TID2013 that lies within KADID-10k's levels."""
    labels = Labels(
        *(
            np.stack([photo[name] for photo in photos]).astype(np.float32)
            for name in ("descriptor", "network")
        )
    )
    cells = []
    for number, (type_number, way) in PAIRS.items():
        known = np.mean([photo["kadid_psnr"][type_number, 1:] for photo in photos], axis=0)
        for level in range(1, 6):
            seen = [_at(photo, number, level, way) for photo in photos]
            values = {name: np.array([one[name] for one in seen]) for name in ("GMSD", "VSI", "PSNR")}
            there = np.isfinite(values["PSNR"])
            if there.sum() < FEWEST_PHOTOS:
                continue
            psnr = values["PSNR"][there].mean()
            if not known[-1] - WITHIN_DB <= psnr <= known[0] + WITHIN_DB:
                continue
            place = float(np.interp(-psnr, -known, np.arange(1, 6)))
            values |= labels(
                type_number, place, {name: np.array([one[name] for one in seen]) for name in MEASURED}
            )
            kept = {name: np.where(there, one, np.nan) for name, one in values.items()}
            cells.append(Cell(number, np.where(there, scores[:24, number, level], np.nan), kept))
    return without_photo_means(cells)


def without_photo_means(cells: list[Cell]) -> list[Cell]:
    """Each photo's mean over the cells taken out of scores and measures, both in units of their spread in the cell."""

    def centred(columns: list[np.ndarray]) -> np.ndarray:
        table = np.stack(columns)
        spread = np.nanstd(table, axis=1, keepdims=True)
        table = (table - np.nanmean(table, axis=1, keepdims=True)) / np.where(spread > 1e-9, spread, 1.0)
        return table - np.nanmean(table, axis=0)

    scores = centred([cell.scores for cell in cells])
    measures = {name: centred([cell.measures[name] for cell in cells]) for name in cells[0].measures}
    return [
        Cell(cell.type, scores[row], {name: table[row] for name, table in measures.items()})
        for row, cell in enumerate(cells)
    ]


def _at(photo: dict, number: int, level: int, way: str) -> dict:
    """A photo's measures in a cell: as rendered, or at the level's PSNR between two rendered levels."""
    names = ("GMSD", "VSI", "PSNR", *MEASURED)
    if way == "strength":
        return {name: photo[name][number, level] for name in names}
    psnr, wanted = photo["PSNR"][number, 1:], PSNR_OF_LEVELS[level - 1]
    place = float(np.interp(-wanted, -psnr, np.arange(5)))
    lower = int(min(np.floor(place), 3))
    share = place - lower
    mixed = {
        name: (1 - share) * photo[name][number, lower + 1] + share * photo[name][number, lower + 2]
        for name in names
    }
    missed = abs(mixed["PSNR"] - wanted) > WITHIN_DB
    return {name: np.full_like(value, np.nan) if missed else value for name, value in mixed.items()}


def print_table(cells: list[Cell]) -> None:
    """The averages by type, overall, and the default's difference to each plain metric."""
    names = (*LABELS, "GMSD", "VSI", "PSNR")
    everyone = np.arange(24)
    table = {name: within(cells, name, everyone) for name in names}
    types = np.array([cell.type for cell in cells])
    print("TID2013 type (KADID-10k type, way)   cells " + "".join(f"{name:>9}" for name in names))
    for number, (type_number, way) in PAIRS.items():
        rows = types == number
        if rows.any():
            line = "".join(f"{np.nanmean(table[name][rows]):9.2f}" for name in names)
            print(f"{number:>3} ({type_number}, {way})".ljust(37) + f"{rows.sum():5d} " + line)
    print(
        "mean over cells".ljust(37)
        + f"{len(cells):5d} "
        + "".join(f"{np.nanmean(table[n]):9.3f}" for n in names)
    )
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, 24, 24) for _ in range(RESAMPLES)]
    resampled = {
        name: np.array([np.nanmean(within(cells, name, rows)) for rows in draws]) for name in names[:-1]
    }
    for label, plain in itertools.product(LABELS[:2], ("GMSD", "VSI")):
        low, high = np.percentile(resampled[label] - resampled[plain], (5, 95))
        gap = np.nanmean(table[label]) - np.nanmean(table[plain])
        print(f"{label} less {plain}: {gap:+.3f}, 90 % interval {low:+.3f} to {high:+.3f}")


if __name__ == "__main__":
    from benchmarks import judge_tid2013  # workers know what it defines by that name

    judge_tid2013.main(sys.argv[1:])
