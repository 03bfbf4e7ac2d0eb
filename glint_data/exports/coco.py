"""COCO's instances of regional distortions: which pixels of which image are distorted, and how (Lin et al., 2014).

`instances_<split>.json` has images, annotations and categories as cocodataset.org/#format-data lays them out. A
connected part of a sample's mask, cut at half its depth, is one annotation: `segmentation` as an uncompressed
run-length code, `bbox` [x, y, width, height], `area` in pixels; `category_id` is the distortion. A control (level 0)
and a picture distorted everywhere have none. Beside what COCO knows, images carry mos, level and their photo, and
annotations the level.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.exports.about import About, Exported
from glint_data.exports.card import one_licence, write_card
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.json_files import JsonLines, text_of

HALF = 128
"""From this value on (of 255) a pixel of a soft-edged mask counts as distorted."""


@export_format
class Coco(Format):
    """COCO's instances."""

    title = "COCO's instances"
    takes_masks = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self._names = category_names(about.names)
        names = sorted(set(self._names.values()))
        self.categories = {name: number for number, name in enumerate(names, 1)}
        self._parts: dict[str, tuple[JsonLines, JsonLines]] = {}
        self._images = self._annotations = 0

    @classmethod
    def check(cls, about: About) -> None:
        """Refuse a dataset in which nothing is distorted in regions: it has no instances."""
        if not about.masks:
            raise GlintError(
                "--to coco: no sample is distorted in regions, so there are no masks; synthesize with --regions N, "
                "or export to hf or csv"
            )

    @classmethod
    def masked(cls, row: Row, mask: np.ndarray, put: Callable[[str, bytes], None]) -> Row:
        """The connected parts of a mask, for annotations; a control has none."""
        return {"instances": [] if row["level"] == 0 else instances(mask >= HALF)}

    def add(self, rows: Sequence[Row]) -> None:
        """An image each, and its annotations."""
        for row in rows:
            category = self._names.get((row["suite"] or "", row["type"]), "")
            images, annotations = self._opened(row["split"])
            self._images += 1
            images.add(
                {
                    "id": self._images,
                    "file_name": row["file_name"],
                    "width": row["width"],
                    "height": row["height"],
                    "license": 1,
                    "sample_id": row["sample_id"],
                    "photo": row["source"],
                    "reference_file_name": row["reference_file_name"],
                    "level": row["level"],
                    **{name: row[name] for name in ("mos", "mos_std", "mos_low", "mos_high")},
                }
            )
            for instance in row.get("instances") or ():
                self._annotations += 1
                annotations.add(
                    {
                        "id": self._annotations,
                        "image_id": self._images,
                        "category_id": self.categories[category],
                        **instance,
                        "iscrowd": 0,
                        "level": row["level"],
                    }
                )

    def finish(self, exported: Exported) -> None:
        """One file a split, and the card."""
        licence = one_licence(self.about, exported) or "unknown"
        about = {
            "info": {"description": self.about.name, "contributor": "glint-data"},
            "licenses": [{"id": 1, "name": licence, "url": ""}],
            "categories": [
                {"id": number, "name": name, "supercategory": "distortion"}
                for name, number in self.categories.items()
            ],
        }
        for part, (images, annotations) in self._parts.items():
            _joined(
                self.folder / f"instances_{part}.json", about, {"images": images, "annotations": annotations}
            )
        files = {f"instances_{part}.json": "images, annotations, categories" for part in self._parts}
        files["images/"] = "the samples"
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        left_out = ("notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out)

    def _opened(self, part: str) -> tuple[JsonLines, JsonLines]:
        if part not in self._parts:
            images, annotations = (
                JsonLines(self.folder / f"{part}-{what}.jsonl") for what in ("images", "annotations")
            )
            self._parts[part] = images, annotations
        return self._parts[part]


def category_names(names: Mapping[tuple[str, int], str]) -> dict[tuple[str, int], str]:
    """By (suite, type) what a category is called: the distortion, with its number where a suite has it twice.

    >>> category_names({("mine", 1): "jpeg", ("mine", 2): "jpeg", ("mine", 3): "fog", ("kadid10k", 10): "jpeg"})
    {('mine', 1): 'jpeg (1)', ('mine', 2): 'jpeg (2)', ('mine', 3): 'fog', ('kadid10k', 10): 'jpeg'}
    """
    often = Counter((suite, name) for (suite, _), name in names.items())
    return {
        (suite, number): f"{name} ({number})" if often[suite, name] > 1 else name
        for (suite, number), name in names.items()
    }


def _joined(file: Path, about: dict[str, Any], lists: dict[str, JsonLines]) -> None:
    """One JSON object with the lists that were kept a line an element, whose files go."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(text_of(about)[:-1])
        for name, lines in lists.items():
            lines.close()
            stream.write(f", {json.dumps(name)}: [\n")
            with lines.file.open(encoding="utf-8") as kept:
                for number, line in enumerate(kept):
                    stream.write((",\n" if number else "") + line.rstrip("\n"))
            stream.write("\n]")
            lines.file.unlink()
        stream.write("}\n")


def instances(inside: np.ndarray) -> list[dict[str, Any]]:
    """The connected parts of a mask, bool (H, W), the largest first: segmentation, bbox and area of each.

    >>> instances(np.array([[False, True], [False, True]]))[0]["segmentation"]
    {'size': [2, 2], 'counts': [2, 2]}
    """
    import cv2

    count, labels, stats, _middles = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    order = 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA], kind="stable")
    return [
        {
            "segmentation": {"size": list(inside.shape), "counts": run_lengths(labels == number)},
            "bbox": [
                int(stats[number, column])
                for column in (cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)
            ],
            "area": int(stats[number, cv2.CC_STAT_AREA]),
        }
        for number in order
    ]


def run_lengths(inside: np.ndarray) -> list[int]:
    """COCO's counts of a mask, bool (H, W): down the columns, how many outside, inside, outside, and so on.

    >>> run_lengths(np.array([[True, False], [True, True]]))
    [0, 2, 1, 1]
    """
    flat = inside.T.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    ends = [0, *changes.tolist(), len(flat)]
    lengths = [end - begin for begin, end in pairwise(ends)]
    return [0, *lengths] if len(flat) and flat[0] else lengths
