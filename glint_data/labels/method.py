"""What a label method is: fitted on scored references, it predicts every cell's score for new photos.

All methods share this interface, so that the audit can put them side by side and `label` can use any.
Scores are on [0, 1], higher is better; rows are photos, columns are the reference set's cells.
"""

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from glint_data.labels.prediction import Checked
from glint_data.labels.prediction import Prediction as Prediction
from glint_data.registry import Registry

DESCRIPTOR = "content/descriptor-1"
"""The block of content statistics, which there are of every photo."""


def _read_only(values: np.ndarray) -> np.ndarray:
    """A view that refuses to be written into."""
    view = values.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class PhotoFeatures:
    """What is known of n photos before any label.

    `vectors` float (n, dimensions) from the embedder: the space in which neighbours are looked for;
    `vectors_are_unit`: whether it is a network's. `blocks` by the name of the evidence: content, float (n, columns),
    and pairs, float (n, C, columns), NaN where there is no sample. All are read-only: several methods look at them.
    """

    vectors: np.ndarray
    vectors_are_unit: bool
    blocks: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vectors", _read_only(self.vectors))
        blocks = {name: _read_only(block) for name, block in self.blocks.items()}
        object.__setattr__(self, "blocks", blocks)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def descriptors(self) -> np.ndarray:
        """float (n, ...): content statistics."""
        return self.blocks[DESCRIPTOR]

    def rows(self, which: np.ndarray) -> "PhotoFeatures":
        """These photos only, in this order."""
        blocks = {name: block[which] for name, block in self.blocks.items()}
        return replace(self, vectors=self.vectors[which], blocks=blocks)

    def joined(self, blocks: Mapping[str, np.ndarray]) -> "PhotoFeatures":
        """With further blocks."""
        return replace(self, blocks={**self.blocks, **blocks})


@dataclass(frozen=True)
class Scored:
    """Photos with scores: what a method is fitted on. `mos` (n, C), NaN where unscored; `cells` (C, 2).

    Both are read-only: what calibrates a method is not the method's to change.
    """

    photos: PhotoFeatures
    mos: np.ndarray
    cells: np.ndarray

    def __post_init__(self) -> None:
        for name in ("mos", "cells"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    def without(self, row: int) -> "Scored":
        """All but one photo."""
        keep = np.delete(np.arange(len(self.mos)), row)
        return replace(self, photos=self.photos.rows(keep), mos=self.mos[keep])


class Fitted(Protocol):
    """A method after its fit."""

    def predict(self, photos: PhotoFeatures) -> Prediction:
        """Every cell's score for each photo."""
        ...

    def left_out(self) -> Prediction:
        """For each photo of the fit, the prediction made without it: what calibration is based on."""
        ...


@dataclass(frozen=True)
class Method:
    """A registered method: `fit` makes a `Fitted`, `needs` names the evidence that it looks at.

    `version` goes up when its labels change; it is recorded in every row. `references`: fewer than this do not hold it.
    """

    name: str
    fit: Callable[[Any], Any]
    version: str
    needs: frozenset[str]
    title: str
    references: int

    @property
    def needs_pairs(self) -> bool:
        """Whether it looks at the samples too."""
        return any(name.startswith("pairs/") for name in self.needs)

    def can_use(self, photos: PhotoFeatures) -> bool:
        """Whether these references come with all that the method looks at, and are enough."""
        return self.needs <= photos.blocks.keys() and len(photos) >= self.references


METHODS: Registry[Method] = Registry("label method")


def method(
    version: str = "1", needs: Collection[str] = (), references: int = 3
) -> Callable[[Callable[[Scored], Fitted]], Callable[[Scored], Fitted]]:
    """Register a fit function under its own name; the docstring's first line is its title."""

    def register(fit: Callable[[Scored], Fitted]) -> Callable[[Scored], Fitted]:
        title = (fit.__doc__ or "").strip().splitlines()[0]
        name = fit.__name__
        checked = functools.partial(Checked, name, fit)
        METHODS.add(name, Method(name, checked, version, frozenset(needs), title, references))
        return fit

    return register


def standardised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column; constant columns get a deviation of 1."""
    deviation = values.std(axis=0)
    return values.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0)


def cell_means(mos: np.ndarray) -> np.ndarray:
    """Mean score of each cell over those rated there, (C,)."""
    return np.nanmean(mos, axis=0)


def filled(mos: np.ndarray) -> np.ndarray:
    """Scores with the cell's mean where nobody rated."""
    return np.where(np.isfinite(mos), mos, cell_means(mos))
