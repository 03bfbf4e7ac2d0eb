"""Plain training steps that can be interrupted: what pre-training and fine-tuning share."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from glint_data import images
from glint_data.progress import say
from glint_data.training.run.checkpoints import load_state, save_state
from glint_data.training.run.optimisation import learning_rate, make_optimizer
from glint_data.training.settings import TrainSettings

SAVED_EVERY = 120.0


def descend(
    network: torch.nn.Module,
    loss: Callable[[int], torch.Tensor],
    steps: int,
    rate: float,
    out: Path,
    weight_decay: float = 0.02,
    told: Callable[[int], None] | None = None,
    most_seconds: float = 0.0,
) -> int:
    """Steps of AdamW on `loss(step)`, going on with what is in `out`. Everything drawn is a function of the step.

    With `most_seconds` the run's length follows the clock of its beginning: the cosine is that of `steps`, and the
    caller chooses `steps` after timing a few. Returns the steps done.
    """
    settings = replace(TrainSettings(model="glintiqa"), learning_rate=rate, weight_decay=weight_decay)
    optimizer = make_optimizer(settings, network)
    out.mkdir(parents=True, exist_ok=True)
    begun = (load_state(out, network, optimizer, None) or {"step": 0})["step"]
    network.train()
    saved, clock, losses = time.monotonic(), time.monotonic(), []
    parameters = [p for p in network.parameters() if p.requires_grad]
    for step in range(begun, steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(settings, step, steps)
        torch.manual_seed(step)
        value = loss(step)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(float(value.detach()))
        if not np.isfinite(losses[-1]):
            raise SystemExit(f"step {step}: the loss is {losses[-1]}")
        if (step + 1) % 100 == 0:
            pace = (time.monotonic() - clock) / 100
            say(f"step {step + 1}/{steps}: loss {np.mean(losses[-100:]):.4f}, {pace:.2f} s a step")
            clock = time.monotonic()
        if told is not None:
            told(step)
        if time.monotonic() - saved > SAVED_EVERY:
            save_state(out, network, optimizer, None, {"step": step + 1})
            saved = time.monotonic()
    save_state(out, network, optimizer, None, {"step": steps})
    return steps


def cropped(paths: Iterable[str], size: int, rng: np.random.Generator) -> torch.Tensor:
    """A random, perhaps mirrored crop of each picture, float32 (B, 3, size, size) in [-1, 1]."""
    cut = []
    for path in paths:
        pixels = images.read_rgb(path)
        row, column = (int(rng.integers(0, side - size + 1)) for side in pixels.shape[:2])
        piece = pixels[row : row + size, column : column + size]
        cut.append(piece[:, ::-1] if rng.random() < 0.5 else piece)
    stacked = torch.from_numpy(np.ascontiguousarray(np.stack(cut).transpose(0, 3, 1, 2)))
    return stacked.float() / 127.5 - 1
