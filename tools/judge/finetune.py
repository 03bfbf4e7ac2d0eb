"""The whole network on scores: KADID-10k's raters, labelled windows, and untouched photos."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import glint_data as glint
from glint_data.models.network import QualityNetwork
from tools.judge.steps import cropped, descend

CROP = 160
BATCH = 16
RATE = 3e-4
PRISTINE = 0.9
"""What an untouched photo is worth: KADID-10k's raters give its faintest distortions this."""
SHARES = {"kadid": 11, "windows": 4, "pristine": 1}
"""Of a batch."""


@dataclass
class Scored:
    """Pictures with scores on [0, 1], and the photos they were made of."""

    path: np.ndarray
    mos: np.ndarray
    photo: np.ndarray
    type: np.ndarray
    level: np.ndarray

    def take(self, chosen: np.ndarray) -> "Scored":
        """Those pictures."""
        return Scored(*(getattr(self, name)[chosen] for name in ("path", "mos", "photo", "type", "level")))

    def __len__(self) -> int:
        return len(self.path)


def kadid(place: Path, scores: Path) -> Scored:
    """KADID-10k's rendered pictures with what people gave them."""
    from benchmarks.training_sets import human_scores

    given = human_scores(scores)
    dataset = glint.open(place)
    rows = [
        (
            str(dataset.folder / str(one.path)),
            given[one.source, one.type, one.level][0],
            one.source,
            one.type,
            one.level,
        )
        for one in dataset.samples()
    ]
    return _scored(rows)


def windows(places: list[Path]) -> Scored:
    """Windows with the labels that `glint-data label` gave them."""
    rows = []
    for place in places:
        dataset = glint.open(place)
        for one in dataset.samples():
            if one.label is not None:
                path = str(dataset.folder / str(one.path))
                rows.append((path, one.label.mos, one.source, one.type, one.level))
    return _scored(rows)


def pristine(place: Path, worth: float = PRISTINE) -> Scored:
    """The untouched photos of a dataset."""
    dataset = glint.open(place)
    files = sorted((dataset.folder / "references").rglob("*.png"))
    return _scored([(str(file), worth, file.stem, 0, 0) for file in files])


def joined(*parts: Scored) -> Scored:
    """All of these."""
    names = ("path", "mos", "photo", "type", "level")
    return Scored(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))


def _scored(rows: list[tuple]) -> Scored:
    path, mos, photo, type_numbers, levels = zip(*rows, strict=True)
    return Scored(
        np.array(path), np.array(mos, np.float32), np.array(photo), np.array(type_numbers), np.array(levels)
    )


def finetune(
    network: QualityNetwork,
    sets: dict[str, Scored],
    steps: int,
    out: Path,
    seed: int = 0,
    rate: float = RATE,
    beside: Callable[[int], Tensor] | None = None,
    shares: Mapping[str, int] = SHARES,
) -> None:
    """Steps on mixed batches; every set is gone through in an order of its own. `beside` adds a loss to each step."""
    orders = {}
    for number, (name, share) in enumerate(shares.items()):
        rng = np.random.default_rng([seed, 3, number])
        rounds = steps * share // len(sets[name]) + 1
        orders[name] = np.concatenate([rng.permutation(len(sets[name])) for _ in range(rounds)])

    def loss_of(step: int) -> Tensor:
        rows = [
            sets[name].take(orders[name][step * share : (step + 1) * share]) for name, share in shares.items()
        ]
        paths = np.concatenate([one.path for one in rows])
        truth = torch.from_numpy(np.concatenate([one.mos for one in rows]))
        said = network(cropped(paths, CROP, np.random.default_rng([seed, 4, step])))
        a, b = said - said.mean(), truth - truth.mean()
        unlike = (1 - (a * b).sum() / (a.norm() * b.norm() + 1e-6)) / 2
        loss = nn.functional.smooth_l1_loss(said, truth, beta=0.05) + 0.1 * unlike
        return loss if beside is None else loss + beside(step)

    descend(network, loss_of, steps, rate, out)
