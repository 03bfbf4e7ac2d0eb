"""`pair`: what the photo is like, and what the distortion did to this very photo.

Each distortion type has its own Gaussian process over all its images: targets are departures from the cell
means, in units of the cell's spread; the kernel is the sum of one on full-reference measurements (taken
relative to the cell's mean: an image that is structurally closer to its photo than others of its cell) and
one on content, both fading with the distance between levels. A reference's five levels are left out
together, in closed form (block inverse), and so are chosen: the noise, by the error on left-out references.

Alone, full-reference metrics are worse labels than the cell's mean; beside content they carry what masking does
to this distortion on this photo. The regression is KADID's, raters and all, so a share of every departure stays with
plain metrics (such as gradient similarity with chroma, squared error where one looks), and content counts half: on
KADID-10k that costs a little, and on another set's scores it keeps most of the order that plain metrics find inside
a cell (`benchmarks/judge_tid2013.py`). The method `deep` is the same regression with more measurements.
"""

from dataclasses import dataclass

import numpy as np

from glint_data.errors import GlintError
from glint_data.labels import measurements
from glint_data.labels.content import Features
from glint_data.labels.method import Photos, Prediction, Scored, cell_means, filled, method
from glint_data.labels.threads import one_thread

_NOISES = (2.0, 3.0, 4.5)
_LINEAR_SHARE = 0.5
_RADIAL_WIDTH = 4.0
_LEVELS_APART = 4.0
"""Levels at which the kernel has fallen to exp(-1/2)."""
_FURTHEST = 4.0
_CONSTANT = 10.0
"""Prior variance of each cell's level, in units of the cell's spread: the level is the data's own."""


@dataclass(frozen=True)
class Shares:
    """What takes part in a label, and how far.

    `content`: weight of the kernel on content; that on measurements has 1. `plain`: the plain metrics;
    `plain_share`: what one standard deviation of them moves a label, in units of the cell's spread.
    `with_network`: whether pairs and photos are also seen through the ImageNet network.
    """

    content: float
    plain: tuple[str, ...]
    plain_share: float
    with_network: bool = False


@method(needs_pairs=True)
def pair(scored: Scored) -> "PairRegression":
    """content and full-reference measurements of the very photo and sample"""
    plain = ("gradient_deviation", "gradient_chroma", "error_salient")
    return PairRegression(scored, Shares(0.5, plain, 0.18))


@dataclass
class _TypeModel:
    """The Gaussian process of one type. Rows are (photo, level), photo by photo."""

    columns: np.ndarray
    levels: np.ndarray
    balance: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    train: np.ndarray
    inverse: np.ndarray
    weights: np.ndarray

    def departures(self, measured: list[np.ndarray]) -> np.ndarray:
        """Blocks of (n, C, ...) measurements as (n x levels, m) departures from the cell's mean."""
        pairs = np.concatenate([block[:, self.columns] for block in measured], axis=2)
        departures = ((pairs - self.centre) / self.scale).clip(-_FURTHEST, _FURTHEST)
        return np.nan_to_num(departures).reshape(-1, pairs.shape[2])

    def relative(self, measured: list[np.ndarray]) -> np.ndarray:
        """The same, each block weighing the same in a mean over the columns."""
        return (self.departures(measured) * self.balance).astype(np.float32)


