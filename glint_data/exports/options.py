"""What may be chosen of an export beside its format; each format takes the options that mean something to it.

The fields are the options of `export`: names, defaults and help stand here alone.
"""

from dataclasses import dataclass, field
from typing import Any

from glint_data.errors import GlintError

DEVIATIONS = ("auto", "raters", "label")
SOFT_LABELS = ("pdf", "cdf")
PAIRED = ("photo", "across")


def option(default: Any, help: str, **more: Any) -> Any:
    """A field with an option of its own on the command line; `more` are the further words of an option."""
    return field(default=default, metadata={"help": help, **more})


@dataclass(frozen=True)
class Options:
    """`deviation`: whose standard deviation stands beside a score (see `glint_data.exports.deviation`);
    `soft_labels`: how five probabilities are made of a score (see `glint_data.exports.soft_labels`);
    `pairs`: how many pairs to draw, `paired`: inside a photo or across photos, `seed`: their random draw;
    `strip`: copied files go out without EXIF and position.

    >>> Options(deviation="raters").deviation
    'raters'
    """

    deviation: str = option(
        "auto", "Deviation beside a score: raters (opinions), label (its own), auto: raters' if known."
    )
    soft_labels: str = option("pdf", "deqa: probabilities by pdf or cdf.")
    pairs: int = option(10_000, "pairs: how many to draw.", least=1)
    paired: str = option("photo", "pairs: inside a photo, or across photos.")
    seed: int = option(0, "pairs: seed of the draw.", least=0)
    strip: bool = option(False, "Leave out what copied files tell of camera and position (EXIF).")

    def __post_init__(self) -> None:
        for name, values in (("deviation", DEVIATIONS), ("soft_labels", SOFT_LABELS), ("paired", PAIRED)):
            value = getattr(self, name)
            if value not in values:
                option = name.replace("_", "-")
                raise GlintError(f"--{option} {value}: choose one of {', '.join(values)}")
        if self.pairs < 1:
            raise GlintError(f"--pairs {self.pairs}: draw at least one pair")
