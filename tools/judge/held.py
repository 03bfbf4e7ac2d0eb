"""What the judge gives on pictures held out of its training, and on those it learned from: choice and familiarity."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glint_data import images
from glint_data.models.network import QualityNetwork
from glint_data.progress import track
from glint_data.training.judge import metrics
from glint_data.training.judge.inference import score_image
from tools.judge.finetune import Scored
from tools.judge.first import Sets

MOST = {"kadid": 600, "windows": 300, "small": 300, "modern": 300}
TRAINING = {"kadid": 400, "windows": 200, "small": 100, "modern": 100, "references": 60, "pristine": 100}


def seen(network: QualityNetwork, paths: Sequence[str], told: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n,) and statistics (n, F) of pictures, as `score` sees them."""
    network.eval()
    found = [
        score_image(network, images.read_rgb(path), None, 12)
        for path in track(paths, len(paths), f"{told} scored")
    ]
    return np.array([one.value for one in found]), np.array([one.described for one in found], np.float32)


def drawn(scored: Scored, most: int) -> Scored:
    """At most so many, by a fixed seed."""
    return scored.take(np.sort(np.random.default_rng(9).permutation(len(scored))[:most]))


def examined(network: QualityNetwork, parts: Sets) -> tuple[dict[str, Any], np.ndarray]:
    """Numbers on what was held out, and the statistics of these pictures."""
    numbers: dict[str, Any] = {}
    described = []
    for name in MOST:
        chosen = drawn(parts.held[name], MOST[name])
        said, statistics = seen(network, list(chosen.path), f"held-out {name}")
        described.append(statistics)
        truth = chosen.mos.astype(np.float64)
        numbers[name] = {
            "pictures": len(chosen),
            "photos": len(set(chosen.photo)),
            "srocc": metrics.srocc(said, truth),
            "plcc": metrics.plcc(said, truth),
            "rmse": metrics.rmse(said, truth),
        }
    untouched = [*parts.held["references"].path, *parts.held["pristine"].path]
    said, statistics = seen(network, untouched, "held-out untouched photos")
    described.append(statistics)
    numbers["untouched"] = {"photos": len(said), "least": float(said.min()), "mean": float(said.mean())}
    return numbers, np.concatenate(described)


def known(network: QualityNetwork, parts: Sets) -> np.ndarray:
    """Statistics of some of the training pictures."""
    return np.concatenate(
        [
            seen(network, list(drawn(parts.train[name], most).path), f"training {name}")[1]
            for name, most in TRAINING.items()
        ]
    )
