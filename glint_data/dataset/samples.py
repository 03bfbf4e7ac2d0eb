"""Samples of one or several datasets by columns, each a `Sample` when it is asked for.

Millions of recipes are some numbers a row here; their photos and labels' references stand once each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from glint_data.dataset.dataset import Dataset
from glint_data.dataset.rows import Rows, distinct
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.storage.places import is_remote


@dataclass(frozen=True)
class Photos:
    """Different contents, in the order of their first samples: `keys` are their hashes (a name where there is none)."""

    keys: list[str]
    names: list[str]


@dataclass(frozen=True)
class Samples:
    """Sample i: row `row[i]` of dataset `dataset[i]`, of photo `photo[i]`.

    `mos` and `mos_std` are float32, NaN where there is none; `size` int32 counts the bytes of its pixels;
    `leaning[i]` indexes `leanings`, the (label set, references) that its label came from.
    """

    datasets: tuple[Dataset, ...]
    snapshots: tuple[Rows, ...] = field(repr=False)
    dataset: np.ndarray
    row: np.ndarray
    photo: np.ndarray
    photos: Photos = field(repr=False)
    mos: np.ndarray
    mos_std: np.ndarray
    size: np.ndarray
    leaning: np.ndarray
    leanings: list[tuple[str | None, tuple[str, ...]]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, index: int) -> Sample:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self):,}")
        number = self.dataset[index]
        return self.datasets[number]._sample(self.snapshots[number], int(self.row[index]))

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def take(self, which: np.ndarray) -> "Samples":
        """The samples of a mask, or of numbers, in that order."""
        columns = ("dataset", "row", "photo", "mos", "mos_std", "size", "leaning")
        return replace(self, **{name: getattr(self, name)[which] for name in columns})

    def photo_key(self, index: int) -> str:
        """What tells the photo of a sample from others: the hash of its pixels."""
        return self.photos.keys[self.photo[index]]

    def of_photos(self, keys: Sequence[str] | set[str]) -> np.ndarray:
        """bool: whose photo is one of these."""
        wanted = set(keys)
        return np.array([key in wanted for key in self.photos.keys] or [False], bool)[self.photo]

    def first_of_photos(self) -> tuple[np.ndarray, np.ndarray]:
        """(the photos that have samples here, the first sample of each), in the order of these samples."""
        photos, first, _which = distinct(self.photo)
        order = np.argsort(first, kind="stable")
        return photos[order], first[order]

    def text(self, name: str) -> np.ndarray:
        """A column of repeated text, such as `distortion`, as objects."""
        found = np.empty(len(self), object)
        for number, rows in enumerate(self.snapshots):
            codes, values = rows.codes(name)
            here = self.dataset == number
            listed = np.empty(max(len(values), 1), object)
            listed[: len(values)] = values
            found[here] = listed[codes[self.row[here]]]
        return found

    def number(self, name: str) -> np.ndarray:
        """A column of numbers, such as `level`, as float64: NaN where there is none."""
        found = np.full(len(self), np.nan)
        for number, rows in enumerate(self.snapshots):
            here = self.dataset == number
            found[here] = rows.array(name).astype(float)[self.row[here]]
        return found


def usable_samples(places: Sequence[str | Path | Dataset], labelled: bool = True) -> Samples:
    """The samples that have pixels, or can be given them, of all datasets in order; `labelled`: with a score.

    Raises:
        GlintError: a dataset is missing or damaged, or has no such sample.
    """
    return _joined([_of_dataset(Dataset(place), place, labelled) for place in places])


def _of_dataset(dataset: Dataset, place: object, labelled: bool) -> Samples:
    rows = dataset.rows()
    states, words = rows.codes("status")
    usable = np.array([word in (Status.OK, Status.PLANNED) for word in words] or [False], bool)[states]
    mos = rows.array("mos")
    if labelled:
        usable &= np.isfinite(mos)
    which = np.flatnonzero(usable).astype(np.int32)
    if not len(which):
        wanting = "sample with a label" if len(rows) else "sample"
        raise GlintError(
            f"{place}: holds no {wanting}; run 'glint-data label {place} --reference kadid' first"
        )
    photo, photos = _photos(rows, which, dataset)
    leaning, leanings = _leanings(rows, which)
    return Samples(
        datasets=(dataset,),
        snapshots=(rows,),
        dataset=np.zeros(len(which), np.uint8),
        row=which,
        photo=photo,
        photos=photos,
        mos=mos[which],
        mos_std=rows.array("mos_std")[which],
        size=3 * _side(rows, "width", which) * _side(rows, "height", which),
        leaning=leaning,
        leanings=leanings,
    )


def _side(rows: Rows, name: str, which: np.ndarray) -> np.ndarray:
    """Pixels of a side, 0 where the row does not say."""
    return np.nan_to_num(rows.array(name)[which], copy=False).astype(np.int32)


def _photos(rows: Rows, which: np.ndarray, dataset: Dataset) -> tuple[np.ndarray, Photos]:
    """Each row's photo by content; where no hash is known the name in this dataset has to do."""
    hashes, known = rows.codes("source_hash")
    sources, names = rows.codes("source")
    pairs = hashes[which].astype(np.int64) * max(len(names), 1) + sources[which]
    values, first, codes = distinct(pairs)
    folder = dataset.folder if is_remote(dataset.folder) else dataset.folder.resolve()
    number_of: dict[str, int] = {}
    listed = Photos([], [])
    photo = np.empty(len(values), np.int32)
    for place in np.argsort(first, kind="stable"):
        row = which[first[place]]
        name = names[sources[row]] or ""
        key = known[hashes[row]] or f"{folder}/{name}"
        if key not in number_of:
            number_of[key] = len(number_of)
            listed.keys.append(key)
            listed.names.append(name)
        photo[place] = number_of[key]
    return photo[codes], listed


def _leanings(rows: Rows, which: np.ndarray) -> tuple[np.ndarray, list[tuple[str | None, tuple[str, ...]]]]:
    sets, set_names = rows.codes("label_set")
    lists, references = rows.codes("label_references")
    pairs = sets[which].astype(np.int64) * max(len(references), 1) + lists[which]
    values, _first, codes = distinct(pairs)
    width = max(len(references), 1)
    return codes, [
        (set_names[pair // width], tuple(references[pair % width] or ())) for pair in values.tolist()
    ]


def _joined(parts: list[Samples]) -> Samples:
    """Several datasets' samples as one; photos of the same pixels are one photo."""
    if len(parts) == 1:
        return parts[0]
    number_of: dict[str, int] = {}
    photos, leanings = Photos([], []), []
    photo, leaning, dataset = [], [], []
    for number, part in enumerate(parts):
        renumbered = np.empty(len(part.photos.keys), np.int32)
        for place, (key, name) in enumerate(zip(part.photos.keys, part.photos.names, strict=True)):
            if key not in number_of:
                number_of[key] = len(number_of)
                photos.keys.append(key)
                photos.names.append(name)
            renumbered[place] = number_of[key]
        photo.append(renumbered[part.photo])
        leaning.append(part.leaning + len(leanings))
        leanings += part.leanings
        dataset.append(np.full(len(part), number, np.uint16))
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("row", "mos", "mos_std", "size")
    }
    return Samples(
        datasets=tuple(part.datasets[0] for part in parts),
        snapshots=tuple(part.snapshots[0] for part in parts),
        dataset=np.concatenate(dataset),
        photo=np.concatenate(photo),
        photos=photos,
        leaning=np.concatenate(leaning),
        leanings=leanings,
        **columns,
    )
