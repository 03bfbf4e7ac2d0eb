"""The samples of a dataset as the label stage sees them: which photo, which cell, where the pixels are."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glint_data.dataset import manifest
from glint_data.errors import GlintError, ImageRefused
from glint_data.reference_sets.references import ReferenceSet
from glint_data.storage.places import recorded

_COLUMNS = ["source", "source_path", "source_hash", "reference_path", "suite", "type", "level", "status"]


@dataclass(frozen=True)
class PhotoFile:
    """A pristine photo: its name, the hash of its pixels, and the files that should hold them."""

    name: str
    hash: str
    candidates: tuple[Path, ...]

    def read(self) -> np.ndarray:
        """Its pixels, uint8 RGB; `ImageRefused` where no file holds exactly these."""
        from glint_data.images import pixel_hash, read_rgb

        reason = "its row names no file"
        for file in self.candidates:
            try:
                pixels = read_rgb(file)
            except ImageRefused as refusal:
                reason = str(refusal)
                continue
            if pixel_hash(pixels) == self.hash:
                return pixels
            reason = f"{file}: holds other pixels than when the dataset was made"
        raise ImageRefused(f"photo {self.name}: {reason}")


@dataclass(frozen=True)
class Sample:
    """One sample of a photo: its cell, how to render it, and the file that holds it (None: render it)."""

    column: int
    type: int
    level: int
    seed: int
    parameters: str | None
    file: Path | None
    hash: str | None


@dataclass(frozen=True)
class Samples:
    """Row i of the manifest: `photo[i]` indexes `photos`, `suite[i]` indexes `suites`; `whole[i]` says that
    it was rendered, or planned, without failure."""

    file: Path
    photos: tuple[PhotoFile, ...]
    suites: tuple[str, ...]
    photo: np.ndarray
    suite: np.ndarray
    type: np.ndarray
    level: np.ndarray
    whole: np.ndarray

    def __len__(self) -> int:
        return len(self.photo)

    def columns_in(self, references: ReferenceSet) -> np.ndarray:
        """int64 (rows,): the references' column of each row's (suite, type, level), -1 where none."""
        lookup = np.full((int(self.type.max(initial=0)) + 1, int(self.level.max(initial=0)) + 1), -1)
        for (kind, level), column in references.column_of().items():
            if kind < lookup.shape[0] and level < lookup.shape[1]:
                lookup[kind, level] = column
        same_suite = np.array([name == references.suite for name in self.suites], dtype=bool)
        return np.where(same_suite[self.suite] & self.whole, lookup[self.type, self.level], -1)

    def require_common_cells(self, columns: np.ndarray, references: ReferenceSet) -> None:
        """Raise `GlintError` where not one sample has a cell that the references were rated in."""
        if (columns >= 0).any():
            return
        if len(self) == 0:
            raise GlintError(f"{self.file}: holds no samples; 'glint-data synthesize' makes them")
        if not self.whole.any():
            raise GlintError(
                f"{self.file}: none of its {len(self)} samples was rendered; see its failures.csv"
            )
        raise GlintError(
            f"{self.file}: its samples are of the suite {', '.join(self.suites)}, but "
            f"{references.title}'s scores are for {references.suite}; "
            "levels of different suites are different strengths, so no label is given. "
            f"Choose a reference set of the dataset's suite, or synthesize with --suite {references.suite}"
        )


def read_samples(file: Path) -> Samples:
    """Read what labelling needs from a manifest; a few bytes a row are kept."""
    table = manifest.read_table(file, _COLUMNS)
    folder = manifest.dataset_folder(file)
    codes, first = _distinct(table, "source_hash")
    suite, first_suite = _distinct(table, "suite")
    places = table.select(["source", "source_hash", "source_path", "reference_path"]).take(first).to_pylist()
    status, first_status = _distinct(table, "status")
    failed = np.array([word == "failed" for word in table["status"].take(first_status).to_pylist()], bool)
    return Samples(
        file=file,
        photos=tuple(_photo_file(folder, place) for place in places),
        suites=tuple(table["suite"].take(first_suite).cast("string").to_pylist()),
        photo=codes,
        suite=suite,
        type=table["type"].to_numpy(),
        level=table["level"].to_numpy(),
        whole=~failed[status],
    )


def read_pairs(samples: Samples, columns: np.ndarray) -> dict[int, tuple[Sample, ...]]:
    """The samples to be measured, by photo: those that have a column in the reference set."""
    table = manifest.read_table(samples.file, ["seed", "parameters", "path", "image_hash"])
    folder = manifest.dataset_folder(samples.file)
    wanted = np.flatnonzero(columns >= 0)
    wanted = wanted[np.lexsort((columns[wanted], samples.photo[wanted]))]
    bounds = np.flatnonzero(np.diff(samples.photo[wanted], prepend=-1, append=-1))
    found = {}
    for begin, end in itertools.pairwise(bounds):
        rows = wanted[begin:end]
        places = table.take(rows).to_pylist()
        found[int(samples.photo[rows[0]])] = tuple(
            Sample(
                column=int(columns[row]),
                type=int(samples.type[row]),
                level=int(samples.level[row]),
                seed=place["seed"] or 0,
                parameters=place["parameters"],
                file=manifest.inside(folder, place["path"]) if place["path"] else None,
                hash=place["image_hash"],
            )
            for row, place in zip(rows, places, strict=True)
        )
    return found


def _photo_file(folder: Path, row: dict) -> PhotoFile:
    candidates = []
    if row["reference_path"]:
        candidates.append(manifest.inside(folder, row["reference_path"]))
    if row["source_path"]:
        candidates.append(recorded(row["source_path"]))
    return PhotoFile(row["source"] or "?", row["source_hash"] or "", tuple(candidates))


def _distinct(table, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Integer codes of a text column, int32 (rows,), and the first row of each code."""
    import pyarrow.compute as pc

    values = pc.fill_null(table[column].cast("string"), "")
    encoded = values.combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int32)
    _, first = np.unique(codes, return_index=True)
    return codes, first
