"""A rating and its taken-over image as a row of the manifest, and the set as the manifest's facts."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import distortions
from glint_data.dataset.label_facts import RATED
from glint_data.dataset.status import Status

if TYPE_CHECKING:
    import pandas


def row_of(
    description: dict[str, Any],
    rating: Any,
    taken: dict[tuple[str, str], Any],
    errors: dict[str, str],
    file: Path | None,
    pristine_file: Path | None,
) -> dict[str, Any]:
    """One row. An image that is missing or damaged is a failed row with its reason; its score stays known."""
    image = taken.get(("images", rating.image))
    has_reference = isinstance(rating.reference, str)
    pristine = taken.get(("references", rating.reference)) if has_reference else None
    origin = pristine_file if has_reference else file
    type_number = None if rating.type is None or rating.type != rating.type else int(rating.type)
    row = {
        "sample_id": rating.sample_id,
        "source": rating.source,
        "source_path": str(origin.resolve()) if origin else None,
        "source_hash": pristine.hash if pristine else None,
        "reference_path": pristine.path if pristine else None,
        "suite": description.get("suite"),
        "type": type_number,
        "level": rating.level,
        "distortion": _distortion(description, type_number),
        "parameters": rating.parameters,
        "status": Status.OK if image else Status.FAILED,
        "error": None if image else errors[rating.image],
        "mos": rating.mos,
        "mos_std": rating.mos_std,
        "label_set": description["name"],
        "label_method": RATED,
    }
    if image:
        row |= {"path": image.path, "image_hash": image.hash, "width": image.width, "height": image.height}
        if not has_reference:
            row["source_hash"] = image.hash  # an authentic photo is its own source
    if image and image.conversions:
        row["parameters"] = json.dumps(
            {**json.loads(rating.parameters or "{}"), "decoded": image.conversions}
        )
    return row


def _distortion(description: dict[str, Any], type_number: int | None) -> str | None:
    if type_number is None:
        return None
    own: str | None = description.get("distortions", {}).get(str(type_number))
    if own is None and description.get("suite") in distortions.suites():
        own = distortions.suite(description["suite"]).types[type_number].distortion
    return own


def set_facts(
    description: dict[str, Any], layout: dict[str, Any], ratings: "pandas.DataFrame"
) -> dict[str, Any]:
    """What the manifest remembers of the set: range, direction, spread, licence, layout."""
    scale = layout.get("scores", description["scores"])
    return {
        "set": description["name"],
        "title": description["title"],
        "suite": description.get("suite"),
        "citation": description["citation"],
        "licence": description["licence"],
        "home": description["home"],
        "low": scale["low"],
        "high": scale["high"],
        "higher_is_better": scale["higher_is_better"],
        "spread": scale.get("spread") if ratings["spread"].notna().any() else None,
        "raters": scale.get("raters"),
        "method": RATED,
        "layout": layout["name"],
        "layout_certainty": layout["certainty"],
        "ratings": len(ratings),
        "references": sorted(ratings.dropna(subset="reference")["source"].unique()),
    }
