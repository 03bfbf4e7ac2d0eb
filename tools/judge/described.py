"""Pictures as the base sees them: statistics of fixed crops, kept on disk."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from glint_data import images
from glint_data.models.network import QualityNetwork
from glint_data.progress import track
from glint_data.training.feed.loader import to_unit
from glint_data.training.judge.inference import grid_crops

KEPT_EVERY = 1000


def statistics(network: QualityNetwork, paths: Sequence[str], folder: Path, crops: int) -> np.ndarray:
    """float16 (pictures, crops, F), made in pieces of 1,000 pictures that are kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    values = []
    for begin in track(range(0, len(paths), KEPT_EVERY), -(-len(paths) // KEPT_EVERY), "thousands described"):
        file = folder / f"{begin:06d}.npy"
        if not file.is_file():
            rows = [_described(network, path, crops) for path in paths[begin : begin + KEPT_EVERY]]
            np.save(file.with_suffix(".part.npy"), np.stack(rows).astype(np.float16))
            file.with_suffix(".part.npy").rename(file)
        values.append(np.load(file, allow_pickle=False))
    return np.concatenate(values)


def _described(network: QualityNetwork, path: str, crops: int) -> np.ndarray:
    pixels = images.read_rgb(path)
    inputs = grid_crops(network, pixels, None, crops)[0]
    with torch.inference_mode():
        return network.statistics(to_unit(inputs)).float().numpy()
