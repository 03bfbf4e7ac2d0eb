"""Evidence: named blocks of numbers that label methods look at.

A block of content evidence says what a photo is like, one row a photo; a block of pair evidence says what became
of the photo in a sample, one row a pair. A block is named after what it holds and its version, such as
`pairs/plain-1`: a number that changes its meaning gets a new version, so nothing measured by another is mixed in.
A new block is one file that makes a `ContentEvidence` or `PairEvidence` and adds it to `EVIDENCE`; methods name the
blocks that they need. Measurements of rated sets that ship are compared with `columns` when they are loaded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glint_data.embedding.embed import Embedder
from glint_data.errors import GlintError
from glint_data.plugins import raised_by
from glint_data.registry import Registry


@dataclass(frozen=True)
class ContentEvidence:
    """What a photo is like. `open()` gives the embedder whose vectors (photos, len(columns)) these are."""

    name: str
    columns: tuple[str, ...]
    open: Callable[[], Embedder]


@dataclass(frozen=True)
class PairEvidence:
    """What became of a photo in a sample of equal size.

    `view(pixels)` turns an image, uint8 (height, width, 3), into all that comparing needs of it, so that a photo is
    looked at once for all its samples; sources with the same `view` function share it. `compare(photo, sample)` takes
    two views and gives `len(columns)` finite numbers. `views(images, device)`, where there is one, is `view` of several
    images of one size at once, for a GPU; sources with the same `view` have the same `views`.
    """

    name: str
    columns: tuple[str, ...]
    view: Callable[[np.ndarray], Any]
    compare: Callable[[Any, Any], Sequence[float]]
    views: Callable[[Sequence[np.ndarray], str], list[Any]] | None = None


EVIDENCE: Registry[ContentEvidence | PairEvidence] = Registry("evidence")


def content_evidence(names: frozenset[str]) -> list[ContentEvidence]:
    """Those of these blocks that say what a photo is like, in the order of registration."""
    return [source for source in _named(names) if isinstance(source, ContentEvidence)]


def pair_evidence(names: frozenset[str]) -> list[PairEvidence]:
    """Those of these blocks that compare a photo with its sample, in the order of registration."""
    return [source for source in _named(names) if isinstance(source, PairEvidence)]


def _named(names: frozenset[str]) -> list[ContentEvidence | PairEvidence]:
    for name in names:
        EVIDENCE[name]  # an unknown name is answered with those there are
    return [source for name, source in EVIDENCE.items() if name in names]


class Comparison:
    """A photo with its views, for several sources; `rows(pixels)` compares samples with it.

    `device` None looks at one picture after the other; otherwise sources that can look at several do, on that device.
    """

    def __init__(self, photo: np.ndarray, sources: Sequence[PairEvidence], device: str | None = None) -> None:
        self._sources = sources
        self._shape = photo.shape
        self._device = device
        self._photo = {view: seen[0] for view, seen in self._views([photo]).items()}

    def _views(self, pictures: Sequence[np.ndarray]) -> dict[Callable[[np.ndarray], Any], list[Any]]:
        return {
            source.view: self._seen(source, pictures)
            for source in {source.view: source for source in self._sources}.values()
        }

    def _seen(self, source: PairEvidence, pictures: Sequence[np.ndarray]) -> list[Any]:
        with raised_by(f"evidence {source.name}: view", unless=_out_of_memory):
            if source.views and self._device:
                return source.views(pictures, self._device)
            return [source.view(picture) for picture in pictures]

    def row(self, sample: np.ndarray) -> list[np.ndarray]:
        """One float32 (columns,) a source. Raises `ValueError` where the sizes differ."""
        return self.rows([sample])[0]

    def rows(self, samples: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """`row` of several samples."""
        for sample in samples:
            if sample.shape != self._shape:
                raise ValueError(f"the photo is {self._shape}, its sample {sample.shape}: not a pair")
        views = self._views(samples)
        return [
            [
                _compared(source, self._photo[source.view], views[source.view][number])
                for source in self._sources
            ]
            for number in range(len(samples))
        ]


def _compared(source: PairEvidence, photo: Any, sample: Any) -> np.ndarray:
    """float32 (columns,), finite. Raises `GlintError`, naming the block, for anything else."""
    with raised_by(f"evidence {source.name}: compare", unless=_out_of_memory):
        row = np.asarray(source.compare(photo, sample), np.float32)
    count = len(source.columns)
    if row.shape != (count,) or not np.isfinite(row).all():
        found = f"shape {row.shape}" if row.shape != (count,) else f"{row.tolist()}"
        raise GlintError(
            f"evidence {source.name}: compare gave {found}; {count} finite numbers are needed, one a column"
        )
    return row


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError)
