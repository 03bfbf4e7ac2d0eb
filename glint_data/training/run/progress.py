"""How far a run is: counters that a checkpoint carries, checked when they are read, and what the epochs said."""

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.storage.files import write_atomically

HISTORY = runs.HISTORY


@dataclass
class Progress:
    """Counters of a run; `step` is within the epoch."""

    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    best_srocc: float | None = None
    best_value: float = (
        -math.inf
    )  # what the best epoch was chosen by: SROCC, or -RMSE where no SROCC can be had
    best_epoch: int = -1
    seconds: float = 0.0  # of all steps, and of those the ones spent waiting for images
    waiting: float = 0.0
    epoch_seconds: float = 0.0
    epoch_waiting: float = 0.0

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        counters = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return counters | {"best_value": None if self.best_epoch < 0 else self.best_value}

    @classmethod
    def read(cls, counters: Any, where: Path) -> "Progress":
        """From a checkpoint's header. Raises `GlintError` for what no run of ours writes."""
        expected = {entry.name for entry in fields(cls)}
        if not isinstance(counters, dict) or set(counters) != expected:
            raise _damaged(where, "other counters than this release writes")
        values = dict(counters)
        if values["best_value"] is None:
            values["best_value"] = -math.inf
        for name, value in values.items():
            if name in ("epoch", "step", "best_epoch"):
                right = (
                    isinstance(value, int)
                    and not isinstance(value, bool)
                    and value >= -(name == "best_epoch")
                )
            elif name == "losses":
                right = isinstance(value, list) and all(map(_is_number, value))
            elif name == "best_srocc":
                right = value is None or _is_number(value)
            else:
                right = _is_number(value) or (name == "best_value" and value == -math.inf)
            if not right:
                raise _damaged(where, f"the counter {name} is {value!r}")
        if len(values["losses"]) != values["step"] or values["best_epoch"] >= max(values["epoch"], 1):
            raise _damaged(where, "its counters contradict each other")
        return cls(**values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _damaged(where: Path, what: str) -> GlintError:
    return GlintError(f"{where}: {what}; delete it to begin the run again, or restore it from a copy")


def cut_history(folder: Path, epochs: int) -> None:
    """Forget what epochs said that the checkpoint does not know, and lines that cannot be read."""
    file = folder / HISTORY
    if file.is_file():
        kept = [entry for entry in runs.history(folder) if entry["epoch"] <= epochs]
        write_atomically(file, "".join(json.dumps(entry) + "\n" for entry in kept).encode())
