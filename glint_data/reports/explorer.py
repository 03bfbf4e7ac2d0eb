"""The part of the page that can be explored: every photo and sample, sorted, filtered, looked at one by one.

The page needs no server and fetches nothing: data and pictures stand inside it, or, where that would be too
much for one file, beside it in `report_files/` as pictures and as scripts that the page loads when it wants them.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import distortions
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.rows import in_order_of_photos
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.progress import track
from glint_data.reports import tiles
from glint_data.reports.attention import Listed, SampleColumns, look_at
from glint_data.storage.files import make_folder, write_atomically
from glint_data.storage.places import Place
from glint_data.work import default_workers, run_tasks

FOLDER = "report_files"
ONE_FILE = 50 * 2**20
"""About so many bytes of pictures still go into the page itself."""
BYTES_A_SAMPLE = 9_500
"""What a sample's two tiles and its data come to in a page (measured on photographs: 6,000 to 9,000)."""
RENDERED = 3_000
"""So many samples of a virtual dataset are rendered for the page; the others are listed without pictures."""
EXPLAINED = 5
"""So many labels at the head of each list are taken apart: that takes some tenths of a second each."""
Explain = Callable[[Dataset, Sequence[Sample]], dict[str, list[str]]]
"""What labels are made of, in lines by sample_id."""
_COLUMNS = ("source", "suite", "type", "level", "status", "label_note", "mos", "mos_low", "mos_high")


@dataclass
class Explorer:
    """What the page's script reads: `data` (plain values), `lists` of what to look at, `flagged` photos' tiles."""

    data: dict[str, Any]
    lists: list[Listed]
    flagged: list[tuple[str, str]] = field(default_factory=list)

    def script(self) -> str:
        """The data as JavaScript that may stand inside a page."""
        return f"window.REPORT = {as_script(self.data)};"


def as_script(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def explorer_of(
    dataset: Dataset, scores: Mapping[str, float] | None = None, explain: Explain | None = None
) -> Explorer:
    """Draw a dataset's samples and describe them; writes `report_files/` where they are too many for one page.

    `scores` are a network's, by sample_id; `explain` says what labels are made of.
    """
    rows = dataset.rows()
    columns = dataset.columns("sample_id", *_COLUMNS)
    shown = np.flatnonzero(columns["status"] != Status.FAILED)
    order = in_order_of_photos(rows.codes("source")[0])
    if order is not None:
        shown = order[np.isin(order, shown)]
    columns = {name: values[shown] for name, values in columns.items()}
    score = np.array([(scores or {}).get(name, math.nan) for name in columns["sample_id"]], float)
    samples = _samples(columns, score)
    lists = list(look_at(samples))
    listed = {int(row) for one in lists for row in one.rows}
    in_files = len(shown) * BYTES_A_SAMPLE > ONE_FILE
    photos = _photos(columns["source"])
    drawn = _drawn(dataset, rows, shown, photos, listed)
    data = _data(columns, samples, score, photos, lists)
    first = dict.fromkeys(row for one in lists for row in one.rows[:EXPLAINED])
    data["evidence"] = explain(dataset, [dataset[int(shown[row])] for row in first]) if explain else {}
    explorer = Explorer(data, lists)
    data["parts"] = []
    far = _noted(columns, "unlike every reference")  # the photo; "unlike every measured pair" is one sample's
    for number, (bounds, picture) in enumerate(drawn):
        part = _part(rows, shown[bounds[0] : bounds[1]], picture)
        if picture is not None and picture.photo is not None and far[bounds[0] : bounds[1]].any():
            explorer.flagged.append((str(columns["source"][bounds[0]]), tiles.address(picture.photo)))
        if in_files:
            data["parts"].append(_in_files(dataset.folder, number, part, picture))
        else:
            data["parts"].append(part | _inside(picture))
    return explorer


def _noted(columns: Mapping[str, np.ndarray], words: str) -> np.ndarray:
    """bool (rows,): whose note has these words."""
    return np.array([bool(note) and words in str(note) for note in columns["label_note"]], bool)


def _samples(columns: Mapping[str, np.ndarray], score: np.ndarray) -> SampleColumns:
    def codes(name: str) -> np.ndarray:
        return np.unique([str(value) for value in columns[name]], return_inverse=True)[1]

    def numbers(name: str) -> np.ndarray:
        values = columns[name]
        if values.dtype == object:
            values = np.array([math.nan if value is None else value for value in values], float)
        return values.astype(float)

    unlike = _noted(columns, "unlike")
    return SampleColumns(
        photo=codes("source"),
        suite=codes("suite"),
        type=numbers("type"),
        level=numbers("level"),
        mos=numbers("mos"),
        low=numbers("mos_low"),
        high=numbers("mos_high"),
        score=score,
        unlike=unlike,
    )


def _photos(sources: np.ndarray) -> list[tuple[int, int]]:
    """(first, end) of each photo's samples, which stand together."""
    names = np.array([str(name) for name in sources])
    starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]]) if len(names) else np.array([], int)
    return [(int(a), int(b)) for a, b in zip(starts, [*starts[1:], len(names)], strict=True)]


