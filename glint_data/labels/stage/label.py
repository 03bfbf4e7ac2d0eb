"""The label stage: photos of a dataset -> nearest references -> every sample's score with its interval."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import glint_data
from glint_data import progress, work
from glint_data.dataset import manifest
from glint_data.embedding import embed, match
from glint_data.errors import GlintError
from glint_data.labels.evidence import shipped
from glint_data.labels.method import METHODS, Method
from glint_data.labels.methods.similarity import Space
from glint_data.labels.stage.embedding import embedded_photos
from glint_data.labels.stage.labelling import Embedded, Means, label_cells
from glint_data.labels.stage.rows import Evidence, RowLabels, write_labels
from glint_data.labels.stage.samples import read_samples
from glint_data.labels.stage.summary import LabelSummary
from glint_data.reference_sets import references
from glint_data.reference_sets.references import ReferenceSet
from glint_data.reference_sets.scored_sets import description_of

MATCHES = 5
"""References named in each row as its evidence."""

_NO_SCORES = "no label: the references have no scores for this suite, type and level"
_NOT_RENDERED = "no label: the sample was not rendered"
_UNREADABLE = "no label: the photo cannot be read"


def label_dataset(
    dataset: Path,
    reference: str = "kadid",
    reference_root: Path | str | None = None,
    embedder: str | None = None,
    method: str | None = None,
    device: str = "auto",
    cache: Path | None = None,
    workers: work.Workers | None = None,
    leave_out: Sequence[str] = (),
) -> LabelSummary:
    """Write labels into a dataset's manifest, joined by (suite, type, level), never by order.

    Args:
        dataset: the dataset's folder or its manifest.
        reference: a set of `references.known_sets()` whose suite is the dataset's.
        reference_root: that set's own folder; needed for network embedders, and for sets of whose images nothing
            ships.
        embedder, device: see `glint_data.embedding.embed.embedder`.
        method: one of `METHODS`; None takes the best one by audit.
        cache: where embeddings and measurements are kept; None takes `embed.cache_folder()`.
        workers: processes that measure pairs, or an engine that embeds too; None is one a core.
        leave_out: references whose scores play no part, because they are examined later.

    Raises:
        GlintError: nothing can be labelled, or another run writes into the dataset; the sentence says why and what
            to do. Samples that cannot be labelled beside others that can get no score and a `label_note`.
    """
    file = manifest.manifest_file(dataset)
    with work.only_run(manifest.dataset_folder(file)):
        return _label(file, reference, reference_root, embedder, method, device, cache, workers, leave_out)


def _label(
    file, reference, reference_root, embedder, method, device, cache, workers, leave_out
) -> LabelSummary:
    begun = time.monotonic()
    require_unrated(file)
    samples = read_samples(file)
    samples.require_some()
    cache = cache or embed.cache_folder()
    loaded = _leaving_out(references.load(reference, reference_root, embedder, device, cache), leave_out)
    columns = samples.columns_in(loaded)
    samples.require_common_cells(columns, loaded)
    scored = shipped.scored_of(loaded)
    chosen = METHODS[method or shipped.default_method(scored.photos)]
    progress.say(
        f"label: {len(loaded.references)} references of {loaded.title}, embedder {loaded.embedder}, "
        f"method {chosen.name}"
    )
    engine = None if workers is None or isinstance(workers, int) else workers
    embedded, refused = embedded_photos(samples, loaded, chosen.needs, cache, device, engine)
    photo = embedded.row_of[samples.photo]
    labels = RowLabels(len(samples))
    for rows, reason in (
        (columns < 0, _NO_SCORES),
        (photo < 0, _UNREADABLE),
        (~samples.rendered, _NOT_RENDERED),
    ):
        labels.explain(np.flatnonzero(rows), reason)
    seconds_embedding = time.monotonic() - begun
    means = Means(cache, workers or work.default_workers())
    label_cells(chosen, scored, embedded, samples, columns, labels, means)
    seconds_labelling = time.monotonic() - begun - seconds_embedding
    unlike = int(embedded.novel.sum())
    facts = _facts(loaded, chosen, unlike)
    write_labels(file, labels, _evidence(scored, loaded, embedded, photo), facts, samples.rated)
    labelled = int(labels.labelled.sum())
    widths = (labels.high - labels.low)[labels.labelled] * loaded.span
    return LabelSummary(
        dataset=str(manifest.dataset_folder(file)),
        reference=loaded.name,
        method=chosen.name,
        embedder=loaded.embedder,
        photos=len(samples.photos),
        samples=len(samples),
        labelled=labelled,
        unlabelled=len(samples) - labelled,
        photos_unlike_references=unlike,
        photos_unreadable=refused,
        median_width=float(np.median(widths)) if labelled else None,
        scale=f"{loaded.low:g} to {loaded.high:g}",
        seconds=time.monotonic() - begun,
        seconds_embedding=seconds_embedding,
        seconds_labelling=seconds_labelling,
        notes=_notes(loaded.name),
    )


def require_unrated(file: Path) -> None:
    """Refuse to write over scores that people gave. Raises `GlintError`."""
    about = manifest.facts(file).get("label", {})
    if about.get("method") == "rated":
        raise GlintError(
            f"{file}: these images were rated by people ({about.get('title')}); no label can replace that. "
            "Train or evaluate on it as it is"
        )


def _leaving_out(loaded: ReferenceSet, names: Sequence[str]) -> ReferenceSet:
    unknown = sorted(set(names) - set(loaded.references))
    if unknown:
        raise GlintError(
            f"reference {unknown[0]!r} cannot be left out: {loaded.name} has no such reference; "
            f"it has {', '.join(loaded.references[:3])} ... {loaded.references[-1]}"
        )
    kept = [row for row, name in enumerate(loaded.references) if name not in names]
    if not kept:
        raise GlintError(f"all {len(names)} references of {loaded.name} are left out; keep some")
    return loaded.subset(np.array(kept)) if names else loaded


def _evidence(scored, loaded: ReferenceSet, embedded: Embedded, photo: np.ndarray) -> Evidence:
    space = Space(scored.photos)
    matches = match.nearest(space.unit(embedded.photos), space.references, MATCHES)
    versions = {name: known.version for name, known in METHODS.items()}
    return Evidence(photo, matches, loaded.references, loaded.name, versions)


def _notes(name: str) -> tuple[str, ...]:
    about = description_of(name)
    notes = [f"note: {about['cells_note']}"] if about.get("cells_note") else []
    notes += [f"no label for type {number}: {why}" for number, why in about.get("cells_refused", {}).items()]
    return tuple(notes)


def _facts(loaded: ReferenceSet, chosen: Method, unlike: int) -> dict[str, Any]:
    """What the manifest remembers of where its labels came from."""
    about = description_of(loaded.name)
    return {
        "set": loaded.name,
        "title": loaded.title,
        "suite": loaded.suite,
        "citation": loaded.citation,
        "low": loaded.low,
        "high": loaded.high,
        "higher_is_better": loaded.higher_is_better,
        "method": chosen.name,
        "method_version": chosen.version,
        "embedder": loaded.embedder,
        "references": list(loaded.references),
        "references_left_out": list(loaded.without_pixels),
        "photos_unlike_references": unlike,
        "version": glint_data.__version__,
        **{key: about[key] for key in ("cells_note", "cells_refused") if key in about},
    }
