"""The samples of a dataset as the label stage sees them: which photo, which cell, who scored them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from distortions.suites import SUITES
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import RATED
from glint_data.dataset.rows import Rows
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError, ImageRefused
from glint_data.reference_sets.references import ReferenceSet


@dataclass(frozen=True)
class PristinePhoto:
    """A pristine photo: `hash` of its pixels, None where none is recorded; any of its samples leads to the pixels."""

    hash: str | None
    sample: Sample

    @property
    def name(self) -> str:
        """What it is called."""
        return self.sample.source or "?"

    def read(self) -> np.ndarray:
        """Its pixels, uint8 RGB; `ImageRefused` where no file holds exactly these."""
        pixels = self.sample.pristine() if self.hash else None
        if pixels is None:
            raise ImageRefused(f"photo {self.name}: its row names no photo to compare with")
        return pixels


@dataclass(frozen=True)
class SamplesToLabel:
    """Row i of the manifest: `photo[i]` indexes `photos`, `suite[i]` indexes `suites`, names that hold the version
    where a suite does not ship (see `_suites`), "" for none; `type[i]`, `level[i]` are -1 where it has none.
    `rendered[i]`: it was rendered, or planned, without failure; `rated[i]`: people scored it; `pixels[i]`: how many
    the sample has, 0 where nobody noted it."""

    dataset: Dataset
    photos: tuple[PristinePhoto, ...]
    suites: tuple[str, ...]
    photo: np.ndarray
    suite: np.ndarray
    type: np.ndarray
    level: np.ndarray
    rendered: np.ndarray
    rated: np.ndarray
    pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.photo)

    def columns_in(self, references: ReferenceSet) -> np.ndarray:
        """int64 (rows,): the references' column of each row's (suite, type, level), -1 where none."""
        codes = references.cells.astype(np.int64) @ [1 << 16, 1]
        if not len(codes):
            return np.full(len(self), -1)
        order = np.argsort(codes)
        wanted = self.type.astype(np.int64) * (1 << 16) + self.level
        position = np.searchsorted(codes[order], wanted).clip(max=len(codes) - 1)
        column = np.where(codes[order][position] == wanted, order[position], -1)
        same_suite = np.array([name == references.suite for name in self.suites], dtype=bool)
        has_cell = same_suite[self.suite] & self.rendered & (self.type >= 0) & (self.level >= 0)
        return np.where(has_cell, column, -1)

    def require_some(self) -> None:
        """Raise `GlintError` where there is nothing to label."""
        file = self.dataset.file
        if len(self) == 0:
            raise GlintError(f"{file}: holds no samples; 'glint-data synthesize' makes them")
        if not self.rendered.any():
            raise GlintError(f"{file}: none of its {len(self)} samples was rendered; see its failures.csv")

    def by_photo(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """(photo, its rows by type and level) of these rows of the manifest."""
        order = rows[np.lexsort((rows, self.level[rows], self.type[rows], self.photo[rows]))]
        bounds = np.flatnonzero(np.diff(self.photo[order], prepend=-1, append=-1))
        for begin, end in itertools.pairwise(bounds):
            yield int(self.photo[order[begin]]), order[begin:end]


def read_samples(dataset: Dataset) -> SamplesToLabel:
    """What labelling needs of a manifest; a few bytes a row are kept."""
    rows = dataset.rows()
    hash_codes, hashes = rows.codes("source_hash")
    photo = hash_codes.astype(np.int64)
    _, first = np.unique(photo, return_index=True)
    suite, suites = _suites(rows)
    status, words = rows.codes("status")
    method, methods = rows.codes("label_method")
    usable = np.array([word in (Status.OK, Status.PLANNED) for word in words], bool)
    people = np.array([word == RATED for word in methods], bool)
    width, height = (_numbers(rows, name, 0) for name in ("width", "height"))
    return SamplesToLabel(
        dataset=dataset,
        photos=tuple(PristinePhoto(hashes[photo[row]], dataset[int(row)]) for row in first),
        suites=suites,
        photo=photo,
        suite=suite,
        type=_numbers(rows, "type", -1),
        level=_numbers(rows, "level", -1),
        rendered=usable[status],
        rated=people[method] & np.isfinite(rows.array("mos").astype(float)),
        pixels=width * height,
    )


def _suites(rows: Rows) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which suite each row is of, and their names. Two suites of one's own that share a name are told apart by their
    versions, hashes of what they hold; the levels of suites that ship mean the same in every version."""
    (named, names), (dated, versions) = rows.codes("suite"), rows.codes("suite_version")
    pairs, code = np.unique(
        named.astype(np.int64) * len(versions) + dated.astype(np.int64), return_inverse=True
    )
    known = []
    for pair in pairs:
        name, version = names[pair // len(versions)] or "", versions[pair % len(versions)]
        known.append(name if not name or not version or name in SUITES else f"{name} {version}")
    keys = tuple(dict.fromkeys(known))
    return np.array([keys.index(name) for name in known])[code.ravel()], keys


def _numbers(rows: Rows, name: str, gap: int) -> np.ndarray:
    values = rows.array(name).astype(float)
    return np.where(np.isfinite(values), values, gap).astype(np.int64)