def _drawn(
    dataset: Dataset, rows: Any, shown: np.ndarray, photos: list[tuple[int, int]], listed: set[int]
) -> Iterator[tuple[tuple[int, int], tiles.Tiles | None]]:
    """Each photo with its tiles, in order; without tiles where nothing of it is drawn."""
    statuses = dataset.columns("status")["status"][shown]
    budget = RENDERED
    begins = [first for first, _end in photos]
    by_photo: dict[int, list[int]] = {}
    for row in sorted(listed):
        by_photo.setdefault(bisect_right(begins, row) - 1, []).append(row)
    tasks = []
    for number, (first, end) in enumerate(photos):
        planned = int((statuses[first:end] == Status.PLANNED).sum())
        own = by_photo.get(number, [])
        if planned > budget and not own:
            continue
        crops_only = planned > budget
        budget -= 0 if crops_only else planned
        records = tuple(rows.row(int(row)) for row in shown[first:end])
        names = frozenset(records[row - first]["sample_id"] for row in own)
        tasks.append(tiles.DrawTask(number, str(dataset.folder), records, names, crops_only))
    waiting: dict[int, tiles.Tiles | None] = dict.fromkeys(range(len(photos)))
    for task in tasks:
        del waiting[task.number]
    outcomes = iter(track(_pictures(tasks), len(tasks), "photos drawn"))
    for number, bounds in enumerate(photos):
        while number not in waiting:
            index, picture = next(outcomes)
            waiting[index] = picture
        yield bounds, waiting.pop(number)
    for _ in outcomes:  # none is left: the bar closes here
        pass


def _pictures(tasks: list[tiles.DrawTask]) -> Iterator[tuple[int, tiles.Tiles | None]]:
    if sum(len(task.rows) for task in tasks) <= 250:  # quicker drawn here than workers are to start
        for task in tasks:
            yield task.number, tiles.draw(task)
        return
    for outcome in run_tasks(tiles.draw, tasks, min(default_workers(), len(tasks))):
        yield outcome.task.number, outcome.result


def _data(
    columns: Mapping[str, np.ndarray],
    samples: SampleColumns,
    score: np.ndarray,
    photos: list[tuple[int, int]],
    lists: list[Listed],
) -> dict[str, Any]:
    notes = sorted({str(note) for note in columns["label_note"] if note})
    suites = sorted({str(suite) for suite in columns["suite"] if suite})
    return {
        "tile": list(tiles.TILE),
        "columns": tiles.COLUMNS,
        "crop": list(tiles.CROP),
        "photos": [[str(columns["source"][first]), first, end] for first, end in photos],
        "suites": suites,
        "types": {suite: _titles(suite) for suite in suites},
        "notes": notes,
        "ids": [str(name) for name in columns["sample_id"]],
        "suite": [suites.index(str(suite)) if suite else -1 for suite in columns["suite"]],
        "type": _plain(samples.type, 0),
        "level": _plain(samples.level, 0),
        "mos": _plain(samples.mos),
        "low": _plain(samples.low),
        "high": _plain(samples.high),
        "score": _plain(score) if np.isfinite(score).any() else None,
        "note": [notes.index(str(note)) if note else -1 for note in columns["label_note"]],
        "lists": [[one.title, one.text, list(one.rows), one.total] for one in lists],
    }


