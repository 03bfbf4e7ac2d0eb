"""One sample: a row of the manifest with its label and the way to its pixels."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.dataset.status import Status
from glint_data.errors import GlintError

if TYPE_CHECKING:
    from glint_data.dataset.pixels import Picture, Pictures

__all__ = ["Label", "Sample", "Status"]


@dataclass(frozen=True, slots=True)
class Label:
    """A score on [0, 1], higher is better; `std` on the same scale, `low` to `high` the 90 % interval.

    `set` is the reference set the score came from and `method` what made it ("rated": people did, `std` is then
    their spread). `references` are the matched references with their similarities (-1..1), nearest first.
    """

    mos: float
    std: float | None
    low: float | None
    high: float | None
    set: str
    method: str
    references: tuple[tuple[str, float], ...]
    note: str | None
    version: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Label | None":
        """The label in a row of the manifest, None where it has no score."""
        if row.get("mos") is None:
            return None
        names = row.get("label_references") or ()
        similarities = row.get("label_similarities") or [math.nan] * len(names)
        return cls(
            mos=row["mos"],
            std=row.get("mos_std"),
            low=row.get("mos_low"),
            high=row.get("mos_high"),
            set=row.get("label_set") or "",
            method=row.get("label_method") or "",
            references=tuple(zip(names, similarities, strict=True)),
            note=row.get("label_note"),
            version=row.get("label_version"),
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """A source rendered through one (type, level) of a suite with one seed, or a scored image as published.

    `source` is the short name of the pristine photo, `source_hash` the SHA-256 of its pixels. `type`, `level`,
    `suite` and `seed` are None where the image was not rendered here; `parameters` holds what was drawn. `width`
    and `height` are in pixels. `error` says why a failed sample failed,
    `note` why a label is wide or missing. Paths are relative to the dataset.
    """

    id: str
    source: str | None
    suite: str | None
    type: int | None
    level: int | None
    seed: int | None
    strength: float | None
    parameters: Mapping[str, Any] = field(hash=False)
    status: Status
    label: Label | None
    distortion: str | None = None
    suite_version: str | None = None
    width: int | None = None
    height: int | None = None
    path: str | None = None
    reference_path: str | None = None
    source_path: str | None = None
    source_hash: str | None = None
    image_hash: str | None = None
    source_edit: str | None = None
    mask_path: str | None = None
    mask_hash: str | None = None
    low_resolution_path: str | None = None
    low_resolution_hash: str | None = None
    licence: str | None = None
    split: str | None = None
    error: str | None = None
    note: str | None = None
    _pictures: "Pictures | None" = field(default=None, repr=False, compare=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any], pictures: "Pictures | None" = None) -> "Sample":
        """The sample of a manifest's row (missing columns count as null); `pictures` are those of its dataset.

        Raises:
            GlintError: the row's `parameters` are no JSON object.
        """
        status = row.get("status")
        return cls(
            id=row["sample_id"],
            seed=row.get("seed"),
            parameters=_parameters(row),
            status=Status(status) if status else Status.FAILED,
            label=Label.from_row(row),
            note=row.get("label_note"),
            error=row.get("error") or (None if status else "its row has no status"),
            _pictures=pictures,
            **{name: row.get(name) for name in _COPIED},
        )

    @property
    def has_pristine(self) -> bool:
        """Whether a pristine photo stands behind it; a scored photograph has none."""
        return bool(self.reference_path) or self.status == Status.PLANNED

    @property
    def photo_key(self) -> str:
        """What tells its photo from others: the hash of the pixels; without one the name within its dataset."""
        return self.source_hash or f"{self._opened().place}/{self.source or ''}"

    def pixels(self) -> np.ndarray:
        """The image, uint8 (H, W, 3) RGB: read from its file, or rendered from its recipe.

        Raises:
            ImageRefused: file or photo is gone, damaged, or not what the manifest recorded by its hash.
        """
        return self.picture().pixels

    def pristine(self) -> np.ndarray | None:
        """The pristine photo, uint8 (H, W, 3) RGB, None where there is none; `ImageRefused` as in `pixels`."""
        picture = self.pristine_picture()
        return None if picture is None else picture.pixels

    def picture(self) -> "Picture":
        """The image with its hash and its file's bytes; `ImageRefused` as in `pixels`."""
        return self._opened().sample(self)

    def pristine_picture(self) -> "Picture | None":
        """The pristine photo with its hash and its file's bytes; `ImageRefused` as in `pixels`."""
        return self._opened().pristine(self)

    def mask(self, picture: "Picture | None" = None) -> np.ndarray | None:
        """Where a regional distortion fell, uint8 (H, W), 255 inside; None for a sample that has no mask.

        `picture`, where it was asked for already, saves rendering a recipe again; `ImageRefused` as in `pixels`.
        """
        if self.mask_path:
            return self._opened().mask(self)
        return (picture or self.picture()).mask if self.status == Status.PLANNED else None

    def low_resolution(self, picture: "Picture | None" = None) -> np.ndarray | None:
        """The small image that was upscaled, uint8 (H, W, 3) RGB; None for a sample of which there is none.

        `picture`, where it was asked for already, saves rendering a recipe again; `ImageRefused` as in `pixels`.
        """
        if self.low_resolution_path:
            return self._opened().low_resolution(self)
        return (picture or self.picture()).low_resolution if self.status == Status.PLANNED else None

    def _opened(self) -> "Pictures":
        if self._pictures is None:
            raise GlintError(f"{self.id}: belongs to no dataset; take samples from a Dataset")
        return self._pictures


_COPIED = (
    *("source", "suite", "type", "level", "strength", "distortion", "suite_version", "width", "height"),
    *("path", "reference_path", "source_path", "source_hash", "image_hash", "source_edit", "mask_path"),
    *("mask_hash", "low_resolution_path", "low_resolution_hash", "licence", "split"),
)


def _parameters(row: Mapping[str, Any]) -> dict[str, Any]:
    text = row.get("parameters")
    if not text:
        return {}
    try:
        drawn = json.loads(text)
    except ValueError as error:
        raise GlintError(
            f"{row['sample_id']}: its parameters are no JSON ({error}); make it again"
        ) from error
    if not isinstance(drawn, dict):
        raise GlintError(f"{row['sample_id']}: its parameters are no JSON object; make it again")
    return drawn
