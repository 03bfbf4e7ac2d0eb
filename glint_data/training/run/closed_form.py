"""The head of a frozen network: features of fixed crops, a few regressions by scikit-learn, the best on validation.

Nothing is trained step by step, so there is one epoch and nothing to resume: features are kept on disk by the hash of
their pixels, and what is asked again is read again.
"""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glint_data import models
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.models.frozen import Frozen
from glint_data.progress import say, track
from glint_data.storage.files import write_atomically
from glint_data.training.feed.features import FeatureStore
from glint_data.training.feed.loader import Pixels, RandomCrops, collate
from glint_data.training.judge import metrics
from glint_data.training.judge.inference import grid_crops
from glint_data.training.run import trained
from glint_data.training.run.losses import label_weights
from glint_data.training.run.processes import Processes
from glint_data.training.run.progress import Progress
from glint_data.training.samples import Samples
from glint_data.training.settings import TrainSettings
from glint_data.training.splits import Split

RIDGE_STRENGTHS = (300.0, 1000.0, 3000.0)
"""Penalties tried. Weaker ones lost in cross-validation, and a few validation photos would choose them by luck."""
KERNEL_CHOICES = ((1.0, 0.25), (0.3, 0.25), (1.0, 1.0), (4.0, 0.25))
"""(C, gamma times the number of features) tried of the support vector regression."""
EPSILON = 0.03
"""Errors that small cost a support vector regression nothing: labels are not known better."""
_CROPS_EACH = 2


@dataclass
class Head:
    """A fitted regression: its arrays, how it came about, and how it did on the validation photos."""

    arrays: dict[str, np.ndarray]
    record: dict[str, Any]
    scores: np.ndarray
    numbers: dict[str, float | None]


BASELINE_CROPS = 2000
BASELINE_SAMPLES = 600
"""At most so many crops a baseline learns from, and so many validation samples choose it: a minute or two of work."""


def run(
    settings: TrainSettings,
    out: Path,
    group: Processes,
    network: Frozen,
    parts: dict[str, Samples],
    folder: Path,
) -> Progress:
    """Fit the head and keep it in the run folder `out`; under torchrun the first process alone works."""
    begun = time.monotonic()
    if group.is_first:
        head = fit(settings, network, parts, folder)
        save(out, network, head)
    group.wait()
    best = runs.read(out)["best"]
    seconds = time.monotonic() - begun
    return Progress(epoch=1, best_srocc=best["val_srocc"], best_epoch=0, seconds=seconds)


def save(out: Path, network: Frozen, head: Head) -> None:
    """Weights, the record of how they came about, and one line of history."""
    record = runs.read(out) | trained.save_trained(out, network)
    best = {"epoch": 1, **{f"val_{name}": value for name, value in head.numbers.items()}}
    record |= {"network": network.describe(), "backbone": network.provenance, "scale": trained.SCALE}
    runs.write(out, record | {"head": head.record, "best": best})
    write_atomically(out / runs.HISTORY, (json.dumps(best) + "\n").encode())


def beside(
    settings: TrainSettings, out: Path, parts: dict[str, Samples], split: Split, folder: Path
) -> dict[str, Any] | None:
    """The baseline of a trained network: a frozen one on the same parts, kept as a run of its own in `out`.

    It learns from fewer crops than one trained for itself, so that it takes a minute at most, and is named as such.
    None where its backbone's weights are not installed.
    """
    own = replace(settings, model="frozen", model_options={"most_crops": BASELINE_CROPS}, crop_places=0)
    try:
        network = models.create("frozen", **own.model_options)
    except GlintError as missing:
        say(f"no frozen baseline beside it: {missing}")
        return None
    assert isinstance(network, Frozen)
    examined = parts["val"]
    if len(examined) > BASELINE_SAMPLES:
        drawn = np.random.default_rng(settings.seed).permutation(len(examined))[:BASELINE_SAMPLES]
        examined = examined.take(np.sort(drawn))
    say(
        "a frozen network with a small head, on the same samples, to compare with (--no-baseline leaves it out)"
    )
    shutil.rmtree(out, ignore_errors=True)
    runs.open_folder(out, "train", own.record())
    split.write(out)
    head = fit(own, network, parts | {"val": examined}, folder)
    save(out, network, head)
    numbers = {f"val_{name}": value for name, value in head.numbers.items()}
    return numbers | {
        "head": head.record["head"],
        "crops": head.record["crops"],
        "val_samples": len(examined),
    }


