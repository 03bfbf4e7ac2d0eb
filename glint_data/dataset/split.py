"""Who trains and who is examined: whole photos, near-duplicates on one side, no label from an examined one."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from glint_data.dataset import csv_files, likeness
from glint_data.dataset.sample import Sample
from glint_data.dataset.samples import Samples
from glint_data.errors import GlintError
from glint_data.progress import track
from glint_data.storage.files import write_atomically
from glint_data.storage.places import Place

FILE = "split.csv"
PARTS = ("train", "val", "test")
UNUSED = "unused"
SHARE = 0.15
"""Share of the photos that validate, and that test, where nothing else is asked for."""
_ALSO = {"training": "train", "validation": "val", "valid": "val", "testing": "test"}
_HASH = re.compile("[0-9a-f]{64}")
_ADVICE = "a training run writes one as split.csv"


@dataclass
class Split:
    """`part` maps each photo's hash to train, val or test; `names` each hash to the source's name. `near_duplicates`
    stay on the side of their twins; `notes` say what a table left open or parted."""

    part: dict[str, str]
    names: dict[str, str]
    near_duplicates: int = 0
    notes: list[str] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)

    def select(self, samples: Samples, part: str) -> Samples:
        """The samples of one part, less those whose label came from a photo that is examined later."""
        mine = samples.of_photos({key for key, side in self.part.items() if side == part})
        forbidden = self._forbidden(samples, part)
        leans = np.array(
            [not forbidden.isdisjoint(_leaned_on(*each)) for each in samples.leanings] or [False], bool
        )
        excluded = mine & leans[samples.leaning]
        self.excluded[part] += int(excluded.sum())
        return samples.take(np.flatnonzero(mine & ~excluded))

    def _forbidden(self, samples: Samples, part: str) -> set[tuple[str | None, str]]:
        """(set, name) of the photos examined later; a photo of no scored set may be any set's of that name."""
        later = {"train": ("val", "test"), "val": ("test",), "test": ()}[part]
        # The images of an imported set were rated themselves, their labels lean on no reference.
        own = np.array([not references for _set, references in samples.leanings] or [False], bool)[
            samples.leaning
        ]
        rated = {
            samples.photos.keys[photo]: samples.leanings[leaning][0]
            for photo, leaning in zip(samples.photo[own].tolist(), samples.leaning[own].tolist(), strict=True)
        }
        return {(rated.get(key), self.names[key]) for key, side in self.part.items() if side in later}

    def counts(self) -> dict[str, int]:
        """Photos in each part."""
        return {part: sum(side == part for side in self.part.values()) for part in PARTS}

    def write(self, folder: Place) -> None:
        """Write `split.csv`: source_hash, source, part."""
        rows = [(key, self.names[key], side) for key, side in sorted(self.part.items())]
        write_atomically(folder / FILE, csv_files.written(["source_hash", "source", "part"], rows))


def _leaned_on(label_set: str | None, references: Sequence[str]) -> set[tuple[str | None, str]]:
    """The references behind a label as (set, name), and as (None, name); those of a second set are called set:name."""
    first = (label_set or "").split("+")[0]
    parts = [name.rpartition(":") for name in references]
    return {pair for other, _, name in parts for pair in ((other or first, name), (None, name))}


def read_split(folder: Place) -> Split:
    """The split that a run recorded. Raises `GlintError` where there is none."""
    rows = csv_files.read_rows(folder / FILE, ("source_hash", "source", "part"), "train again")
    for row in rows:
        _part_of(row["part"], folder / FILE)
    return Split(
        {row["source_hash"]: row["part"] for row in rows}, {row["source_hash"]: row["source"] for row in rows}
    )


def read_parts(file: Place) -> dict[str, str]:
    """Source -> train, val, test or unused, from a CSV with the columns source and part.

    Raises:
        GlintError: no such table, a part that is none, or a source in two parts.
    """
    parts: dict[str, str] = {}
    for row in csv_files.read_rows(file, ("source", "part"), _ADVICE):
        part = _part_of(row["part"], file)
        if parts.setdefault(row["source"], part) != part:
            raise GlintError(
                f"{file}: {row['source']} is in {parts[row['source']]} and in {part}; keep one line of it"
            )
    return parts


