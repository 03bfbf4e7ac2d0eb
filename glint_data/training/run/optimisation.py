"""The optimiser and its one schedule: a warm-up, then a cosine over the whole run."""

import math

import torch

from glint_data.training.settings import TrainSettings

_NEVER_DECAYED = ("cls_token", "reg_token", "dist_token", "pos_embed", "log_temperature")
"""Tokens, positions and a temperature: matrices by their shape, but towards zero they mean something else, not less."""


def decays(name: str, parameter: torch.nn.Parameter) -> bool:
    """Whether weight decay is for a parameter: matrices and kernels alone, no norm, bias, token or temperature."""
    return parameter.ndim >= 2 and name.rpartition(".")[2] not in _NEVER_DECAYED


def make_optimizer(settings: TrainSettings, network: torch.nn.Module) -> torch.optim.Optimizer:
    """AdamW or Adam for the trained parameters, each group with its parameters' `names`."""
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    groups = []
    for decay in (True, False):
        chosen = [(name, p) for name, p in trained if decays(name, p) is decay]
        if chosen:
            names, parameters = zip(*chosen, strict=True)
            groups.append(
                {
                    "params": list(parameters),
                    "names": list(names),
                    "weight_decay": settings.weight_decay if decay else 0.0,
                }
            )
    method = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    # Not `fused`: on a CPU it pairs weights, gradients and moments by their place in memory, which is wrong as
    # soon as one of them is channels-last and another, say from a checkpoint, is not.
    return method(groups, lr=settings.peak_rate)


def learning_rate(settings: TrainSettings, step: int, steps: int) -> float:
    """One linear warm-up, then one cosine down to a hundredth over the whole run."""
    warmup = max(round(settings.warmup * steps), 1)
    if step < warmup:
        return settings.peak_rate * (step + 1) / warmup
    passed = (step - warmup) / max(steps - warmup, 1)
    return settings.peak_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * passed)))