def fit(settings: TrainSettings, network: Frozen, parts: dict[str, Samples], folder: Path) -> Head:
    """Fit every choice on the training samples, keep the one that ranks the validation photos best in `network`."""
    store = FeatureStore(folder, network, "float32", amp=False)
    features, labels, weights = _training_crops(settings, network, store, parts["train"])
    validated = _validation_crops(settings, network, store, parts["val"])
    truth = parts["val"].mos.astype(np.float64)
    centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    known = (features - centre) / scale
    heads = []
    for arrays, record in _choices(known, labels, weights):
        network.set_head({"centre": centre, "scale": scale, **arrays})
        with torch.inference_mode():
            scores = np.array([float(network.from_features((rows,)).mean()) for rows in validated])
        numbers = {
            "srocc": metrics.or_none(metrics.srocc(scores, truth)),
            "plcc": metrics.or_none(metrics.plcc(scores, truth)),
            "rmse": metrics.rmse(scores, truth),
        }
        heads.append(Head({"centre": centre, "scale": scale, **arrays}, record, scores, numbers))
    best = max(heads, key=_worth)
    network.set_head(best.arrays)
    best.record |= {
        "crops": len(labels),
        "tried": [
            head.record | {f"val_{name}": value for name, value in head.numbers.items()} for head in heads
        ],
    }
    return best


def _worth(head: Head) -> tuple[float, float]:
    """SROCC, where there is one; then the smaller error."""
    srocc, rmse = head.numbers["srocc"], head.numbers["rmse"]
    return (-2.0 if srocc is None else srocc, -(rmse or 0.0))


def _choices(
    known: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> Iterator[tuple[dict[str, np.ndarray], dict[str, Any]]]:
    """(arrays, record) of each regression on standardised features (n, F)."""
    from sklearn.linear_model import Ridge
    from sklearn.svm import SVR

    none, count = np.zeros((0,)), known.shape[1]
    for strength in RIDGE_STRENGTHS:
        ridge = Ridge(alpha=strength).fit(known, labels, sample_weight=weights)
        arrays = {"support": none, "dual": ridge.coef_, "gamma": np.array(0.0)}
        yield arrays | {"intercept": np.array(ridge.intercept_)}, {"head": "ridge", "alpha": strength}
    for penalty, width in KERNEL_CHOICES:
        gamma = width / count
        machine = SVR(C=penalty, gamma=gamma, epsilon=EPSILON, cache_size=500)
        machine.fit(known, labels, sample_weight=weights)
        if not len(machine.support_):  # all labels within epsilon of each other
            continue
        arrays = {
            "support": machine.support_vectors_,
            "dual": machine.dual_coef_[0],
            "gamma": np.array(gamma),
        }
        yield (
            arrays | {"intercept": np.array(machine.intercept_[0])},
            {"head": "kernel", "C": penalty, "gamma": gamma, "support": len(machine.support_)},
        )


def _training_crops(
    settings: TrainSettings, network: Frozen, store: FeatureStore, samples: Samples
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, F), labels and weights (n,) of fixed crops; at most `most_crops` of them, drawn by the seed."""
    crops_each = settings.crop_places or _CROPS_EACH
    most = max(network.config.most_crops // crops_each, 1)
    chosen = np.random.default_rng(settings.seed).permutation(len(samples))[:most]
    if len(chosen) < len(samples):
        say(
            f"frozen: learns from {len(chosen):,} of {len(samples):,} samples, drawn by the seed (most_crops)"
        )
    crops = RandomCrops(
        Pixels(samples, False, keep=False),
        network.input_size,
        settings.seed,
        settings.flip_vertically,
        crops_each,
    )
    chosen = np.sort(chosen)  # the samples of one photo one after the other
    names = []
    for index in track(chosen, len(chosen), "training images to features"):
        names += store.keep(collate([crops.fixed(int(index), number) for number in range(crops_each)]).images)
    deviations = torch.from_numpy(np.repeat(samples.mos_std[chosen], crops_each))
    weights = label_weights(deviations) if settings.weigh_by_uncertainty else torch.ones(len(names))
    labels = np.repeat(samples.mos[chosen].astype(np.float64), crops_each)
    return store.read(names)[0].numpy().astype(np.float64), labels, weights.double().numpy()


def _validation_crops(
    settings: TrainSettings, network: Frozen, store: FeatureStore, samples: Samples
) -> list[torch.Tensor]:
    """Features (crops, F) of each validation sample."""
    pixels = Pixels(samples, False, keep=False)
    features = []
    for index in track(range(len(samples)), len(samples), "validation images to features"):
        (crops,) = grid_crops(network, *pixels.get(index), settings.validation_crops)
        features.append(store.read(store.keep(crops))[0])
    return features
