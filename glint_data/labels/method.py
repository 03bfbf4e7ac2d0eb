"""What a label method is: fitted on scored references, it predicts every cell's score for new photos.

All methods share this interface, so that the audit can put them side by side and `label` can use any.
Scores are on [0, 1], higher is better; rows are photos, columns are the reference set's cells.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from glint_data.errors import GlintError


@dataclass(frozen=True)
class Photos:
    """What is known of n photos before any label.

    `vectors` float (n, dimensions) from the embedder, `descriptors` float (n, ...) content statistics,
    `pairs` float (n, C, measurements) full-reference measurements of photo and sample in each cell, NaN
    where there is no sample; None for methods that look at the photo alone. `network_pairs` likewise, float
    (n, C, network measurements), and `network` float (n, channel statistics) of the photo, for methods that see
    both through an ImageNet network.
    """

    vectors: np.ndarray
    descriptors: np.ndarray
    vectors_are_unit: bool
    pairs: np.ndarray | None = None
    network_pairs: np.ndarray | None = None
    network: np.ndarray | None = None

    def rows(self, which: np.ndarray) -> "Photos":
        """These photos only, in this order."""
        parts = {name: getattr(self, name) for name in _BY_PHOTO}
        return replace(self, **{name: part[which] for name, part in parts.items() if part is not None})


_BY_PHOTO = ("vectors", "descriptors", "pairs", "network_pairs", "network")


@dataclass(frozen=True)
class Scored:
    """Photos with scores: what a method is fitted on. `mos` (n, C), NaN where unscored; `cells` (C, 2)."""

    photos: Photos
    mos: np.ndarray
    cells: np.ndarray

    def without(self, row: int) -> "Scored":
        """All but one photo."""
        keep = np.delete(np.arange(len(self.mos)), row)
        return replace(self, photos=self.photos.rows(keep), mos=self.mos[keep])


@dataclass(frozen=True)
class Prediction:
    """`mos` and `doubt`, both (n, C). `doubt` is relative: 1 for a photo as typical as the references,
    more for photos that the method knows less about; calibration turns it into a standard deviation."""

    mos: np.ndarray
    doubt: np.ndarray


class Fitted(Protocol):
    """A method after its fit."""

    def predict(self, photos: Photos) -> Prediction:
        """Every cell's score for each photo."""
        ...

    def left_out(self) -> Prediction:
        """For each photo of the fit, the prediction made without it: what calibration is based on."""
        ...


@dataclass(frozen=True)
class Method:
    """A registered method: `fit` makes a `Fitted`; `needs_pairs` says that it looks at the samples too,
    `needs_network` that it does so through an ImageNet network as well."""

    name: str
    fit: Callable[[Scored], Fitted]
    needs_pairs: bool
    needs_network: bool
    title: str

    def can_use(self, photos: Photos) -> bool:
        """Whether these photos come with all that the method looks at."""
        lacks_pairs = self.needs_pairs and photos.pairs is None
        return not (lacks_pairs or (self.needs_network and photos.network_pairs is None))


METHODS: dict[str, Method] = {}


def method(needs_pairs: bool = False, needs_network: bool = False) -> Callable:
    """Register a fit function under its own name; the docstring's first line is its title."""

    def register(fit: Callable[[Scored], Fitted]) -> Callable[[Scored], Fitted]:
        title = (fit.__doc__ or "").strip().splitlines()[0]
        METHODS[fit.__name__] = Method(fit.__name__, fit, needs_pairs, needs_network, title)
        return fit

    return register


def method_named(name: str) -> Method:
    """The method of that name. Raises `GlintError` naming those there are."""
    if name not in METHODS:
        raise GlintError(f"label method {name!r}: there is none; choose one of {', '.join(METHODS)}")
    return METHODS[name]


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
