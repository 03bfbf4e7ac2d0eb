"""From manifests and settings to a training loop: read, split, build, say what was found, then run."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from glint_data import models
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork
from glint_data.progress import duration, say
from glint_data.storage.places import is_remote, place
from glint_data.training.run import checkpoints, processes, trained
from glint_data.training.run.loop import TrainingLoop
from glint_data.training.samples import Sample, read_samples
from glint_data.training.settings import TrainSettings, settings_from
from glint_data.training.splits import Split, make_split

FEATURES = "features"


@dataclass
class TrainSummary:
    """What a run reached: `best_srocc` on validation, at which epoch, and where everything lies."""

    folder: Path
    best_srocc: float
    best_epoch: int
    epochs: int
    samples: dict[str, int]
    photos: dict[str, int]
    backbones: dict[str, str]
    seconds: float
    waiting: float

    def text(self) -> str:
        """The closing lines for a person."""
        return "\n".join(
            [
                f"trained {self.epochs} epochs on {self.samples['train']:,} samples of {self.photos['train']:,} "
                f"photos in {duration(self.seconds)}; {self.waiting:.0%} of it waiting for images",
                f"  best validation SROCC {self.best_srocc:.3f} at epoch {self.best_epoch} "
                f"({self.samples['val']:,} samples of {self.photos['val']:,} other photos)",
                *(f"  {name}: {origin}" for name, origin in self.backbones.items()),
                f"  {self.folder / checkpoints.WEIGHTS}",
                f"Next: glint-data evaluate {self.folder} DATASET",
            ]
        )


def train(
    manifests: list[str | Path],
    model: str,
    out: str | Path,
    device: str = "auto",
    workers: int | None = None,
    checkpoint_seconds: float = 300.0,
    cache: str | Path | None = None,
    **options: Any,
) -> TrainSummary:
    """Train a network on labelled manifests into the run folder `out`, going on with what is there.

    `options` are the fields of `TrainSettings`. `workers` are loader processes; by default none where all
    images fit in memory, where they are decoded once. Under torchrun all processes share one run. `cache` is
    where `cache_features` keeps features; without it below `out`, and only until the run is done.

    Raises:
        GlintError: no labels, too few photos, settings unlike those of the run there, weights not to be had.
    """
    settings, out = settings_from({"model": model, **options}), Path(out)
    places = [place(given) for given in manifests]
    group, chosen = processes.join(device)
    record = settings.record() | {
        "manifests": [str(given if is_remote(given) else given.resolve()) for given in places]
    }
    if group.is_first and (out / runs.FILE).exists():
        runs.open_folder(out, "train", record)  # other settings are refused before any work
    if settings.batch_size % group.world:
        raise GlintError(f"batch_size {settings.batch_size}: not divisible among {group.world} processes")
    samples = read_samples(places)
    split = make_split(samples, settings)
    parts = {part: split.select(samples, part) for part in ("train", "val", "test")}
    _check_parts(parts, split)
    network = build_network(settings)
    if settings.start_at_mean and not settings.start_from:
        network.start_at(sum(sample.mos for sample in parts["train"]) / len(parts["train"]))
    _check_cache(settings, network)
    network = _with_shared_statistics(network.to(chosen), group)
    if group.is_first:
        runs.open_folder(out, "train", record)  # made only now: a refusal above leaves nothing behind
        _announce(settings, network, split, parts, chosen)
        split.write(out)
    group.wait()
    features = Path(cache) if cache else out / FEATURES
    loop = TrainingLoop(
        settings, out, group, chosen, network, split, parts, workers, checkpoint_seconds, features
    )
    progress = loop.go()
    if group.is_first and cache is None:
        shutil.rmtree(features, ignore_errors=True)
    processes.leave()
    return TrainSummary(
        folder=out,
        best_srocc=progress.best_srocc,
        best_epoch=progress.best_epoch + 1,
        epochs=progress.epoch,
        samples={part: len(chosen) for part, chosen in parts.items()},
        photos=split.counts(),
        backbones=network.provenance,
        seconds=progress.seconds,
        waiting=progress.waiting / max(progress.seconds, 1e-9),
    )


def build_network(settings: TrainSettings) -> QualityNetwork:
    """The network to train, its random parts drawn from the seed."""
    torch.manual_seed(settings.seed)
    if settings.start_from:
        return _network_of(settings.start_from, settings)
    without_hub = settings.from_scratch or settings.backbone_weights
    return models.create(
        settings.model,
        settings.variant,
        size=settings.size,
        pretrained=False if without_hub else None,
        backbone_weights=settings.backbone_weights,
        **settings.model_options,
    )


def _network_of(run: str, settings: TrainSettings) -> QualityNetwork:
    """An earlier run's network as it stands, its configuration included."""
    earlier = trained.open_trained(run, "cpu")
    if earlier.network.name != settings.model or settings.model_options:
        raise GlintError(
            f"{run}: holds the network {earlier.network.name} with its own configuration; begin with --model "
            f"{earlier.network.name} and no other model options"
        )
    earlier.network.provenance = {"weights": f"run {Path(run).name}", **earlier.network.provenance}
    return earlier.network


def _with_shared_statistics(network: QualityNetwork, group: processes.Processes) -> QualityNetwork:
    """Batch norms that are trained see the global batch, as in one process; torch has that for GPUs."""
    if group.world == 1:
        return network
    if next(network.parameters()).is_cuda:
        return torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
    network.train()
    if group.is_first and any(
        isinstance(module, torch.nn.BatchNorm2d) and module.training for module in network.modules()
    ):
        say(f"  note: on CPUs each of the {group.world} processes has its own batch statistics")
    return network


def _check_cache(settings: TrainSettings, network: QualityNetwork) -> None:
    reason = network.why_not_cacheable()
    if settings.cache_features and reason:
        raise GlintError(
            f"cache_features: {network.name} makes no features that stay as they are: {reason}; give pretrained "
            "backbones, or --set freeze_backbones=true"
        )


def _check_parts(parts: dict[str, list[Sample]], split: Split) -> None:
    for part, samples in parts.items():
        if not samples:
            excluded = split.excluded[part]
            reason = f"; all {excluded} were labelled from photos that are examined" if excluded else ""
            raise GlintError(
                f"no labelled samples are left for {part}{reason}; add photos or change the split"
            )


def _announce(
    settings: TrainSettings, network: QualityNetwork, split: Split, parts: dict, device: torch.device
) -> None:
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    total = sum(p.numel() for p in network.parameters())
    say(
        f"{settings.model} ({settings.variant}, {settings.size}), {total / 1e6:.2f} M parameters, "
        f"{trainable / 1e6:.2f} M of them trained, on {device}"
    )
    for name, origin in network.provenance.items():
        say(f"  {name}: {origin}")
    photos = split.counts()
    for part, samples in parts.items():
        left_out = split.excluded[part]
        note = f" ({left_out:,} left out: labelled from photos that are examined)" if left_out else ""
        say(f"  {part}: {len(samples):,} samples of {photos[part]:,} photos{note}")
    if split.near_duplicates:
        say(f"  {split.near_duplicates} near-duplicate photos stay on the side of their twins")
