"""Everything a dataset knows of one sample: how it was made, what it scores, and on what evidence."""

import difflib
import json
from pathlib import Path

import distortions
from glint_data.dataset import manifest
from glint_data.errors import GlintError


def explain(dataset: Path, sample_id: str) -> str:
    """The sample's recipe and label as lines for a person.

    Raises:
        GlintError: no such dataset, or no such sample (near names are given).
    """
    rows = manifest.read(dataset)
    found = rows[rows["sample_id"] == sample_id]
    if not len(found):
        near = (
            difflib.get_close_matches(sample_id, rows["sample_id"], 3) or rows["sample_id"].head(3).tolist()
        )
        raise GlintError(f"{dataset}: holds no sample {sample_id}; near it: {', '.join(near)}")
    row = found.iloc[0]
    return "\n".join([*_recipe(dataset, row), *_label(row)])


def _recipe(dataset: Path, row) -> list[str]:
    drawn = json.loads(row["parameters"]) if isinstance(row["parameters"], str) else {}
    lines = [row["sample_id"], f"  photo      {row['source']} ({row['source_path']})"]
    is_rendered = row["seed"] is not None and row["seed"] == row["seed"]
    if not is_rendered:
        lines += _published(row)
    elif row["suite"] in distortions.suites():
        kind = distortions.suite(row["suite"]).types.get(row["type"])
        what = (
            f"{kind.title}, level {row['level']}, {kind.levels[row['level'] - 1]} ({kind.unit})"
            if kind
            else ""
        )
        lines.append(f"  rendered   {row['suite']} type {row['type']} {what}")
        lines.append(f"  seed       {row['seed']}")
    if drawn:
        text = json.dumps(drawn)
        lines.append(f"  drawn      {text if len(text) < 160 else text[:157] + '...'}")
    where = (
        manifest.dataset_folder(dataset) / row["path"]
        if isinstance(row["path"], str)
        else "not on disk (virtual)"
    )
    if row["status"] == "failed":
        lines.append(f"  failed     {row['error']}")
    else:
        lines.append(f"  image      {where}, {int(row['width'])}x{int(row['height'])}")
    return lines


def _published(row) -> list[str]:
    """The cell of an image that came with a public set: its strength is the set's own, so none is named."""
    if not isinstance(row["distortion"], str):
        return ["  published  authentic photo"]
    level = f", level {int(row['level'])}" if row["level"] == row["level"] else ""
    named = row["distortion"].replace("_", " ")
    return [f"  published  {row['suite'] or row['label_set']} type {int(row['type'])}, {named}{level}"]


def _label(row) -> list[str]:
    if row["mos"] != row["mos"] or row["mos"] is None:
        note = row["label_note"] if isinstance(row["label_note"], str) else "not labelled yet"
        return [f"  label      none: {note}"]
    if row["label_method"] == "rated":
        spread = f", spread {row['mos_std']:.3f}" if row["mos_std"] == row["mos_std"] else ""
        return [
            f"  label      {row['mos']:.3f}{spread}, on 0 to 1, higher is better",
            f"  method     rated by people: {row['label_set']}",
        ]
    lines = [
        f"  label      {row['mos']:.3f} ± {row['mos_std']:.3f} on 0 to 1, higher is better",
        f"             with 90 % certainty from {row['mos_low']:.3f} to {row['mos_high']:.3f}",
        f"  method     {row['label_method']} on {row['label_set']}",
    ]
    if isinstance(row["label_note"], str):
        lines.append(f"  note       {row['label_note']}")
    names, likeness = row["label_references"], row["label_similarities"]
    if names is not None:
        pairs = zip(names, likeness, strict=True)
        lines.append(f"  resembles  {', '.join(f'{name} ({similarity:.2f})' for name, similarity in pairs)}")
    return lines
