"""One image, one number: the mean over a fixed grid of crops, the same every time."""

from dataclasses import dataclass

import numpy as np
import torch

from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork, WholePictureNetwork
from glint_data.training.feed.crops import crop, grid_corners, pad_to
from glint_data.training.feed.loader import to_unit
from glint_data.training.judge.viewing import covering_crops


@dataclass(frozen=True)
class Score:
    """Mean over the crops and their standard deviation (0 where there is one crop).

    `described`: the picture's statistics (F,) where the network judges by such.
    """

    value: float
    spread: float
    crops: int
    described: np.ndarray | None = None


def score_image(
    network: QualityNetwork, image: np.ndarray, reference: np.ndarray | None, crops: int, amp: bool = False
) -> Score:
    """The score of a uint8 (H, W, 3) image of any size, the network in evaluation mode.

    The crops of one image are one batch, so its score does not depend on which images stand beside it.
    Raises `GlintError` where a reference is needed and missing, or of another size.
    """
    device = next(network.parameters()).device
    inputs = [to_unit(cut.to(device)) for cut in grid_crops(network, image, reference, crops)]
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=amp):
        described = None
        if isinstance(network, WholePictureNetwork):
            described = network.statistics(*inputs)
            scores = network.from_statistics(described)
        else:
            scores = network(*inputs)
    values = scores.float().cpu().numpy().astype(np.float64)
    mean = None if described is None else described.float().mean(dim=0).cpu().numpy().astype(np.float64)
    return Score(float(values.mean()), float(values.std()), len(values), mean)


def grid_crops(
    network: QualityNetwork, image: np.ndarray, reference: np.ndarray | None, count: int
) -> list[torch.Tensor]:
    """The fixed crops by which an image is judged, uint8 (n, 3, S, S), then its reference's at the same places.

    A grid of `count` crops, or, for networks that see pictures whole, at most so many of those that cover it
    (see `viewing`). Raises `GlintError` where a reference is needed and missing, or of another size.
    """
    size = network.input_size
    pictures = [image] if reference is None else [image, reference]
    if network.needs_reference != (reference is not None):
        takes = (
            "an image and its pristine reference" if network.needs_reference else "one image, no reference"
        )
        raise GlintError(f"{network.name} takes {takes}")
    if reference is not None and reference.shape != image.shape:
        raise GlintError(
            f"the reference is {reference.shape[1]}x{reference.shape[0]}, the image {image.shape[1]}x{image.shape[0]}; "
            "a full-reference network compares images of one size"
        )
    pictures = [pad_to(pixels, size) for pixels in pictures]
    if network.sees_all:
        pictures[0], corners = covering_crops(pictures[0], size)
        corners = [
            corners[index] for index in np.unique(np.linspace(0, len(corners) - 1, count).round().astype(int))
        ]
    else:
        corners = grid_corners(pictures[0].shape, size, count)
    return [
        torch.from_numpy(
            np.stack([crop(pixels, corner, size) for corner in corners]).transpose(0, 3, 1, 2).copy()
        )
        for pixels in pictures
    ]
