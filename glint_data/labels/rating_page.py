"""One offline page on which a person rates samples beside their photos: five steps, by mouse or keys, saved as CSV.

Samples are those that teach most about other raters' use of the scale: one from each of as many equal parts of the
labels in order, from a photo that was shown least, with one of the narrower intervals, next to the part's middle. A
label that is far off says little of the scale and bends the map.
"""

import base64
import html
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import defaults
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import RATED
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError, ImageRefused
from glint_data.storage.files import write_atomically
from glint_data.storage.places import Place

WORDS = ("bad", "poor", "fair", "good", "excellent")
"""The five steps, worst first, as the absolute category rating of ITU-R BT.500 names them."""
_LONGEST_SIDE = 1024
"""Larger pictures are shown scaled down, so that the page stays small and both fit a screen."""


@dataclass(frozen=True)
class RatingPage:
    """The page that was written, and the samples on it."""

    page: str
    samples: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    """Samples that were chosen and cannot be shown, each with the reason."""

    def text(self) -> str:
        """What to do with it."""
        left_out = (
            f"; {len(self.refused):,} more cannot be shown ({': '.join(self.refused[0])})"
            if self.refused
            else ""
        )
        return (
            f"{self.page}: {len(self.samples)} samples to rate; open it in a browser, rate with the keys 1 to 5, save, "
            f"and give the file to 'glint-data label DATASET --ratings FILE.csv'{left_out}"
        )

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"page": self.page, "samples": list(self.samples), "refused": dict(self.refused)}


def write_page(
    dataset: str | Place | Dataset, out: Path, samples: int = defaults.RATED_SAMPLES
) -> RatingPage:
    """Write the page.

    Raises:
        GlintError: the dataset has no labels (`glint-data label` makes them), or none of its pictures can be read.
    """
    dataset = Dataset(dataset)
    shown: list[tuple[Sample, str, str | None]] = []
    refused: list[tuple[str, str]] = []
    for row in chosen(dataset, samples):
        sample = dataset[int(row)]
        try:
            pristine = sample.pristine()
            shown.append(
                (sample, _picture(sample.pixels()), None if pristine is None else _picture(pristine))
            )
        except ImageRefused as refusal:
            refused.append((sample.id, str(refusal)))
    if not shown:
        raise GlintError(f"{dataset.folder}: none of its labelled pictures can be shown; {refused[-1][1]}")
    items = [{"id": sample.id, "picture": picture, "photo": photo} for sample, picture, photo in shown]
    title = f"Rate {len(items)} pictures of {dataset.folder.name}"
    page = (
        _PAGE.replace("TITLE", html.escape(title))
        .replace("ITEMS", _safe(items))
        .replace("WORDS", _safe(WORDS))
    )
    write_atomically(out, page.encode())
    return RatingPage(str(out), tuple(sample.id for sample, _, _ in shown), tuple(refused))


def chosen(dataset: Dataset, count: int) -> np.ndarray:
    """Rows of the samples that teach most, in an order that mixes good and bad.

    Raises:
        GlintError: there are no labels.
    """
    table = dataset.columns("mos", "mos_low", "mos_high", "source", "status", "label_method")
    mos, low, high = (np.asarray(table[name], float) for name in ("mos", "mos_low", "mos_high"))
    usable = np.flatnonzero(
        np.isfinite(mos) & (table["status"] != Status.FAILED) & (table["label_method"] != RATED)
    )
    if not len(usable):
        raise GlintError(
            f"{dataset.folder}: has no labels to compare with; 'glint-data label {dataset.folder}' makes them"
        )
    width = np.nan_to_num(high - low, nan=np.inf)
    rows = usable[spread(mos[usable], width[usable], table["source"][usable], count)]
    return np.random.default_rng(0).permutation(rows)


def spread(mos: np.ndarray, width: np.ndarray, source: np.ndarray, count: int) -> np.ndarray:
    """Which of these samples teach most, at most `count`: labels, widths of their intervals, and photos, all (n,)."""
    seen: Counter[Any] = Counter()
    rows: list[int] = []
    for part in np.array_split(np.argsort(mos, kind="stable"), min(count, len(mos))):
        shown = np.array([seen[one] for one in source[part]])
        wide = width[part] > np.median(width[part])
        off_middle = np.abs(mos[part] - np.median(mos[part]))
        rows.append(int(part[np.lexsort((part, off_middle, wide, shown))[0]]))
        seen[source[rows[-1]]] += 1
    return np.array(rows)


def _picture(pixels: np.ndarray) -> str:
    """A PNG as a data address, scaled down where it is large."""
    import cv2

    scale = min(1.0, _LONGEST_SIDE / max(pixels.shape[:2]))
    if scale < 1:
        size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".png", pixels[..., ::-1])[1]
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()


def _safe(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value).replace("<", "\\u003c")


_PAGE = (Path(__file__).parent / "rating_page.html").read_text(encoding="utf-8")
