"""What a label run did, for a person and for a machine."""

from dataclasses import asdict, dataclass
from typing import Any

from glint_data import progress
from glint_data.dataset import manifest
from glint_data.labels.scales import OWN, UNIT


@dataclass(frozen=True)
class LabelSummary:
    """What a label run did. `median_width`: of the 90 % intervals, on the set's own scale; None without labels.

    Samples that people rated are neither `labelled` nor `unlabelled`: their scores stay.
    `rising_series`: how many series of levels rose where they should fall, before any smoothing (`labels.levels`).
    `said_on`: the scale of the text's numbers, "unit" or "own" (`labels.scales`).
    """

    dataset: str
    reference: str
    method: str
    embedder: str
    photos: int
    samples: int
    labelled: int
    unlabelled: int
    photos_unlike_references: int
    photos_unreadable: dict[str, str]
    median_width: float | None
    scale: str
    rising_series: int
    seconds: float
    seconds_embedding: float
    seconds_labelling: float
    notes: tuple[str, ...] = ()
    said_on: str = UNIT

    def text(self) -> str:
        """The summary for a person: what was labelled, by what, and where it lies."""
        width = (
            ""
            if self.median_width is None
            else f"; 90 % intervals {self._said(self.median_width)} in the median"
        )
        unrated = "" if self.labelled + self.unlabelled == self.samples else "unrated "
        lines = [
            f"{self.labelled:,} of {self.labelled + self.unlabelled:,} {unrated}samples labelled, "
            f"{self.photos:,} photos, "
            f"in {progress.duration(self.seconds)} (embedding {progress.duration(self.seconds_embedding)})",
            f"  method {self.method}, references {self.reference}, embedder {self.embedder}{width}",
        ]
        lines += [f"  {line}" for note in self.notes for line in note.splitlines()]
        if self.photos_unlike_references:
            lines.append(
                f"  {self.photos_unlike_references:,} photos unlike every reference: cell means, wide intervals"
            )
        if self.unlabelled:
            lines.append(f"  {self.unlabelled:,} samples without label; their label_note says why")
        lines += [f"  not read: {reason}" for reason in list(self.photos_unreadable.values())[:5]]
        return "\n".join([*lines, f"  {self.dataset}/{manifest.FILE}"])

    def _said(self, width: float) -> str:
        """A width on the scale that was asked for, which is named."""
        if self.said_on == OWN:
            return f"{width:.2f} wide on {self.scale}"
        low, high = (float(end) for end in self.scale.split(" to "))
        return f"{width / (high - low):.2f} wide on 0 to 1"

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)