def check_photos(file: Place, called: Mapping[str, Set[str]]) -> None:
    """Refuse a table whose source_hash, where it has one, is not that of the photo of this name here.

    `called`: photos' hashes to what they are called. What is no SHA-256 is read past.

    Raises:
        GlintError: a photo of a name that the table has for another one.
    """
    here: dict[str, set[str]] = {}
    for key, names in called.items():
        for name in names if _HASH.fullmatch(key) else ():
            here.setdefault(name, set()).add(key)
    for row in csv_files.read_rows(file, ("source", "part"), _ADVICE):
        key, name = (row.get("source_hash") or "").strip().lower(), row["source"]
        if _HASH.fullmatch(key) and name in here and key not in here[name]:
            raise GlintError(
                f"{file}: {name} is another photo here than the one it was written for (source_hash {key[:12]}, here "
                f"{min(here[name])[:12]}); split anew, or leave that column out to go by names alone"
            )


def _part_of(text: str, file: Place) -> str:
    name = text.strip().lower()
    name = _ALSO.get(name, name)
    if name not in (*PARTS, UNUSED):
        raise GlintError(f"{file}: part {text!r}; parts are train, val, test (and {UNUSED})")
    return name


def split_of_file(samples: Samples, file: Place) -> Split:
    """As a table says. Raises `GlintError` where it cannot be read or leaves a part empty."""
    listed = read_parts(file)
    names = _names(samples)
    check_photos(file, {key: {name} for key, name in names.items()})
    part = {key: listed[name] for key, name in names.items() if listed.get(name) in PARTS}
    empty = [side for side in PARTS if side not in part.values()]
    if empty:
        raise GlintError(f"{file}: names no source of these manifests as {' or '.join(empty)}")
    notes = []
    if unnamed := sorted(set(names.values()) - set(listed)):
        notes.append(f"{file} does not name {some(unnamed)}: left out")
    if unknown := sorted(set(listed) - set(names.values())):
        notes.append(f"{file} names {some(unknown)}, of which there are no samples here")
    groups = [[key for key in group if key in part] for group in _alike_photos(samples)]
    parted = [
        " and ".join(sorted(f"{names[key]} ({part[key]})" for key in group))
        for group in groups
        if len({part[key] for key in group}) > 1
    ]
    if parted:
        notes.append(
            f"{file} parts photos that look alike, so the examination knows what was learned: {some(parted)}"
        )
    return Split(part, names, notes=notes)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def deal(
    samples: Samples, seed: int = 0, validation_share: float = SHARE, test_share: float = SHARE
) -> Split:
    """Deal the photos to train, val and test by the seed; photos that look alike go to one side.

    Raises:
        GlintError: fewer than three different photos.
    """
    names = _names(samples)
    groups = _alike_photos(samples)
    if len(groups) < 3:
        raise GlintError(
            f"{len(names)} photos of {len(groups)} different contents: training needs at least 3 "
            "(train, validation, test); synthesize more photos"
        )
    order = np.random.default_rng(seed).permutation(len(groups))
    wanted = {"test": test_share * len(names), "val": validation_share * len(names)}
    part: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for position, number in enumerate(order):
        left = len(groups) - position
        side = "train"
        for name in ("test", "val"):
            if taken[name] + len(groups[number]) / 2 <= wanted[name] or (not taken[name] and left <= 3):
                side = name
                break
        taken[side] += len(groups[number])
        part.update(dict.fromkeys(groups[number], side))
    return Split(part, names, len(names) - len(groups))


def _names(samples: Samples) -> dict[str, str]:
    """Photos' keys to their names, in the order of the samples."""
    photos = samples.first_of_photos()[0]
    return {samples.photos.keys[photo]: samples.photos.names[photo] for photo in photos}


def _alike_photos(samples: Samples) -> list[list[str]]:
    """The keys of these samples' photos, those that look alike together."""
    photos, first = samples.first_of_photos()
    return near_duplicate_groups(
        [samples.photos.keys[photo] for photo in photos], [samples[int(row)] for row in first]
    )


def near_duplicate_groups(keys: Sequence[str], samples: Sequence[Sample]) -> list[list[str]]:
    """Photos grouped by content, one sample of each standing for it: those that look alike are one group."""
    with ThreadPoolExecutor(4) as pool:
        seen = pool.map(lambda sample: likeness.views(_photo_of(sample)), samples)
        photos = list(track(seen, len(samples), "photos compared"))
    parent = list(range(len(samples)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = index = parent[parent[index]]
        return index

    for row, other in likeness.alike(photos):
        parent[root(row)] = root(other)
    groups: dict[int, list[str]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(root(index), []).append(key)
    return list(groups.values())


def _photo_of(sample: Sample) -> np.ndarray:
    """The pristine photo where there is one (a dataset of authentic photos has none), else the sample itself."""
    pristine = sample.pristine()
    return sample.pixels() if pristine is None else pristine