def _plain(values: np.ndarray, digits: int = 4) -> list[Any]:
    """Numbers for JSON, null for NaN."""
    if digits == 0:
        return [None if math.isnan(value) else int(value) for value in values.tolist()]
    return [None if math.isnan(value) else round(value, digits) for value in values.tolist()]


def _titles(suite: str) -> dict[str, str]:
    """Type number -> title, of a suite that is known here."""
    if suite not in distortions.suites():
        return {}
    return {str(number): entry.title for number, entry in distortions.suite(suite).types.items()}


def _part(rows: Any, numbers: np.ndarray, picture: tiles.Tiles | None) -> dict[str, Any]:
    """What is known of one photo's samples beside the columns: recipe, evidence, files."""
    part: dict[str, Any] = {"details": [_details(rows.row(int(number))) for number in numbers]}
    if picture is not None:
        part["places"] = picture.corners_shown
        part["errors"] = {str(index): error for index, error in enumerate(picture.errors) if error}
        part["corners"] = picture.corners
    return part


def _details(row: Mapping[str, Any]) -> dict[str, Any]:
    """A sample's recipe and evidence in few words; nothing that says where things lie on this machine."""
    drawn = json.loads(row["parameters"]) if row["parameters"] else {}
    text = json.dumps(drawn, ensure_ascii=False)
    strength = row["strength"]
    details = {
        "name": row["distortion"],
        "strength": None if strength is None or math.isnan(strength) else strength,
        "seed": None if row["seed"] is None else str(row["seed"]),
        "drawn": (text if len(text) < 300 else text[:297] + "...") if drawn else None,
        "size": None if row["width"] is None else f"{row['width']}x{row['height']}",
        "path": row["path"],
        "reference": row["reference_path"],
        "std": _finite(row["mos_std"]),
        "method": row["label_method"],
        "set": row["label_set"],
        "like": [
            [name, _finite(similarity)]
            for name, similarity in zip(
                row["label_references"] or (), row["label_similarities"] or (), strict=False
            )
        ],
    }
    return {name: value for name, value in details.items() if value not in (None, [])}


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


def _inside(picture: tiles.Tiles | None) -> dict[str, Any]:
    """The pictures of a photo as data addresses."""
    if picture is None:
        return {}
    crops = {
        name: [tiles.address(before) if before else None, tiles.address(after)]
        for name, (before, after) in picture.crops.items()
    }
    sheets = {"thumbnails": picture.thumbnails, "detail": picture.details, "photo": picture.photo}
    return {name: tiles.address(encoded) for name, encoded in sheets.items() if encoded} | {"crops": crops}


def _in_files(
    folder: Place, number: int, part: dict[str, Any], picture: tiles.Tiles | None
) -> dict[str, Any]:
    """Write a photo's pictures and details beside the page; returns what the page needs to find them."""
    stem = f"{FOLDER}/{number // 1000:03d}/{number:06d}"
    names: dict[str, Any] = {"script": f"{stem}.js"}
    make_folder((folder / stem).parent)
    if picture is not None:
        files = {"thumbnails": picture.thumbnails, "detail": picture.details, "photo": picture.photo}
        for name, encoded in files.items():
            if not encoded:
                continue
            write_atomically(folder / f"{stem}-{name}.jpg", encoded)
            names[name] = f"{stem}-{name}.jpg"
        part = part | {"crops": _inside(picture)["crops"]}
    write_atomically(folder / f"{stem}.js", f"window.REPORT_PART({number},{as_script(part)});".encode())
    return names
