"""The regression behind `pair` and `deep`: what the photo is like, and what the distortion did to this very photo.

Each distortion type has its own Gaussian process over all its images: targets are departures from the cell
means, in units of the cell's spread; the kernel is the sum of one on full-reference measurements (taken
relative to the cell's mean: an image that is structurally closer to its photo than others of its cell) and
one on content, both fading with the distance between levels. A reference's five levels are left out
together, in closed form (block inverse; Rasmussen and Williams 2006, section 5.4.2, for blocks), and so is chosen the
noise: by the error on left-out references, over all types together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glint_data.errors import GlintError
from glint_data.labels.evidence.source import EVIDENCE
from glint_data.labels.method import PhotoFeatures, Prediction, Scored, cell_means, filled
from glint_data.labels.methods.features import Features
from glint_data.labels.methods.kernels import RADIAL_WIDTH, mixed, own, side_by_side
from glint_data.labels.methods.threads import one_thread
from glint_data.labels.parts import BASE, PAIR, Part, radial_parts

_NOISES = (2.0, 3.0, 4.5)
"""Variances of what is not explained, relative to a kernel whose measurements have a variance of 1."""
_LINEAR_SHARE = 0.5
_LEVELS_APART = 4.0
"""Levels at which the kernel has fallen to exp(-1/2)."""
_FURTHEST = 4.0
_CONSTANT = 10.0
"""Prior variance of each cell's level, in units of the cell's spread: the level is the data's own."""


@dataclass(frozen=True)
class Shares:
    """What takes part in a label: the `pairs` evidence, which shares a weight of 1 in the kernel, and each block of
    `content` evidence with its weight there."""

    pairs: Sequence[str]
    content: Mapping[str, float]

    @property
    def content_weight(self) -> float:
        """What all content weighs."""
        return sum(self.content.values())


@dataclass(frozen=True)
class _Design:
    """The images of one type as the kernel sees them. Rows are (photo, level), photo by photo."""

    columns: np.ndarray
    levels: np.ndarray
    balance: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, cells: np.ndarray, number: int, measured: list[np.ndarray], scores: np.ndarray) -> "_Design":
        """The scales that the references set for one type; `scores` (R, C) without gaps."""
        columns = np.flatnonzero(cells[:, 0] == number)
        pairs = np.concatenate([block[:, columns] for block in measured], axis=2).astype(np.float64)
        widths = [block.shape[2] for block in measured]
        # each block weighs the same in a mean over the columns, however many it has
        balance = np.repeat([(sum(widths) / len(widths) / width) ** 0.5 for width in widths], widths)
        centre = np.nanmean(pairs, axis=0)
        scale = np.sqrt(np.nanmean((pairs - centre) ** 2, axis=(0, 1))) + 1e-6
        spread = np.maximum((scores - cell_means(scores))[:, columns].std(axis=0), 1e-3)
        return cls(columns, cells[columns, 1].astype(float), balance, centre, scale, spread)

    def rows(self, measured: list[np.ndarray]) -> np.ndarray:
        """Blocks of (n, C, ...) as float32 (n x levels, m) departures from the cell's mean."""
        pairs = np.concatenate([block[:, self.columns] for block in measured], axis=2)
        departures = ((pairs - self.centre) / self.scale).clip(-_FURTHEST, _FURTHEST)
        flat = np.nan_to_num(departures).reshape(-1, pairs.shape[2])
        return (flat * self.balance).astype(np.float32)

    def kernel(self, first: np.ndarray, second: np.ndarray, similar: np.ndarray) -> np.ndarray:
        """Prior covariance of images: measurements + content, fading by level, + the cell's own level."""
        apart = (self.levels[:, None] - self.levels[None]) ** 2
        fading = np.exp(-apart / (2 * _LEVELS_APART**2)).astype(np.float32)
        count, total = similar.shape
        kernel = mixed(first, second, _LINEAR_SHARE).reshape(count, len(self.levels), total, len(self.levels))
        kernel = (kernel + similar[:, None, :, None]) * fading[None, :, None, :]
        kernel += (_CONSTANT * (apart == 0)).astype(np.float32)[None, :, None, :]
        return kernel.reshape(count * len(self.levels), total * len(self.levels))


