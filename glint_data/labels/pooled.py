"""Pooled methods: they label any measured pair, whatever distorted it, from all rated pairs of a reference set.

A pooled method knows no cells. It is fitted on a `Pool` of rated pairs and says what a pair's measurements are worth.
Its errors are judged with a pair's type *and* its reference left out, because that is what it is for.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from glint_data.labels.method import METHODS, Method, Scored

UNKNOWN_TYPE = -1
POOLED = "any"
"""The method for what nobody rated."""


@dataclass(frozen=True)
class Pool:
    """N rated pairs. `mos` float (N,) on [0, 1]; `photo` int (N,) numbers the reference, `type` int (N,) the
    distortion, `UNKNOWN_TYPE` where nobody says; `blocks` by evidence, float (N, columns)."""

    mos: np.ndarray
    photo: np.ndarray
    type: np.ndarray
    blocks: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.mos)

    @classmethod
    def of(cls, scored: Scored, needs: frozenset[str]) -> "Pool":
        """All rated cells of a reference set's photos, photo by photo."""
        photo, cell = np.nonzero(np.isfinite(scored.mos))
        blocks = {name: scored.photos.blocks[name][photo, cell] for name in sorted(needs)}
        return cls(scored.mos[photo, cell], photo, scored.cells[cell, 0].astype(int), blocks)

    def rows(self, which: np.ndarray) -> "Pool":
        """These pairs only."""
        blocks = {name: block[which] for name, block in self.blocks.items()}
        return Pool(self.mos[which], self.photo[which], self.type[which], blocks)


class FittedPairs(Protocol):
    """A pooled method after its fit."""

    def predict(self, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n,): the scores of n pairs, each block float (n, columns)."""
        ...


@dataclass(frozen=True)
class PooledMethod(Method):
    """A registered pooled method. `fit` takes a `Pool`; fewer than `pairs` pairs do not hold it."""

    pairs: int = 0

    def holds(self, pool: Pool) -> bool:
        """Whether these pairs are enough for it."""
        return len(np.unique(pool.photo)) >= self.references and len(pool) >= self.pairs


def pooled_method(
    version: str = "1", needs: Collection[str] = (), references: int = 10, pairs: int = 180
) -> Callable[[Callable[[Pool], FittedPairs]], Callable[[Pool], FittedPairs]]:
    """Register a fit function under its own name; the docstring's first line is its title."""

    def register(fit: Callable[[Pool], FittedPairs]) -> Callable[[Pool], FittedPairs]:
        title = (fit.__doc__ or "").strip().splitlines()[0]
        known = PooledMethod(fit.__name__, fit, version, frozenset(needs), title, references, pairs)
        METHODS.add(fit.__name__, known)
        return fit

    return register


def for_unrated() -> PooledMethod:
    """The method `POOLED`."""
    method = METHODS[POOLED]
    assert isinstance(method, PooledMethod)
    return method
