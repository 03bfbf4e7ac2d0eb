"""What may be asked of an export beside its format; each format takes the options that mean something to it."""

from dataclasses import dataclass

from glint_data.errors import GlintError

DEVIATIONS = ("auto", "raters", "label")
SOFT_LABELS = ("pdf", "cdf")
PAIRED = ("photo", "across")


@dataclass(frozen=True)
class Options:
    """`deviation`: whose standard deviation stands beside a score (see `glint_data.exports.deviation`);
    `soft_labels`: how five probabilities are made of a score (see `glint_data.exports.soft_labels`);
    `pairs`: how many pairs to draw, `paired`: inside a photo or across photos, `seed`: their random draw;
    `strip`: copied files go out without EXIF and position.

    >>> Options(deviation="raters").deviation
    'raters'
    """

    deviation: str = "auto"
    soft_labels: str = "pdf"
    pairs: int = 10_000
    paired: str = "photo"
    seed: int = 0
    strip: bool = False

    def __post_init__(self) -> None:
        for name, values in (("deviation", DEVIATIONS), ("soft_labels", SOFT_LABELS), ("paired", PAIRED)):
            value = getattr(self, name)
            if value not in values:
                option = name.replace("_", "-")
                raise GlintError(f"--{option} {value}: choose one of {', '.join(values)}")
        if self.pairs < 1:
            raise GlintError(f"--pairs {self.pairs}: draw at least one pair")
