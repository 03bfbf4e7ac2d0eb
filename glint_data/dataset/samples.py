"""Samples of one or several datasets by columns, each a `Sample` when it is asked for.

Millions of recipes are some numbers a row here; their photos and labels' references stand once each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from glint_data.dataset.rows import Rows, distinct
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError

if TYPE_CHECKING:
    from glint_data.dataset.dataset import Dataset

_BLOCK = 50_000


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

    datasets: "tuple[Dataset, ...]"
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

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> "Samples": ...

    def __getitem__(self, index: int | slice) -> "Sample | Samples":
        """One as a sample; of a slice those samples, by columns."""
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self):,}")
        number = int(self.dataset[index])
        return self.datasets[number]._sample(self.snapshots[number], int(self.row[index]))

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def folder(self, index: int) -> str:
        """The folder of a sample's dataset, links and dots resolved."""
        return self.datasets[int(self.dataset[index])]._pictures.place

    def take(self, which: np.ndarray) -> "Samples":
        """The samples of a mask, or of numbers, in that order."""
        columns = ("dataset", "row", "photo", "mos", "mos_std", "size", "leaning")
        return replace(self, **{name: getattr(self, name)[which] for name in columns})

    def blocks(self, *names: str) -> Iterator[tuple[list[Any], ...]]:
        """Columns as lists of Python's values, some ten thousand samples at a time, in order."""
        for begin in range(0, len(self), _BLOCK):
            here = slice(begin, begin + _BLOCK)
            yield tuple(self._values(name, here) for name in names)

    def _values(self, name: str, here: slice) -> list[Any]:
        numbers, rows = self.dataset[here], self.row[here]
        if len(self.snapshots) == 1:
            return self.snapshots[0].values(name, rows)
        values = np.empty(len(rows), object)
        for number in np.unique(numbers):
            mine = np.flatnonzero(numbers == number)
            for index, value in zip(mine, self.snapshots[number].values(name, rows[mine]), strict=True):
                values[index] = value
        return values.tolist()

    def photo_key(self, index: int) -> str:
        """What tells the photo of a sample from others: the hash of its pixels."""
        return self.photos.keys[int(self.photo[index])]

    def of_photos(self, keys: Sequence[str] | set[str]) -> np.ndarray:
        """bool: whose photo is one of these."""
        wanted = set(keys)
        chosen: np.ndarray = np.array([key in wanted for key in self.photos.keys] or [False], bool)[
            self.photo
        ]
        return chosen

    def first_of_photos(self) -> tuple[np.ndarray, np.ndarray]:
        """(the photos that have samples here, the first sample of each), in the order of these samples."""
        first = distinct(self.photo)[0]
        photos = self.photo[first]
        order = np.argsort(first, kind="stable")
        return photos[order], first[order]

    def text(self, name: str) -> np.ndarray:
        """A column of repeated text, such as `distortion`, as objects."""
        texts = np.empty(len(self), object)
        for number, rows in enumerate(self.snapshots):
            codes, values = rows.codes(name)
            here = self.dataset == number
            listed = np.empty(max(len(values), 1), object)
            listed[: len(values)] = values
            texts[here] = listed[codes[self.row[here]]]
        return texts

    def number(self, name: str) -> np.ndarray:
        """A column of numbers, such as `level`, as float64: NaN where there is none."""
        numbers = np.full(len(self), np.nan)
        for number, rows in enumerate(self.snapshots):
            here = self.dataset == number
            numbers[here] = rows.array(name).astype(float)[self.row[here]]
        return numbers


def usable_samples(datasets: "Sequence[Dataset]", labelled: bool = True) -> Samples:
    """The samples that have pixels, or can be given them, of all datasets in order; `labelled`: with a score.

    Raises:
        GlintError: a dataset is damaged, or has no such sample.
    """
    return _joined([_of_dataset(dataset, labelled) for dataset in datasets])


def _of_dataset(dataset: "Dataset", labelled: bool) -> Samples:
    rows = dataset.rows()
    states, words = rows.codes("status")
    usable = np.array([word in (Status.OK, Status.PLANNED) for word in words] or [False], bool)[states]
    mos = rows.array("mos")
    if labelled:
        usable &= np.isfinite(mos)
    which = np.flatnonzero(usable).astype(np.int32)
    chosen: slice | np.ndarray = slice(None) if len(which) == len(rows) else which  # all of them need no copy
    if not len(which):
        wanting = "sample with a label" if len(rows) else "sample"
        raise GlintError(
            f"{dataset.folder}: holds no {wanting}; run 'glint-data label {dataset.folder} --reference kadid' first"
        )
    photo, photos = _photos(rows, chosen, dataset)
    leaning, leanings = _leanings(rows, chosen)
    return Samples(
        datasets=(dataset,),
        snapshots=(rows,),
        dataset=np.zeros(len(which), np.uint8),
        row=which,
        photo=photo,
        photos=photos,
        mos=mos[chosen],
        mos_std=rows.array("mos_std")[chosen],
        size=3 * _side(rows, "width")[chosen] * _side(rows, "height")[chosen],
        leaning=leaning,
        leanings=leanings,
    )


def _side(rows: Rows, name: str) -> np.ndarray:
    """Pixels of a side, 0 where the row does not say."""
    codes, sides = rows.codes(name)
    pixels: np.ndarray = np.array([side or 0 for side in sides] or [0], np.int32)[codes]
    return pixels


def _photos(rows: Rows, chosen: slice | np.ndarray, dataset: "Dataset") -> tuple[np.ndarray, Photos]:
    """Each row's photo by content; where no hash is known the name in this dataset has to do."""
    hashes, known = rows.codes("source_hash")
    sources, names = rows.codes("source")
    hashes, sources = hashes[chosen], sources[chosen]
    first, codes = distinct(hashes, sources)
    number_of: dict[str, int] = {}
    listed = Photos([], [])
    photo = np.empty(len(first), np.min_scalar_type(len(first)))
    for index in np.argsort(first, kind="stable"):
        row = first[index]
        name = names[sources[row]] or ""
        key = known[hashes[row]] or f"{dataset._pictures.place}/{name}"
        if key not in number_of:
            number_of[key] = len(number_of)
            listed.keys.append(key)
            listed.names.append(name)
        photo[index] = number_of[key]
    return photo[codes], listed


def _leanings(
    rows: Rows, chosen: slice | np.ndarray
) -> tuple[np.ndarray, list[tuple[str | None, tuple[str, ...]]]]:
    sets, set_names = rows.codes("label_set")
    lists, references = rows.codes("label_references")
    sets, lists = sets[chosen], lists[chosen]
    first, codes = distinct(sets, lists)
    return codes, [(set_names[sets[row]], tuple(references[lists[row]] or ())) for row in first]


def _joined(parts: list[Samples]) -> Samples:
    """Several datasets' samples as one; photos of the same pixels are one photo."""
    if len(parts) == 1:
        return parts[0]
    number_of: dict[str, int] = {}
    photos = Photos([], [])
    leanings: list[tuple[str | None, tuple[str, ...]]] = []
    photo, leaning, dataset = [], [], []
    for number, part in enumerate(parts):
        renumbered = np.empty(len(part.photos.keys), np.int32)
        for index, (key, name) in enumerate(zip(part.photos.keys, part.photos.names, strict=True)):
            if key not in number_of:
                number_of[key] = len(number_of)
                photos.keys.append(key)
                photos.names.append(name)
            renumbered[index] = number_of[key]
        photo.append(renumbered[part.photo])
        leaning.append(part.leaning.astype(np.int32) + len(leanings))
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
