"""How far this dataset's labels can be trusted: the certificate beside the dataset's own photos."""

from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.dataset import manifest
from glint_data.reports.page import Section
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pandas

PHOTOS_SHOWN = 24
_ALIKE = (0.1, 0.5, 0.9)


def trust_section(
    folder: Place,
    labelled: "pandas.DataFrame",
    audit: dict[str, Any] | None,
    flagged: list[tuple[str, str]],
) -> Section:
    """What was measured of the method, and how far these photos are like those it was measured on.

    `labelled` needs the columns source, mos_low, mos_high, width, height, label_note; `flagged` are names and
    pictures of the photos that are unlike the references.
    """
    width = (labelled["mos_high"] - labelled["mos_low"]).to_numpy(float)
    typical = _typical_width(audit, labelled)
    width = width[np.isfinite(width)]
    wide = float(np.mean(width > 1.5 * typical)) if typical and len(width) else None
    facts = [*_certificate(audit), *_likeness(folder)]
    sizes = labelled[["width", "height"]].dropna()
    if len(sizes):
        side = np.sqrt(sizes["width"].to_numpy(float) * sizes["height"].to_numpy(float))
        facts.append(("photos' size, as the side of a square", f"{_range(side.min(), side.max())} pixels"))
    if len(width):  # scores that people gave have no intervals
        facts.append(("mean 90 % interval here", f"{width.mean():.2f} wide"))
    if wide is not None:
        facts.append(("intervals over 1.5 times the certified mean", f"{wide:.0%}"))
    noted = labelled["label_note"].notna()
    facts.append(
        (
            "photos with a note",
            f"{labelled.loc[noted, 'source'].nunique():,} of {labelled['source'].nunique():,}",
        )
    )
    text = (
        "The certificate holds for photos like the references, seen whole at about their size; what follows says how "
        "far these photos are like that. "
        + (
            ""
            if audit
            else "Without a certificate: 'glint-data audit --json FILE' makes one, report --audit FILE shows it. "
        )
        + ("Below are photos unlike every reference: their labels are the widest." if flagged else "")
    )
    notes = labelled.loc[noted, "label_note"].str.split("; ").explode().value_counts()
    rows = tuple((str(note), f"{count:,} sample{'s' if count != 1 else ''}") for note, count in notes.items())
    return Section("Can I trust it?", facts, text.strip(), rows=rows, photos=tuple(flagged[:PHOTOS_SHOWN]))


def _range(low: float, high: float) -> str:
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"


def _method(audit: dict[str, Any] | None) -> dict[str, Any]:
    return audit["methods"].get(audit["default"], {}) if audit else {}


def _certificate(audit: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What the audit measured of the default method."""
    method = _method(audit)
    if not audit or not method:
        return []
    return [
        ("certified method", f"{audit['default']} on {audit.get('title', audit.get('reference', '?'))}"),
        *(
            (title, form.format(method[name]))
            for name, title, form in (
                ("srocc", "SROCC, references left out", "{:.3f}"),
                ("rmse", "RMSE, on the set's own scale", "{:.3f}"),
                ("coverage_90", "share inside the 90 % interval", "{:.1%}"),
            )
            if isinstance(method.get(name), int | float)
        ),
    ]


def _typical_width(audit: dict[str, Any] | None, labelled: "pandas.DataFrame") -> float | None:
    """Mean width of the certified intervals on the scale 0 to 1."""
    width, scale = _method(audit).get("width_90"), (audit or {}).get("scale", {})
    if not isinstance(width, int | float) or "high" not in scale or "low" not in scale:
        return None
    return float(width) / (float(scale["high"]) - float(scale["low"]))


def _likeness(folder: Place) -> list[tuple[str, str]]:
    """How similar the photos are to the reference nearest to each."""
    best: dict[str, float] = {}
    for batch in manifest.batches(folder, ["source", "label_similarities"], rows=100_000):
        names = batch.column("source").cast("string").to_pylist()
        first = {name: row for row, name in enumerate(names) if name not in best}
        for name, row in first.items():
            similarities = batch.column("label_similarities")[row].as_py()
            if similarities:
                best[name] = similarities[0]
    if not best:
        return []
    low, middle, high = np.quantile(list(best.values()), _ALIKE)
    return [
        ("similarity to the nearest reference", f"{middle:.2f} (80 % of photos: {low:.2f} to {high:.2f})")
    ]
