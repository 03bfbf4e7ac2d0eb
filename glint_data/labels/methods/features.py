"""What photos are like, standardised by the references: the features of the regressions."""

from collections.abc import Sequence

import numpy as np

from glint_data.labels.evidence.source import EVIDENCE
from glint_data.labels.method import DESCRIPTOR, PhotoFeatures, standardised
from glint_data.labels.parts import CONTENT, Part

_FURTHEST = 3.0
"""Standardised features are cut there: a photo beyond it is unlike the references, not further along."""


class Features:
    """The blocks of content evidence that are named, and the embedder's vectors where they are a network's."""

    def __init__(self, photos: PhotoFeatures, names: Sequence[str]) -> None:
        self._names = names
        self._scales = [standardised(block) for block in self._blocks(photos)]

    def __call__(self, photos: PhotoFeatures) -> list[np.ndarray]:
        """One standardised float64 block (n, ...) each."""
        return [
            ((block - centre) / scale).clip(-_FURTHEST, _FURTHEST)
            for block, (centre, scale) in zip(self._blocks(photos), self._scales, strict=True)
        ]

    def parts(self, amounts: np.ndarray) -> list[Part]:
        """Amounts by feature, (all columns,), under their names; a network's channels, which have none, as one."""
        parts, begin = [], 0
        for position, (centre, _) in enumerate(self._scales):
            name = self._names[position] if position < len(self._names) else "the embedder's vector"
            own = amounts[begin : begin + len(centre)]
            begin += len(centre)
            if name == DESCRIPTOR:
                columns = EVIDENCE[name].columns
                parts += [
                    Part(CONTENT, f"{name} {column}", float(amount))
                    for column, amount in zip(columns, own, strict=True)
                ]
            else:
                parts.append(Part(CONTENT, name, float(own.sum())))
        return parts

    def _blocks(self, photos: PhotoFeatures) -> list[np.ndarray]:
        named = [photos.blocks[name] for name in self._names]
        if photos.vectors_are_unit:
            named.append(photos.vectors)
        return [np.asarray(block, float) for block in named]
