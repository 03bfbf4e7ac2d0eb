"""What a training run reached, for a person and for a program."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from glint_data.progress import duration
from glint_data.training.judge.metrics import shown
from glint_data.training.run.checkpoints import WEIGHTS


@dataclass
class Run:
    """A finished training run: `best_srocc` on validation (None where its labels are alike), at which epoch."""

    folder: Path
    model: str
    best_srocc: float | None
    best_epoch: int
    epochs: int
    samples: dict[str, int]
    photos: dict[str, int]
    backbones: dict[str, str]
    seconds: float = 0.0
    waiting: float = 0.0
    best: dict[str, Any] = field(default_factory=dict)
    baseline: dict[str, Any] | None = None
    was_finished: bool = False
    notes: list[str] = field(default_factory=list)

    def __fspath__(self) -> str:
        return str(self.folder)

    def text(self) -> str:
        """The closing lines for a person."""
        done = "was finished before, nothing was trained: " if self.was_finished else "trained "
        what = f"{self.epochs} epochs on" if self.model != "frozen" else "a head on"
        took = f" in {duration(self.seconds)}; {self.waiting:.0%} of it waiting for images"
        lines = [
            f"{done}{what} {self.samples['train']:,} samples of {self.photos['train']:,} photos"
            + ("" if self.was_finished else took),
            f"  best validation SROCC {shown(self.best_srocc)} at epoch {self.best_epoch} "
            f"({self.samples['val']:,} samples of {self.photos['val']:,} other photos)",
        ]
        if self.baseline is not None:
            fewer = self.baseline["val_samples"] < self.samples["val"]
            lines.append(
                f"  beside it, a frozen network with a small head: SROCC {shown(self.baseline['val_srocc'])}"
                + (f" ({self.baseline['val_samples']:,} of these samples)" if fewer else "")
            )
        return "\n".join(
            [
                *lines,
                *(f"  note: {note}" for note in self.notes),
                *(f"  {name}: {origin}" for name, origin in self.backbones.items()),
                f"  {self.folder / WEIGHTS}",
            ]
        )

    def record(self) -> dict[str, Any]:
        """The same as JSON-able values."""
        return {name: value for name, value in asdict(self).items() if name != "was_finished"} | {
            "folder": str(self.folder)
        }
