"""The samples of a dataset as the label stage sees them: which photo, which cell, where the pixels are."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glint_data.dataset import manifest
from glint_data.errors import GlintError, ImageRefused
from glint_data.reference_sets.references import ReferenceSet
from glint_data.storage.places import recorded

_COLUMNS = [
    *("source", "source_path", "source_hash", "reference_path", "suite", "type", "level", "status"),
    *("mos", "label_method"),
]
RATED = "rated"
"""The `label_method` of rows that people scored."""


@dataclass(frozen=True)
class PhotoFile:
    """A pristine photo: its name, the hash of its pixels, and the files that should hold them."""

    name: str
    hash: str
    candidates: tuple[Path, ...]

    def read(self) -> np.ndarray:
        """Its pixels, uint8 RGB; `ImageRefused` where no file holds exactly these."""
        reason = "its row names no photo to compare with"
        for file in self.candidates if self.hash else ():
            try:
                return read_recorded(file, self.hash)
            except ImageRefused as refusal:
                reason = str(refusal)
        raise ImageRefused(f"photo {self.name}: {reason}")


def read_recorded(file: Path, recorded_hash: str | None) -> np.ndarray:
    """An image's pixels, if they are those that were recorded; `ImageRefused` otherwise."""
    from glint_data.images import pixel_hash, read_rgb

    pixels = read_rgb(file)
    if recorded_hash and pixel_hash(pixels) != recorded_hash:
        raise ImageRefused(f"{file}: holds other pixels than when the dataset was made")
    return pixels


@dataclass(frozen=True)
class SampleFile:
    """One sample of a photo: its row in the manifest, how to render it, the file that holds it (None: render it)."""

    row: int
    suite: str
    type: int
    level: int
    seed: int
    parameters: str | None
    file: Path | None
    hash: str | None

    def key(self) -> list:
        """All that decides its pixels."""
        if self.hash:
            return [self.hash]
        import distortions

        version = distortions.suite(self.suite).version
        return [self.suite, version, self.type, self.level, self.seed, self.parameters]


@dataclass(frozen=True)
class Samples:
    """Row i of the manifest: `photo[i]` indexes `photos`, `suite[i]` indexes `suites`; `type[i]`, `level[i]` are -1
    where it has none. `rendered[i]`: it was rendered, or planned, without failure; `rated[i]`: people scored it."""

    file: Path
    photos: tuple[PhotoFile, ...]
    suites: tuple[str, ...]
    photo: np.ndarray
    suite: np.ndarray
    type: np.ndarray
    level: np.ndarray
    rendered: np.ndarray
    rated: np.ndarray

    def __len__(self) -> int:
        return len(self.photo)

    def columns_in(self, references: ReferenceSet) -> np.ndarray:
        """int64 (rows,): the references' column of each row's (suite, type, level), -1 where none."""
        codes = references.cells.astype(np.int64) @ [1 << 16, 1]
        order = np.argsort(codes)
        wanted = self.type.astype(np.int64) * (1 << 16) + self.level
        position = np.searchsorted(codes[order], wanted).clip(max=len(codes) - 1)
        column = np.where(codes[order][position] == wanted, order[position], -1)
        same_suite = np.array([name == references.suite for name in self.suites], dtype=bool)
        return np.where(
            same_suite[self.suite] & self.rendered & (self.type >= 0) & (self.level >= 0), column, -1
        )

    def require_some(self) -> None:
        """Raise `GlintError` where there is nothing to label."""
        if len(self) == 0:
            raise GlintError(f"{self.file}: holds no samples; 'glint-data synthesize' makes them")
        if not self.rendered.any():
            raise GlintError(
                f"{self.file}: none of its {len(self)} samples was rendered; see its failures.csv"
            )

    def require_common_cells(self, columns: np.ndarray, references: ReferenceSet) -> None:
        """Raise `GlintError` where not one sample has a cell that the references were rated in."""
        if (columns >= 0).any():
            return
        raise GlintError(
            f"{self.file}: its samples are of the suite {', '.join(self.suites)}, but "
            f"{references.title}'s scores are for {references.suite}; "
            "levels of different suites are different strengths, so no label is given. "
            f"Choose a reference set of the dataset's suite, or synthesize with --suite {references.suite}"
        )


def read_samples(file: Path) -> Samples:
    """Read what labelling needs from a manifest; a few bytes a row are kept."""
    import pyarrow.compute as pc

    table = manifest.read_table(file, _COLUMNS)
    folder = manifest.dataset_folder(file)
    codes, first = _distinct(table, "source_hash")
    suite, first_suite = _distinct(table, "suite")
    places = table.select(["source", "source_hash", "source_path", "reference_path"]).take(first).to_pylist()
    status, first_status = _distinct(table, "status")
    failed = np.array([word == "failed" for word in table["status"].take(first_status).to_pylist()], bool)
    method, first_method = _distinct(table, "label_method")
    people = np.array([word == RATED for word in table["label_method"].take(first_method).to_pylist()], bool)
    scored = table["mos"].is_valid().to_numpy()
    return Samples(
        file=file,
        photos=tuple(_photo_file(folder, place) for place in places),
        suites=tuple(word or "" for word in table["suite"].take(first_suite).cast("string").to_pylist()),
        photo=codes,
        suite=suite,
        type=pc.fill_null(table["type"], -1).to_numpy(),
        level=pc.fill_null(table["level"], -1).to_numpy(),
        rendered=~failed[status],
        rated=people[method] & scored,
    )


def read_pairs(samples: Samples, rows: np.ndarray) -> dict[int, tuple[SampleFile, ...]]:
    """The samples of these rows of the manifest, by photo."""
    table = manifest.read_table(samples.file, ["seed", "parameters", "path", "image_hash"])
    folder = manifest.dataset_folder(samples.file)
    wanted = rows[np.lexsort((rows, samples.level[rows], samples.type[rows], samples.photo[rows]))]
    bounds = np.flatnonzero(np.diff(samples.photo[wanted], prepend=-1, append=-1))
    by_photo = {}
    for begin, end in itertools.pairwise(bounds):
        own = wanted[begin:end]
        places = table.take(own).to_pylist()
        by_photo[int(samples.photo[own[0]])] = tuple(
            SampleFile(
                row=int(row),
                suite=samples.suites[samples.suite[row]],
                type=int(samples.type[row]),
                level=int(samples.level[row]),
                seed=place["seed"] or 0,
                parameters=place["parameters"],
                file=manifest.inside(folder, place["path"]) if place["path"] else None,
                hash=place["image_hash"],
            )
            for row, place in zip(own, places, strict=True)
        )
    return by_photo


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
