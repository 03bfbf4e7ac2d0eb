"""All that decides what a training run computes. A run may only be resumed with the same settings."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from glint_data.errors import GlintError


def option(default: Any, help: str, **more: Any) -> Any:
    """A field with an option of its own on the command line; `more` are the further words of an option."""
    return field(default=default, metadata={"help": help, **more})


@dataclass(frozen=True)
class TrainSettings:
    """Choices of a run, in the order in which they matter. What is no option is reached by --set NAME=VALUE."""

    model: str = option(
        "glintiqa", "glintiqa (no reference), ahiq (full reference), or frozen (solved in seconds)."
    )
    variant: str = option("default", "default, or exact as published.")
    size: str = option("lite", "full, lite (pretrained CNN from a package), nano (that CNN alone), or tiny.")
    from_scratch: bool = option(False, "Without pretrained backbones.")
    backbone_weights: tuple[str, ...] = option(
        (), "A backbone's local checkpoint; repeat for the second.", metavar="FILE", many=True
    )
    start_from: str | None = option(
        None,
        "Begin with the weights of an earlier run, of a published checkpoint, or of the judge.",
        metavar="RUN",
    )
    model_options: dict[str, Any] = field(default_factory=dict)

    epochs: int = option(20, "Passes over the samples.", least=1)
    batch_size: int = option(32, "Samples a step, over all processes.", least=2)
    learning_rate: float | None = option(None, "Peak of the schedule.", shown="by start")
    optimizer: str = "adamw"
    weight_decay: float = 1e-2
    warmup: float = 0.05  # share of all steps
    clip_norm: float = 1.0
    ema: float = option(0.0, "Averaging of weights by step; 0: off.", least=0, most=1)
    amp: bool = True  # bfloat16 on a GPU
    amp_on_cpu: bool = option(False, "bfloat16 on a CPU too, where it multiplies that natively.")

    loss: str = option("huber+plcc", "Of l1, huber, plcc, rank, joined by +, each with an optional weight.")
    weigh_by_uncertainty: bool = True
    flip_vertically: bool = False
    crop_places: int = option(
        0, "Fixed crops an image has in training; 0: anywhere, anew each time.", least=0
    )
    cache_features: str = option(
        "", "float16 or float32: keep what frozen backbones make of these crops.", shown="no"
    )
    start_at_mean: bool = True  # the head's bias begins at the mean label
    epoch_samples: int = option(0, "Samples drawn an epoch; 0: all.", least=0)

    validation_share: float = 0.15
    test_share: float = 0.15
    split_seed: int = option(0, "Seed that assigns photos to the parts.", least=0)
    split_file: str | None = option(None, "CSV of source,part (train, val, test).", metavar="FILE")
    validation_crops: int = 4
    patience: int = option(0, "Epochs without progress before it ends; 0: never.", least=0)
    seed: int = option(0, "Seed of weights, order and crops.", least=0)

    @property
    def peak_rate(self) -> float:
        """The learning rate given, or one that suits the weights a run begins with."""
        if self.learning_rate is not None:
            return self.learning_rate
        if self.start_from:
            return 3e-4
        # Small networks are trained from scratch, or, in size lite, for the most part.
        is_small = self.size in ("tiny", "nano", "lite") and not self.backbone_weights
        return 1e-3 if self.from_scratch or is_small else 1e-4

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)


OPTIMIZERS = ("adamw", "adam")
PRECISIONS = ("float16", "float32")


def settings_from(options: dict[str, Any]) -> TrainSettings:
    """Settings from named options.

    Raises:
        GlintError: an unknown option, or a value outside what it may be.
    """
    known = [entry.name for entry in fields(TrainSettings)]
    unknown = sorted(options.keys() - set(known))
    if unknown:
        raise GlintError(f"training has no option {', '.join(unknown)}; options are {', '.join(known)}")
    listed: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
    }
    settings = TrainSettings(**listed)
    _check(settings)
    return settings


def _check(settings: TrainSettings) -> None:
    from glint_data.training.run.losses import parse_loss

    parse_loss(settings.loss)
    least = {entry.name: entry.metadata["least"] for entry in fields(settings) if "least" in entry.metadata}
    for name, bound in least.items() | {("validation_crops", 1)}:
        if getattr(settings, name) < bound:
            raise GlintError(f"{name} {getattr(settings, name)}: must be at least {bound}")
    if settings.peak_rate <= 0:
        raise GlintError(f"learning_rate {settings.learning_rate}: must be above 0")
    if settings.optimizer not in OPTIMIZERS:
        raise GlintError(f"optimizer {settings.optimizer!r}: known are {', '.join(OPTIMIZERS)}")
    for name in ("validation_share", "test_share"):
        if not 0 < getattr(settings, name) < 0.9:
            raise GlintError(f"{name} {getattr(settings, name)}: must lie between 0 and 0.9")
    if settings.validation_share + settings.test_share >= 1:
        raise GlintError(
            "validation_share and test_share leave nothing to train on; their sum must be below 1"
        )
    if not 0 <= settings.ema < 1:
        raise GlintError(f"ema {settings.ema}: a decay between 0 (off) and 1, for example 0.999")
    if settings.cache_features not in ("", *PRECISIONS):
        raise GlintError(f"cache_features {settings.cache_features!r}: known are {', '.join(PRECISIONS)}")
    if settings.cache_features and not settings.crop_places:
        raise GlintError("cache_features needs crops that come again: give --crop-places, for example 4")
    if settings.from_scratch and settings.backbone_weights:
        raise GlintError("--from-scratch and --backbone-weights contradict each other; give one of them")
