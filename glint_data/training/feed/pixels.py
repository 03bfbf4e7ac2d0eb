"""What a training loop is fed with: batches of random crops, and the validation images' scores."""

from typing import TYPE_CHECKING, Any

import torch

from glint_data.models.network import FeatureNetwork, QualityNetwork
from glint_data.training.feed.loader import CropLoader, Pixels, RandomCrops, fits_in_memory
from glint_data.training.judge.inference import score_image
from glint_data.training.run.processes import Processes
from glint_data.training.samples import Samples
from glint_data.training.settings import TrainSettings

if TYPE_CHECKING:
    from glint_data.training.feed.features import FeatureFeed

Parts = dict[str, Samples]


class PixelFeed:
    """Crops cut from decoded images: in memory where all fit, by loader processes where not."""

    def __init__(
        self,
        settings: TrainSettings,
        network: QualityNetwork,
        parts: Parts,
        group: Processes,
        workers: int | None,
    ) -> None:
        self.network, self.crops = network, settings.validation_crops
        with_reference, both = network.needs_reference, (parts["train"], parts["val"])
        keep = fits_in_memory(both, with_reference) and not workers
        if workers is None:
            workers = 0 if keep else max((torch.get_num_threads() // group.world), 1)
        pixels = Pixels(parts["train"], with_reference, keep)
        self.validated = Pixels(parts["val"], with_reference, keep)
        if keep:
            for part in (pixels, self.validated):
                part.preload(threads=max(torch.get_num_threads(), 1))
        crops = RandomCrops(
            pixels, network.input_size, settings.seed, settings.flip_vertically, settings.crop_places
        )
        pin = next(network.parameters()).is_cuda
        self.batches = CropLoader(crops, workers, pin).batches

    def validation_score(self, index: int, amp: bool) -> float:
        """The score of a validation image, as `glint-data score` would give it."""
        return score_image(self.network, *self.validated.get(index), self.crops, amp).value


def open_feed(
    settings: TrainSettings,
    network: QualityNetwork,
    parts: Parts,
    group: Processes,
    workers: int | None,
    **cache: Any,
) -> "PixelFeed | FeatureFeed":
    """Pixels, or cached features where the settings say so. `cache`: see `features.FeatureFeed`."""
    if settings.cache_features and isinstance(network, FeatureNetwork):
        from glint_data.training.feed.features import FeatureFeed

        return FeatureFeed(settings, network, parts, group, **cache)
    return PixelFeed(settings, network, parts, group, workers)
