"""Everything a dataset knows of one sample: how it was made, what it scores, and on what evidence."""

import difflib
import json

from glint_data.dataset import rendering
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import RATED
from glint_data.dataset.sample import Label, Sample, Status
from glint_data.errors import GlintError
from glint_data.progress import printable
from glint_data.storage.places import Place

_LONGEST = 160


def explain(dataset: str | Place | Dataset, sample_id: str) -> str:
    """The sample's recipe and label as lines for a person.

    Raises:
        GlintError: no such dataset, or no such sample (near names are given).
    """
    opened = Dataset(dataset)
    sample = next(opened.samples(sample_id=sample_id), None)
    if sample is None:
        names = opened.columns("sample_id")["sample_id"].tolist()
        near = difflib.get_close_matches(sample_id, names, 3) or names[:3]
        raise GlintError(
            printable(f"{opened.folder}: holds no sample {sample_id}; near it: {', '.join(near)}")
        )
    lines = [*_recipe(opened, sample), *_label(sample)]
    return "\n".join(printable(line) for line in lines)


def _recipe(dataset: Dataset, sample: Sample) -> list[str]:
    lines = [sample.id, f"  photo      {sample.source} ({sample.source_path})"]
    lines += _published(sample) if sample.seed is None else _rendered(sample)
    if sample.parameters:
        text = json.dumps(sample.parameters)
        lines.append(f"  drawn      {text if len(text) < _LONGEST else text[: _LONGEST - 3] + '...'}")
    if sample.status == Status.FAILED:
        return [*lines, f"  failed     {sample.error}"]
    where = f"{dataset.folder / sample.path}" if sample.path else "not on disk (virtual)"
    size = f", {sample.width}x{sample.height}" if sample.width and sample.height else ""
    return [*lines, f"  image      {where}{size}"]


def _rendered(sample: Sample) -> list[str]:
    """The cell with its strength, as far as the suite is known here."""
    what, version = "", f" (version {sample.suite_version})" if sample.suite_version else ""
    try:
        entry = rendering.suite_of(sample.suite, sample.suite_version).type_called(sample.type or 0)
        what = f" {entry.title}, level {sample.level}, {entry.strength(sample.level or 0)} ({entry.unit})"
    except (GlintError, ValueError):  # a suite, a type or a level of elsewhere: its numbers have to do
        what = f", level {sample.level}"
    return [f"  rendered   {sample.suite}{version} type {sample.type}{what}", f"  seed       {sample.seed}"]


def _published(sample: Sample) -> list[str]:
    """The cell of an imported picture, whose strength is its set's own, so none is named; which set published it,
    where it is of one: people scored it there, or its cell is one of the set's."""
    scored_in = sample.label.set if sample.label and sample.label.method == RATED else None
    if not sample.distortion:
        if sample.has_pristine:
            return ["  imported   with its reference"]
        return ["  published  authentic photo" if scored_in else "  imported   without reference"]
    level = "" if sample.level is None else f", level {sample.level}"
    cell = f"type {sample.type}, {sample.distortion.replace('_', ' ')}{level}"
    origin = sample.suite or scored_in
    return [f"  published  {origin} {cell}" if origin else f"  imported   own picture, {cell}"]


def _label(sample: Sample) -> list[str]:
    label = sample.label
    if label is None:
        return [f"  label      none: {sample.note or 'not labelled yet'}"]
    if label.method == RATED:
        spread = "" if label.std is None else f", spread {label.std:.3f}"
        return [
            f"  label      {label.mos:.3f}{spread}, on 0 to 1, higher is better",
            f"  method     rated by people: {label.set}",
        ]
    return [*_score(label), *([f"  note       {label.note}"] if label.note else []), *_references(label)]


def _score(label: Label) -> list[str]:
    spread = "" if label.std is None else f" ± {label.std:.3f}"
    lines = [f"  label      {label.mos:.3f}{spread} on 0 to 1, higher is better"]
    if label.low is not None and label.high is not None:
        lines.append(f"             with 90 % certainty from {label.low:.3f} to {label.high:.3f}")
    version = f" (version {label.version})" if label.version else ""
    return [*lines, f"  method     {label.method}{version} on {label.set}"]


def _references(label: Label) -> list[str]:
    pairs = [f"{name} ({similarity:.2f})" for name, similarity in label.references]
    return [f"  resembles  {', '.join(pairs)}"] if pairs else []
