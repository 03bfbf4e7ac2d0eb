"""The training loop. Reads from top to bottom: prepare, then epochs of steps, validation and a checkpoint.

Every random choice is a function of (seed, epoch, step), never of what was drawn before. So a checkpoint
needs no state of any generator, and a run killed anywhere goes on to the same bits.
"""

import json
import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork
from glint_data.progress import Meter, say
from glint_data.training.feed.pixels import open_feed
from glint_data.training.judge import metrics
from glint_data.training.run import checkpoints, trained
from glint_data.training.run.losses import combined, label_weights
from glint_data.training.run.optimisation import learning_rate, make_optimizer
from glint_data.training.run.processes import Processes
from glint_data.training.run.progress import HISTORY, Progress, cut_history
from glint_data.training.samples import Samples
from glint_data.training.settings import TrainSettings
from glint_data.training.splits import Split


class TrainingLoop:
    """One training run: everything that its epochs share."""

    def __init__(
        self,
        settings: TrainSettings,
        out: Path,
        group: Processes,
        device: torch.device,
        network: QualityNetwork,
        split: Split,
        parts: dict[str, Samples],
        workers: int | None,
        checkpoint_seconds: float,
        cache: Path,
    ) -> None:
        self.settings, self.out, self.group, self.device = settings, out, group, device
        self.network, self.split, self.parts = network, split, parts
        self.checkpoint_seconds, self.cache = checkpoint_seconds, cache
        network.shard_dropout(group.rank, group.world)
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.optimizer = make_optimizer(settings, network)
        self.loss = combined(settings.loss)
        state = network.state_dict()
        self.average = {name: value.clone() for name, value in state.items()} if settings.ema else None
        self.batch_size = min(settings.batch_size, len(parts["train"]))
        drawn = settings.epoch_samples or len(parts["train"])
        self.steps = max(drawn // self.batch_size, 1)
        self.amp = settings.amp if device.type == "cuda" else settings.amp_on_cpu
        self.board = open_board(out) if group.is_first else lambda entry: None
        self.workers = workers

    def go(self) -> Progress:
        """All epochs that are left."""
        progress, finished = self._resume()
        if finished or progress.epoch >= self.settings.epochs:
            return progress
        self.feed = open_feed(
            self.settings,
            self.network,
            self.parts,
            self.group,
            self.workers,
            amp=self.amp,
            folder=self.cache,
        )
        with Meter(self.settings.epochs * self.steps * self.batch_size, "images") as meter:
            meter.advance((progress.epoch * self.steps + progress.step) * self.batch_size)
            while progress.epoch < self.settings.epochs and not finished:
                self._epoch(progress, meter)
                finished = self._close_epoch(progress, meter)
        return progress

    def _resume(self) -> tuple[Progress, bool]:
        counters = checkpoints.load_state(self.out, self.network, self.optimizer, self.average)
        if counters is None:
            return Progress(), False
        progress = Progress.read(counters, self.out / checkpoints.CHECKPOINT)
        if self.group.is_first and progress.epoch < self.settings.epochs:
            say(f"going on at epoch {progress.epoch + 1}, step {progress.step + 1} of {self.steps}")
            cut_history(self.out, progress.epoch)
        self.group.wait()
        return progress, self._is_patience_over(progress)

    def plan(self, epoch: int) -> list[list[tuple[int, int]]]:
        """The epoch's global batches of (epoch, index): every sample once before any comes again."""
        rng = np.random.default_rng([self.settings.seed, epoch])
        needed, order = self.steps * self.batch_size, np.array([], dtype=int)
        while len(order) < needed:
            order = np.concatenate([order, rng.permutation(len(self.parts["train"]))])
        keys = [(epoch, int(index)) for index in order[:needed]]
        return [keys[begin : begin + self.batch_size] for begin in range(0, needed, self.batch_size)]

    def _epoch(self, progress: Progress, meter: Meter) -> None:
        """The steps of an epoch that are still to be done."""
        self.network.train()
        planned = self.plan(progress.epoch)[progress.step :]
        mine = [batch[self.group.rank :: self.group.world] for batch in planned]
        batches, saved = self.feed.batches(mine), time.monotonic()
        for _ in planned:
            begun = time.monotonic()
            batch = next(batches)
            waited = time.monotonic() - begun
            progress.losses.append(self._step(progress, batch))
            progress.step += 1
            progress.epoch_waiting += waited
            progress.epoch_seconds += time.monotonic() - begun
            meter.advance(self.batch_size)
            meter.note(f"epoch {progress.epoch + 1}/{self.settings.epochs}, loss {progress.losses[-1]:.3f}")
            if time.monotonic() - saved > self.checkpoint_seconds and progress.step < self.steps:
                self._save(progress)
                saved = time.monotonic()

    def _step(self, progress: Progress, batch: Any) -> float:
        done = progress.epoch * self.steps + progress.step
        torch.manual_seed(self.settings.seed * 1_000_003 + done)  # dropout is a function of the step
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = learning_rate(self.settings, done, self.settings.epochs * self.steps)
        half = torch.autocast(self.device.type, torch.bfloat16) if self.amp else nullcontext()
        with half:
            predicted = batch.scores(self.network, self.device)
        predicted = self.group.shared(predicted.float())
        labels, std = (self.group.shared(values.to(self.device)) for values in (batch.mos, batch.mos_std))
        weights = label_weights(std) if self.settings.weigh_by_uncertainty else torch.ones_like(labels)
        loss = self.loss(predicted, labels, weights)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.group.sum_gradients(self.parameters)
        seen = [loss.detach()]
        if self.settings.clip_norm:
            seen.append(torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.clip_norm))
        values: list[float] = torch.stack(seen).tolist()
        if not all(map(math.isfinite, values)):  # before it reaches the weights and the next checkpoint
            raise _not_finite("the loss or its gradient", progress)
        self.optimizer.step()
        self._update_average(done)
        return values[0]

    def _update_average(self, done: int) -> None:
        if self.average is None:
            return
        decay = min(self.settings.ema, (1 + done) / (10 + done))  # short memory at first
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)

    def _close_epoch(self, progress: Progress, meter: Meter) -> bool:
        """Validate, note the numbers, keep the weights if they are the best. Returns whether to stop."""
        weights = self.network.state_dict()
        if self.average is not None:
            trained_now = {name: value.clone() for name, value in weights.items()}
            self.network.load_state_dict(self.average)
        agreement = self.validate(progress, meter)
        # Where there is no rank correlation to choose by, because the validation labels are alike, the error decides.
        value = -(agreement["rmse"] or 0.0) if agreement["srocc"] is None else agreement["srocc"]
        if value > progress.best_value or progress.best_epoch < 0:
            progress.best_value, progress.best_srocc = value, agreement["srocc"]
            progress.best_epoch = progress.epoch
            if self.group.is_first:
                self._keep_best(progress, agreement)
        if self.average is not None:
            self.network.load_state_dict(trained_now)
        entry = {
            "epoch": progress.epoch + 1,
            "train_loss": float(np.mean(progress.losses)),
            **{f"val_{name}": value for name, value in agreement.items()},
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "images_per_second": progress.step * self.batch_size / max(progress.epoch_seconds, 1e-9),
            "waiting_share": progress.epoch_waiting / max(progress.epoch_seconds, 1e-9),
        }
        return self._note(progress, entry)

    def _note(self, progress: Progress, entry: dict[str, Any]) -> bool:
        """Write the epoch's numbers and a checkpoint at the next epoch's start."""
        progress.seconds += progress.epoch_seconds
        progress.waiting += progress.epoch_waiting
        progress.epoch, progress.step, progress.losses = progress.epoch + 1, 0, []
        progress.epoch_seconds = progress.epoch_waiting = 0.0
        if self.group.is_first:
            with (self.out / HISTORY).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(entry) + "\n")
            self.board(entry)
            best = "  best so far" if progress.best_epoch == progress.epoch - 1 else ""
            srocc, plcc = (metrics.shown(entry[f"val_{name}"]) for name in ("srocc", "plcc"))
            say(
                f"epoch {entry['epoch']}/{self.settings.epochs}: loss {entry['train_loss']:.4f}, validation SROCC "
                f"{srocc}, PLCC {plcc}, RMSE {entry['val_rmse']:.3f}, "
                f"{entry['images_per_second']:.0f} images/s{best}"
            )
        self._save(progress)
        self.group.wait()
        return self._is_patience_over(progress)

    def _save(self, progress: Progress) -> None:
        if self.group.is_first:
            checkpoints.save_state(self.out, self.network, self.optimizer, self.average, progress.record())

    def _is_patience_over(self, progress: Progress) -> bool:
        over = self.settings.patience and progress.epoch - 1 - progress.best_epoch >= self.settings.patience
        if over and self.group.is_first:
            say(f"stopped: no better validation in {self.settings.patience} epochs")
        return bool(over)

    def _keep_best(self, progress: Progress, agreement: dict[str, float | None]) -> None:
        record = runs.read(self.out)
        record |= trained.save_trained(self.out, self.network)
        record["network"] = self.network.describe()
        record["backbone"] = self.network.provenance
        record["scale"] = trained.SCALE
        record["photos"] = self.split.counts()
        record["best"] = {
            "epoch": progress.epoch + 1,
            **{f"val_{name}": value for name, value in agreement.items()},
        }
        runs.write(self.out, record)

    def validate(self, progress: Progress, meter: Meter) -> dict[str, float | None]:
        """SROCC, PLCC (None where the labels are all alike) and RMSE on the validation photos.

        The processes share the work. Raises `GlintError` for predictions that are not finite.
        """
        self.network.eval()
        examined = self.parts["val"]
        mine = {}
        for index in range(self.group.rank, len(examined), self.group.world):
            mine[index] = self.feed.validation_score(index, self.amp)
            meter.note(
                f"epoch {progress.epoch + 1}/{self.settings.epochs}, validating {index + 1:,}/{len(examined):,}"
            )
            meter.advance(0)
        scores = self.group.collect(mine)
        predicted = np.array([scores[index] for index in range(len(examined))])
        if not np.isfinite(predicted).all():
            raise _not_finite("a score on the validation photos", progress)
        labels = examined.mos.astype(np.float64)
        # A constant prediction of labels that differ has no correlation; 0 says so and can be compared.
        alike = len(labels) < 2 or np.ptp(labels) == 0
        ranks = {
            name: None if alike else float(np.nan_to_num(measure(predicted, labels)))
            for name, measure in (("srocc", metrics.srocc), ("plcc", metrics.plcc))
        }
        return ranks | {"rmse": metrics.rmse(predicted, labels)}


def _not_finite(what: str, progress: Progress) -> GlintError:
    return GlintError(
        f"epoch {progress.epoch + 1}, step {progress.step + 1}: {what} is not finite (NaN or infinity), so the run "
        "stops; begin again in a new folder with a lower --learning-rate, or without --amp-on-cpu"
    )


def open_board(folder: Path) -> Callable[[dict[str, Any]], None]:
    """A function that shows an epoch's numbers in TensorBoard; does nothing where that is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return lambda entry: None
    writer = SummaryWriter(str(folder / "tensorboard"))

    def show(entry: dict[str, Any]) -> None:
        for name, value in entry.items():
            if value is not None:
                writer.add_scalar(name, value, entry["epoch"])
        writer.flush()

    return show