class PairRegression:
    """The fitted regression of all types."""

    def __init__(self, scored: Scored, shares: Shares) -> None:
        self._shares = shares
        measured = self._measured(scored.photos)
        self._cells = scored.cells
        self._means = cell_means(scored.mos)
        self._scores = filled(scored.mos)
        self._features = Features(scored.photos, shares.with_network)
        self._content = _flat(self._features(scored.photos))
        self._count = len(scored.mos)
        self._plain_columns = [measurements.names().index(name) for name in shares.plain]
        similar = shares.content * _mixed(self._content, self._content, 1.0)
        self._models, self._left_out, self._variance = (
            [],
            np.zeros(scored.mos.shape),
            np.zeros(scored.mos.shape),
        )
        with one_thread():
            prepared = [self._prepare(scored.cells, kind, measured) for kind in np.unique(scored.cells[:, 0])]
            kernels = [
                _kernel(model.train, model.train, similar, model.levels, model.levels) for model in prepared
            ]
            self._choose_noise(prepared, kernels)
        self._blend(measured)

    def _measured(self, photos: Photos) -> list[np.ndarray]:
        """The measurements that take part, each (n, C, ...)."""
        found = [photos.pairs, photos.network_pairs] if self._shares.with_network else [photos.pairs]
        if any(block is None for block in found):
            raise GlintError(
                "these photos have no measurements of their samples; choose --method content, or make the "
                "references' from their folder: python -m glint_data.labels.refit NAME FOLDER"
            )
        return found

    def _prepare(self, cells: np.ndarray, kind: int, measured: list[np.ndarray]) -> _TypeModel:
        columns = np.flatnonzero(cells[:, 0] == kind)
        pairs = np.concatenate([block[:, columns] for block in measured], axis=2).astype(np.float64)
        widths = [block.shape[2] for block in measured]
        balance = np.repeat([(sum(widths) / len(widths) / width) ** 0.5 for width in widths], widths)
        centre = np.nanmean(pairs, axis=0)
        scale = np.sqrt(np.nanmean((pairs - centre) ** 2, axis=(0, 1))) + 1e-6
        spread = np.maximum((self._scores[:, columns] - self._means[columns]).std(axis=0), 1e-3)
        model = _TypeModel(
            columns, cells[columns, 1].astype(float), balance, centre, scale, spread, *[np.empty(0)] * 3
        )
        model.train = model.relative(measured)
        return model

    def _choose_noise(self, models: list[_TypeModel], kernels: list[np.ndarray]) -> None:
        """Keep the noise whose left-out error over all types is smallest."""
        best = np.inf
        for noise in _NOISES:
            left_out, variance = np.empty_like(self._left_out), np.empty_like(self._variance)
            solved = []
            for model, prior in zip(models, kernels, strict=True):
                target = ((self._scores - self._means)[:, model.columns] / model.spread).reshape(-1)
                inverse = _inverse(prior, noise)
                weights = inverse @ target
                residual, doubt = _left_out_blocks(inverse, weights, len(model.levels))
                left_out[:, model.columns] = residual * model.spread
                variance[:, model.columns] = doubt
                solved.append((inverse, weights))
            error = (left_out**2).mean()
            if error < best:
                best, self._noise = error, noise
                self._left_out, self._variance = self._scores - left_out, variance
                for model, (inverse, weights) in zip(models, solved, strict=True):
                    model.inverse, model.weights = inverse, weights
        self._models = models
        self._typical = {id(model): np.median(self._variance[:, model.columns], axis=0) for model in models}

    def _blend(self, measured: list[np.ndarray]) -> None:
        """Shrink the regression's departures so that they and the plain metrics' share err least together."""
        plain, departure = self._plain(measured), self._left_out - self._means
        rest = self._scores - self._means - plain
        self._shrunk = float((rest * departure).sum() / (departure**2).sum())
        self._left_out = self._means + self._shrunk * departure + plain

    def _plain(self, measured: list[np.ndarray]) -> np.ndarray:
        """(n, C): the plain metrics' share of the departures."""
        found = np.zeros(measured[0].shape[:2])
        for model in self._models:
            losses = model.departures(measured)[:, self._plain_columns].mean(axis=1).reshape(len(found), -1)
            found[:, model.columns] = -self._shares.plain_share * losses * model.spread
        return found

    def predict(self, photos: Photos) -> Prediction:
        """Cell means plus the predicted departures. Cells without measurements get the content's share only."""
        measured = self._measured(photos)
        content = _flat(self._features(photos))
        similar = self._shares.content * _mixed(content, self._content, 1.0)
        own = self._shares.content * _own(content, 1.0)
        count = len(content)
        departure = np.zeros((count, len(self._means)))
        doubt = np.ones_like(departure)
        with one_thread():
            for model in self._models:
                asked = model.relative(measured)
                cross = _kernel(asked, model.train, similar, model.levels, model.levels)
                departure[:, model.columns] = (cross @ model.weights).reshape(count, -1) * model.spread
                prior = (
                    _own(asked, _LINEAR_SHARE) + np.repeat(own, len(model.levels)) + _CONSTANT + self._noise
                )
                variance = prior - np.einsum("ij,ij->i", cross @ model.inverse, cross)
                variance = variance.clip(self._noise).reshape(count, -1)
                doubt[:, model.columns] = np.sqrt(variance / self._typical[id(model)])
        mos = self._means + self._shrunk * departure + self._plain(measured)
        return Prediction(mos, doubt)

    def left_out(self) -> Prediction:
        """Exact predictions with each reference's images left out, the kernel being that of the whole fit."""
        typical = np.empty(self._variance.shape[1])
        for model in self._models:
            typical[model.columns] = self._typical[id(model)]
        return Prediction(self._left_out, np.sqrt(self._variance / typical))


def _flat(blocks: list[np.ndarray]) -> np.ndarray:
    """Blocks side by side, each weighing the same in a mean over the columns."""
    width = sum(block.shape[1] for block in blocks)
    weighed = [block * np.sqrt(width / (len(blocks) * block.shape[1])) for block in blocks]
    return np.concatenate(weighed, axis=1).astype(np.float32)


def _mixed(first: np.ndarray, second: np.ndarray, linear: float) -> np.ndarray:
    """(n, m): `linear` times the mean product plus the rest times a Gaussian of the mean squared distance."""
    product = first @ second.T / np.float32(first.shape[1])
    if linear == 1.0:
        return product
    sizes = [(block**2).mean(axis=1) for block in (first, second)]
    distance = (sizes[0][:, None] + sizes[1][None] - 2 * product).clip(0)
    return np.float32(linear) * product + np.float32(1 - linear) * np.exp(
        -distance / np.float32(_RADIAL_WIDTH)
    )


def _own(rows: np.ndarray, linear: float) -> np.ndarray:
    return linear * (rows**2).mean(axis=1) + (1 - linear)


def _kernel(
    first: np.ndarray, second: np.ndarray, similar: np.ndarray, levels: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Prior covariance between the images of one type: measurements + content, by level, + the cell's own level."""
    apart = (levels[:, None] - others[None]) ** 2
    fading = np.exp(-apart / (2 * _LEVELS_APART**2)).astype(np.float32)
    count, total = similar.shape
    shape = (count, len(levels), total, len(others))
    kernel = _mixed(first, second, _LINEAR_SHARE).reshape(shape)
    kernel = (kernel + similar[:, None, :, None]) * fading[None, :, None, :]
    kernel += (_CONSTANT * (apart == 0)).astype(np.float32)[None, :, None, :]
    return kernel.reshape(count * len(levels), total * len(others))


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
