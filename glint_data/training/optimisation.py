"""The optimiser and its one schedule: a warm-up, then a cosine over the whole run."""

import math

import torch

from glint_data.training.settings import TrainSettings


def make_optimizer(settings: TrainSettings, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """AdamW or Adam; vectors (norms, biases) are not decayed."""
    matrices = [parameter for parameter in parameters if parameter.ndim >= 2]
    vectors = [parameter for parameter in parameters if parameter.ndim < 2]
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    # Not `fused`: on a CPU it pairs weights, gradients and moments by their place in memory, which is wrong as
    # soon as one of them is channels-last and another, say from a checkpoint, is not.
    return kind([group for group in groups if group["params"]], lr=settings.peak_rate)


def learning_rate(settings: TrainSettings, step: int, steps: int) -> float:
    """One linear warm-up, then one cosine down to a hundredth over the whole run."""
    warmup = max(round(settings.warmup * steps), 1)
    if step < warmup:
        return settings.peak_rate * (step + 1) / warmup
    passed = (step - warmup) / max(steps - warmup, 1)
    return settings.peak_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * passed)))
