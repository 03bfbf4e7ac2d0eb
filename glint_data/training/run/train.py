"""From manifests and settings to a training loop: read, split, build, say what was found, then run."""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glint_data import defaults, models
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.models.frozen import Frozen
from glint_data.models.network import QualityNetwork
from glint_data.models.published import open_published
from glint_data.progress import say
from glint_data.storage.places import Place, is_remote, place
from glint_data.training.judge.evaluation import BASELINE
from glint_data.training.run import closed_form, inputs, processes, trained
from glint_data.training.run.loop import TrainingLoop
from glint_data.training.run.result import Run
from glint_data.training.samples import Samples, read_samples
from glint_data.training.settings import TrainSettings, settings_from
from glint_data.training.splits import FILE as SPLIT
from glint_data.training.splits import Split, make_split, read_split
from glint_data.work import only_run

FEATURES = "features"
Datasets = str | Place | Sequence[str | Place]


def train(
    manifests: Datasets,
    model: str,
    out: str | Path,
    device: str = "auto",
    workers: int | None = None,
    checkpoint_seconds: float = defaults.CHECKPOINT_SECONDS,
    cache: str | Path | None = None,
    baseline: bool = True,
    **options: Any,
) -> Run:
    """Train a network on labelled manifests into the run folder `out`, going on with what is there.

    `options` are the fields of `TrainSettings`. `workers` are loader processes; by default none where all
    images fit in memory, where they are decoded once. Under torchrun all processes share one run. `cache` is
    where `cache_features` keeps features; without it below `out`, and only until the run is done. With `baseline`
    a frozen network with a small head is fitted to the same samples, to stand beside the trained one.

    A run is bound to what it was given: its settings, and the content of photos, pixels and labels. A finished run
    that is asked for again is not trained again; its split is never dealt anew.

    Raises:
        GlintError: no labels, too few photos, settings or content unlike those of the run there, weights not to be
            had, a loss that is no longer finite, or another process that trains in `out`.
    """
    settings, out = settings_from({"model": model, **options}), Path(out)
    several = [manifests] if isinstance(manifests, (str, Path)) or is_remote(manifests) else list(manifests)
    paths = [place(one) for one in several]
    group, chosen = processes.join(device)
    samples = read_samples(paths)
    record = settings.record() | {
        "manifests": [str(one if is_remote(one) else one.resolve()) for one in paths],
        **inputs.described(samples, settings),
    }
    begun = (out / runs.FILE).exists()
    if begun:
        runs.open_folder(out, "train", record)  # other settings or labels are refused before any work
        if (finished := _finished(out)) is not None:
            return finished
        if group.is_first:
            _note_versions(out)
    if settings.batch_size % group.world:
        raise GlintError(f"batch_size {settings.batch_size}: not divisible among {group.world} processes")
    network = build_network(settings)  # before photos are compared: missing weights are named at once
    split = read_split(out) if begun and (out / SPLIT).exists() else make_split(samples, settings)
    parts = {part: split.select(samples, part) for part in ("train", "val", "test")}
    _check_parts(parts, split)
    if settings.start_at_mean and not settings.start_from and not network.closed_form:
        network.start_at(sum(parts["train"].mos.tolist()) / len(parts["train"]))
    _check_cache(settings, network)
    network = _with_shared_statistics(network.to(chosen), group)
    if group.is_first:
        runs.open_folder(out, "train", record)  # made only now: a refusal above leaves nothing behind
    with only_run(out) if group.is_first else contextlib.nullcontext():
        if group.world == 1 and (finished := _finished(out)) is not None:  # by another process meanwhile
            return finished
        if group.is_first:
            _announce(settings, network, split, parts, chosen)
            split.write(out)
        group.wait()
        features = Path(cache) if cache else out / FEATURES
        if isinstance(network, Frozen):
            progress = closed_form.run(settings, out, group, network, parts, features)
        else:
            loop = TrainingLoop(
                settings, out, group, chosen, network, split, parts, workers, checkpoint_seconds, features
            )
            progress = loop.go()
        done = Run(
            folder=out,
            model=settings.model,
            best_srocc=progress.best_srocc,
            best_epoch=progress.best_epoch + 1,
            epochs=progress.epoch,
            samples={part: len(chosen) for part, chosen in parts.items()},
            photos=split.counts(),
            backbones=network.provenance,
            seconds=progress.seconds,
            waiting=progress.waiting / max(progress.seconds, 1e-9),
            notes=split.notes,
        )
        if group.is_first:
            if baseline and not network.closed_form:
                done.baseline = closed_form.beside(settings, out / BASELINE, parts, split, features)
            if cache is None:
                shutil.rmtree(features, ignore_errors=True)
            before = runs.read(out)
            done.best = before.get("best", {})
            runs.write(out, before | {"photos": split.counts(), "result": done.record()})
    processes.leave()
    return done


