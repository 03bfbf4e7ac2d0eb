"""Who trains and who is examined: whole photos, near-duplicates on one side, no label from an examined one."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from glint_data.errors import GlintError
from glint_data.progress import track
from glint_data.storage.files import write_atomically
from glint_data.training.samples import Sample
from glint_data.training.settings import TrainSettings

FILE = "split.csv"
PARTS = ("train", "val", "test")
_SAME_BITS = 26
"""Photos whose 256-bit difference hashes differ in at most so many bits count as one content."""


@dataclass
class Split:
    """`part` maps each source's hash to train, val or test; `names` each hash to the source's name."""

    part: dict[str, str]
    names: dict[str, str]
    near_duplicates: int = 0
    excluded: Counter = field(default_factory=Counter)

    def select(self, samples: Sequence[Sample], part: str) -> list[Sample]:
        """The samples of one part, less those whose label came from a photo that is examined later."""
        kept = []
        forbidden = self._forbidden(samples, part)
        for sample in samples:
            if self.part.get(sample.source_hash) != part:
                continue
            if forbidden and not forbidden.isdisjoint(_leaned_on(sample)):
                self.excluded[part] += 1
            else:
                kept.append(sample)
        return kept

    def _forbidden(self, samples: Sequence[Sample], part: str) -> set[tuple[str | None, str]]:
        """(set, name) of the photos examined later; a photo of no scored set may be any set's of that name."""
        later = {"train": ("val", "test"), "val": ("test",), "test": ()}[part]
        # the images of an imported set were rated themselves, their labels lean on no reference
        rated = {sample.source_hash: sample.label_set for sample in samples if not sample.label_references}
        return {
            (rated.get(source), self.names[source]) for source, side in self.part.items() if side in later
        }

    def counts(self) -> dict[str, int]:
        """Photos in each part."""
        return {part: sum(side == part for side in self.part.values()) for part in PARTS}

    def write(self, folder: Path) -> None:
        """Write `split.csv`: source_hash, source, part."""
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["source_hash", "source", "part"])
        writer.writerows([source, self.names[source], side] for source, side in sorted(self.part.items()))
        write_atomically(folder / FILE, table.getvalue().encode())


def _leaned_on(sample: Sample) -> set[tuple[str | None, str]]:
    """The references behind a label as (set, name), and as (None, name); those of a second set are called set:name."""
    first = (sample.label_set or "").split("+")[0]
    parts = [name.rpartition(":") for name in sample.label_references]
    return {pair for other, _, name in parts for pair in ((other or first, name), (None, name))}


def read_split(folder: Path) -> Split:
    """The split that a run recorded. Raises `GlintError` where there is none."""
    try:
        with (folder / FILE).open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return Split(
            {row["source_hash"]: row["part"] for row in rows},
            {row["source_hash"]: row["source"] for row in rows},
        )
    except (OSError, KeyError, csv.Error) as error:
        raise GlintError(f"{folder / FILE}: the run's split cannot be read ({error}); train again") from error


def make_split(samples: list[Sample], settings: TrainSettings) -> Split:
    """Deal the photos to train, val and test by the seed, or as `settings.split_file` says.

    Raises:
        GlintError: fewer than three different photos, or a split file that does not fit.
    """
    first = {}
    for sample in samples:
        first.setdefault(sample.source_hash, sample)
    names = {source: sample.source for source, sample in first.items()}
    if settings.split_file:
        return Split(_from_file(Path(settings.split_file), names), names)
    groups = near_duplicate_groups(list(first.values()))
    if len(groups) < 3:
        raise GlintError(
            f"{len(first)} photos of {len(groups)} different contents: training needs at least 3 "
            "(train, validation, test); synthesize more photos"
        )
    order = np.random.default_rng(settings.split_seed).permutation(len(groups))
    wanted = {"test": settings.test_share * len(first), "val": settings.validation_share * len(first)}
    part: dict[str, str] = {}
    taken: Counter = Counter()
    for position, place in enumerate(order):
        left = len(groups) - position
        side = "train"
        for name in ("test", "val"):
            if taken[name] + len(groups[place]) / 2 <= wanted[name] or (not taken[name] and left <= 3):
                side = name
                break
        taken[side] += len(groups[place])
        part.update(dict.fromkeys(groups[place], side))
    return Split(part, names, len(first) - len(groups))


def _from_file(file: Path, names: dict[str, str]) -> dict[str, str]:
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            listed = {row["source"]: row["part"] for row in csv.DictReader(stream)}
    except (OSError, KeyError, csv.Error) as error:
        raise GlintError(f"{file}: not a CSV with the columns source and part ({error})") from error
    wrong = sorted(set(listed.values()) - {*PARTS, "unused"})
    if wrong:
        raise GlintError(f"{file}: part {wrong[0]!r}; parts are train, val, test (and unused)")
    part = {source: listed[name] for source, name in names.items() if listed.get(name) in PARTS}
    empty = [side for side in PARTS if side not in part.values()]
    if empty:
        raise GlintError(f"{file}: names no source of these manifests as {' or '.join(empty)}")
    return part


def near_duplicate_groups(sources: list[Sample]) -> list[list[str]]:
    """Source hashes grouped by content: photos that look alike stand in one group."""
    with ThreadPoolExecutor(4) as pool:
        listed = pool.map(lambda sample: difference_hash(sample.reference_or_itself()), sources)
        hashes = np.array(list(track(listed, len(sources), "photos compared")))
    signs = hashes.astype(np.float32) * 2 - 1
    parent = list(range(len(sources)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = index = parent[parent[index]]
        return index

    for begin in range(0, len(sources), 2048):
        differing = (hashes.shape[1] - signs[begin : begin + 2048] @ signs.T) / 2
        for row, column in zip(*np.nonzero(differing <= _SAME_BITS), strict=True):
            parent[root(begin + row)] = root(column)
    groups: dict[int, list[str]] = {}
    for index, sample in enumerate(sources):
        groups.setdefault(root(index), []).append(sample.source_hash)
    return list(groups.values())


def difference_hash(rgb: np.ndarray) -> np.ndarray:
    """256 bits: is each cell of a 16 x 17 greyscale thumbnail brighter than its left neighbour?

    Survives scaling, compression and small changes of brightness; two different photos differ in about
    half of the bits.
    """
    import cv2

    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return (np.diff(small, axis=1) > 0).ravel()