@dataclass(frozen=True)
class _Solved:
    """The Gaussian process of one type with one noise, and what it says of its own photos when they are left out."""

    design: _Design
    train: np.ndarray
    inverse: np.ndarray
    weights: np.ndarray
    residual: np.ndarray
    variance: np.ndarray

    @property
    def typical(self) -> np.ndarray:
        """The variance of a typical reference in each cell, (levels,)."""
        return np.median(self.variance, axis=0)


class PairRegression:
    """The fitted regression of all types."""

    def __init__(self, scored: Scored, shares: Shares) -> None:
        self._shares = shares
        measured = self._measured(scored.photos)
        self._scores = filled(scored.mos)
        self._means = cell_means(scored.mos)
        self._features = Features(scored.photos, tuple(shares.content))
        self._content = self._content_of(scored.photos)
        similar = shares.content_weight * mixed(self._content, self._content, 1.0)
        designs = [
            _Design.of(scored.cells, number, measured, self._scores)
            for number in np.unique(scored.cells[:, 0])
        ]
        with one_thread():
            self._noise, self._models = self._solve(designs, measured, similar)
        self._left_out, self._doubt = np.empty(scored.mos.shape), np.empty(scored.mos.shape)
        for model in self._models:
            columns = model.design.columns
            self._left_out[:, columns] = self._scores[:, columns] - model.residual * model.design.spread
            self._doubt[:, columns] = np.sqrt(model.variance / model.typical)
        # departures are shrunk so that the left-out ones err least
        departure = self._left_out - self._means
        total = float((departure**2).sum())  # none where every reference got the same score in every cell
        self._shrunk = float(((self._scores - self._means) * departure).sum()) / total if total > 0 else 0.0
        self._left_out = self._means + self._shrunk * departure

    def _content_of(self, photos: PhotoFeatures) -> np.ndarray:
        """Content features; the embedder's own vectors, where there are any, weigh what a block does on the average."""
        blocks, weights = self._features(photos), list(self._shares.content.values())
        extra = len(blocks) - len(weights)
        return side_by_side(blocks, [*weights, *[sum(weights) / len(weights)] * extra])

    def _measured(self, photos: PhotoFeatures) -> list[np.ndarray]:
        """The measurements that take part, each (n, C, ...)."""
        missing = [name for name in self._shares.pairs if name not in photos.blocks]
        if missing:
            raise GlintError(
                f"these photos have no measurements of their samples ({', '.join(missing)}); choose --method content, "
                "or make the references' from their folder: python -m glint_data.labels.evidence.refit NAME FOLDER"
            )
        return [photos.blocks[name] for name in self._shares.pairs]

    def _solve(
        self, designs: list[_Design], measured: list[np.ndarray], similar: np.ndarray
    ) -> tuple[float, list[_Solved]]:
        """All types with the noise whose left-out error is smallest."""
        rows = [design.rows(measured) for design in designs]
        priors = [design.kernel(train, train, similar) for design, train in zip(designs, rows, strict=True)]
        best = np.inf
        chosen: tuple[float, list[_Solved]] = (_NOISES[0], [])
        for noise in _NOISES:
            solved = [
                self._solved(design, train, prior, noise)
                for design, train, prior in zip(designs, rows, priors, strict=True)
            ]
            error = sum(((model.residual * model.design.spread) ** 2).sum() for model in solved)
            if error < best:
                best, chosen = error, (noise, solved)
        return chosen

    def _solved(self, design: _Design, train: np.ndarray, prior: np.ndarray, noise: float) -> _Solved:
        target = ((self._scores - self._means)[:, design.columns] / design.spread).reshape(-1)
        inverse = _inverse(prior, noise)
        weights = inverse @ target
        residual, variance = _left_out_blocks(inverse, weights, len(design.levels))
        return _Solved(design, train, inverse, weights, residual, variance)

    def predict(self, photos: PhotoFeatures) -> Prediction:
        """Cell means plus the predicted departures. Cells without measurements get the content's share only."""
        measured = self._measured(photos)
        content = self._content_of(photos)
        similar = self._shares.content_weight * mixed(content, self._content, 1.0)
        alike = self._shares.content_weight * own(content, 1.0)
        count = len(content)
        departure = np.zeros((count, len(self._means)))
        doubt = np.ones_like(departure)
        with one_thread():
            for model in self._models:
                design = model.design
                rows = design.rows(measured)
                cross = design.kernel(rows, model.train, similar)
                departure[:, design.columns] = (cross @ model.weights).reshape(count, -1) * design.spread
                prior = (
                    own(rows, _LINEAR_SHARE) + np.repeat(alike, len(design.levels)) + _CONSTANT + self._noise
                )
                variance = prior - np.einsum("ij,ij->i", cross @ model.inverse, cross)
                variance = variance.clip(self._noise).reshape(count, -1)
                doubt[:, design.columns] = np.sqrt(variance / model.typical)
        return Prediction(self._means + self._shrunk * departure, doubt)

    def parts(self, photos: PhotoFeatures, column: int) -> list[Part]:
        """What the prediction of one photo's sample in that cell is made of: the parts add up to it."""
        model = next(each for each in self._models if column in each.design.columns)
        design = model.design
        level = int(np.flatnonzero(design.columns == column)[0])
        apart = design.levels - design.levels[level]
        # a prediction is a sum over all rated samples of the type, each with the weight that the fit gave it
        weights = model.weights.reshape(-1, len(apart)) * self._shrunk * design.spread[level]
        faded = weights * np.exp(-(apart**2) / (2 * _LEVELS_APART**2))
        own_level = _CONSTANT * weights[:, level].sum()
        parts = [Part(BASE, "mean of the cell", float(self._means[column] + own_level))]
        content = self._content_of(photos)[0].astype(float)
        by_feature = (
            content * (faded.sum(axis=1) @ self._content) * self._shares.content_weight / len(content)
        )
        parts += self._features.parts(by_feature)
        point, known = design.rows(self._measured(photos))[level].astype(float), model.train.astype(float)
        linear = _LINEAR_SHARE * point * (faded.ravel() @ known) / len(point)
        typical, radial = radial_parts(point, known, (1 - _LINEAR_SHARE) * faded.ravel(), RADIAL_WIDTH)
        parts.append(Part(PAIR, "measured like a typical pair of the cell", typical))
        names = [f"{name} {column}" for name in self._shares.pairs for column in EVIDENCE[name].columns]
        amounts = (linear + radial).tolist()
        return parts + [Part(PAIR, name, amount) for name, amount in zip(names, amounts, strict=True)]

    def left_out(self) -> Prediction:
        """Exact predictions with each reference's images left out, the kernel being that of the whole fit."""
        return Prediction(self._left_out, self._doubt)


def _inverse(prior: np.ndarray, noise: float) -> np.ndarray:
    from scipy.linalg import lapack

    noisy = prior.copy()
    noisy[np.diag_indices_from(noisy)] += np.float32(noise)
    factor, failed = lapack.spotrf(noisy, lower=1, overwrite_a=1)
    if failed:
        raise ArithmeticError(f"the kernel matrix is not positive definite (leading minor {failed})")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse)
    return inverse + np.tril(inverse, -1).T


def _left_out_blocks(inverse: np.ndarray, weights: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Residuals and variances with each photo's `block` rows left out together, both (photos, block)."""
    count = len(weights) // block
    blocks = inverse.reshape(count, block, count, block)[np.arange(count), :, np.arange(count)].astype(
        np.float64
    )
    covariance = np.linalg.inv(blocks)
    residual = np.einsum("ijk,ik->ij", covariance, weights.reshape(count, block).astype(np.float64))
    return residual, np.diagonal(covariance, axis1=1, axis2=2)