def _note_versions(out: Path) -> None:
    """Say where an unfinished run was begun with other versions, which may round otherwise."""
    before, now = runs.read(out).get("versions", {}), runs.versions()
    changed = [name for name in sorted(now) if name in before and before[name] != now[name]]
    if changed:
        changes = ", ".join(f"{name} {before[name]} (now {now[name]})" for name in changed)
        say(f"note: {out} was begun with {changes}; what follows may round otherwise")


def _finished(out: Path) -> Run | None:
    """The result of a run that was finished before."""
    result = runs.read(out).get("result")
    if result is None:
        return None
    try:
        done = Run(**{**result, "folder": out, "was_finished": True})
        done.text()  # every value is looked at, so that none of another type comes further
        return done
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise GlintError(
            f"{out / runs.FILE}: its result is damaged ({error}); restore the record or train again"
        ) from error


def build_network(settings: TrainSettings) -> QualityNetwork:
    """The network to train, its random parts drawn from the seed."""
    torch.manual_seed(settings.seed)
    if settings.start_from:
        return _earlier_network(settings.start_from, settings)
    if settings.from_scratch and models.network_class(settings.model).closed_form:
        raise GlintError(
            f"--from-scratch: {settings.model} is not trained, so it needs a pretrained backbone; leave it out"
        )
    without_hub = settings.from_scratch or settings.backbone_weights
    return models.create(
        settings.model,
        settings.variant,
        size=settings.size,
        pretrained=False if without_hub else None,
        backbone_weights=settings.backbone_weights,
        **settings.model_options,
    )


def _earlier_network(source: str, settings: TrainSettings) -> QualityNetwork:
    """An earlier run's network, the one that ships, or a published one, as it stands, its configuration included."""
    file = trained.run_folder(source)
    if file.is_file():
        network = open_published(file, settings.backbone_weights, **settings.model_options)
    else:
        network = trained.open_trained(source, "cpu").network
        network.provenance = {"weights": f"run {file.name}", **network.provenance}
        size = runs.read(file).get("settings", {}).get("size")
        if settings.size not in (TrainSettings.size, size):
            raise GlintError(
                f"--size {settings.size}: {source} holds a network of size {size}; leave --size out"
            )
    if network.name != settings.model or (settings.model_options and not file.is_file()):
        raise GlintError(
            f"{source}: holds the network {network.name} with its own configuration; begin with --model "
            f"{network.name} and no other model options"
        )
    if network.closed_form:
        raise GlintError(f"{source}: holds a frozen network, which is not trained further; begin without it")
    return network


def _with_shared_statistics(network: QualityNetwork, group: processes.Processes) -> QualityNetwork:
    """Batch norms that are trained see the global batch, as in one process; torch has that for GPUs."""
    if group.world == 1:
        return network
    if next(network.parameters()).is_cuda:
        shared: QualityNetwork = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return shared
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


def _check_parts(parts: dict[str, Samples], split: Split) -> None:
    for part, samples in parts.items():
        if not samples:
            excluded = split.excluded[part]
            reason = f"; all {excluded} were labelled from photos that are examined" if excluded else ""
            raise GlintError(
                f"no labelled samples are left for {part}{reason}; add photos or change the split"
            )
    learnt = parts["train"].mos
    if len(learnt) > 1 and (learnt == learnt[0]).all():
        raise GlintError(
            f"all {len(learnt):,} training samples have the label {learnt[0]:.3f}: there is nothing to learn from; "
            "look at the column mos, and make the labels again where it is not what was meant"
        )


def _announce(
    settings: TrainSettings,
    network: QualityNetwork,
    split: Split,
    parts: dict[str, Samples],
    device: torch.device,
) -> None:
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    total = sum(p.numel() for p in network.parameters())
    form = (
        f"as {settings.start_from} was trained"
        if settings.start_from
        else f"{settings.variant}, {settings.size}"
    )
    head = "its head is solved for" if network.closed_form else f"{trainable / 1e6:.2f} M of them trained"
    say(f"{settings.model} ({form}), {total / 1e6:.2f} M parameters, {head}, on {device}")
    for name, origin in network.provenance.items():
        say(f"  {name}: {origin}")
    photos = split.counts()
    for part, samples in parts.items():
        left_out = split.excluded[part]
        note = f" ({left_out:,} left out: labelled from photos that are examined)" if left_out else ""
        say(f"  {part}: {len(samples):,} samples of {photos[part]:,} photos{note}")
    for note in split.notes:
        say(f"  note: {note}")
    if split.near_duplicates:
        say(f"  {split.near_duplicates} near-duplicate photos stay on the side of their twins")
    every = "" if network.closed_form else ", after every epoch"
    say(f"  validation: {len(parts['val']):,} samples by {settings.validation_crops} crops each{every}")
    if len(np.unique(parts["val"].mos)) < 2:
        say(
            "  note: the validation labels are all alike; the epoch of the least error is kept, not the best ranking"
        )
