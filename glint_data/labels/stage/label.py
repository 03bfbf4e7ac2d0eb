"""The label stage: photos of a dataset -> nearest references -> every sample's score with its interval."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import glint_data
from glint_data import defaults, progress, work
from glint_data.dataset.dataset import Dataset
from glint_data.embedding import embed, match
from glint_data.errors import GlintError
from glint_data.labels.levels import rising, smooth
from glint_data.labels.method import METHODS
from glint_data.labels.methods.similarity import Space
from glint_data.labels.rated import rated_set
from glint_data.labels.ratings import read_ratings
from glint_data.labels.stage.compared import compared_with_raters
from glint_data.labels.stage.embedding import embedded_photos
from glint_data.labels.stage.labelling import EmbeddedPhotos, Means, label_cells
from glint_data.labels.stage.measuring import gpu_for
from glint_data.labels.stage.plan import Plan, note_sizes, planned, size_notes, unrated_notes
from glint_data.labels.stage.rescaled import rescale, undone
from glint_data.labels.stage.rows import Evidence, RowLabels, keep_notes, write_labels
from glint_data.labels.stage.samples import SamplesToLabel, read_samples
from glint_data.labels.stage.summary import LabelSummary
from glint_data.labels.stage.unrated import Unrated, label_unrated
from glint_data.labels.undistorted import UNDISTORTED, VERSION
from glint_data.labels.viewing import AUTO, FIT, PIXELS
from glint_data.storage.places import Place

MATCHES = 5
"""References named in each row as its evidence."""

_NO_SCORES = "no label: the references have no scores for this suite, type and level"
_NOT_RENDERED = "no label: the sample was not rendered"
_UNREADABLE = "no label: the photo cannot be read"


def label_dataset(
    dataset: str | Place | Dataset,
    reference: str | Place | Dataset = defaults.REFERENCE,
    reference_root: Place | str | None = None,
    embedder: str | None = None,
    method: str | None = None,
    device: str = "auto",
    cache: Path | None = None,
    workers: work.Workers | None = None,
    leave_out: Sequence[str] = (),
    viewing: str = AUTO,
    ratings: Sequence[str | Path] = (),
    monotone: bool = False,
) -> LabelSummary:
    """Write labels into a dataset's manifest, joined by (suite, type, level), never by order.

    Samples of cells that the references were rated in get a label by `method`; all others by `any`, from what is
    measured of the pair. Scores that people gave to a dataset's samples stay as they are.

    Args:
        dataset: the dataset, its folder, manifest or address.
        reference: a set of `references.known_sets()`, or a dataset whose scores people gave.
        reference_root: that set's own folder; needed for network embedders, and for sets of whose images nothing
            ships.
        embedder, device: see `glint_data.embedding.embed.embedder`.
        method: one of `METHODS`; None takes the best one by audit.
        cache: where embeddings and measurements are kept; None takes `embed.cache_folder()`.
        workers: processes that measure pairs, or an engine that embeds too; None is one a core.
        leave_out: references whose scores play no part, because they are examined later.
        viewing: one of `viewing.VIEWINGS`: how pictures of another size than the references' are seen.
        ratings: CSV files (sample_id, score from 1 to 5, rater) of your own raters, onto whose scale labels are mapped.
        monotone: smooth levels that rise where they should fall (see `labels.levels`).

    Raises:
        GlintError: nothing can be labelled, or another run writes into the dataset; the sentence says why and what
            to do. Samples that cannot be labelled beside others that can get no score and a `label_note`.
    """
    begun = time.monotonic()
    dataset = Dataset(dataset)
    cache = cache or embed.cache_folder()
    with dataset.lock():
        samples = read_samples(dataset)
        samples.require_some()
        _require_unrated(samples)
        own = read_ratings(ratings, frozenset(dataset.columns("sample_id")["sample_id"])) if ratings else None
        workers_here = workers or work.default_workers()
        rated = rated_set(reference, reference_root, embedder, device, cache, workers_here, leave_out)
        loaded = rated.loaded
        plan = planned(samples, rated, method, viewing)
        progress.say(
            f"label: {len(loaded.references)} references of {loaded.title}, embedder {loaded.embedder}, "
            f"method {plan.chosen.name}"
        )
        engine = None if workers is None or isinstance(workers, int) else workers
        embedded, refused = embedded_photos(samples, loaded, plan.chosen.needs, cache, device, engine)
        seconds_embedding = time.monotonic() - begun
        seen = PIXELS if viewing == PIXELS else FIT
        gpu = gpu_for(device, plan.chosen.needs | (plan.pooled.needs if plan.pooled else frozenset()))
        means = Means(cache, workers_here, seen, gpu)
        labels, unrated = _labelled(samples, plan, embedded, means)
        levels_rising = rising(labels, samples)
        smoothed = smooth(labels, samples) if monotone else 0
        keep_notes(labels, samples)
        rating_notes, rating_facts = rescale(labels, samples, own) if own else (undone(dataset), {})
        evidence, unlike = _evidence(samples, plan, embedded)
        if labels.labelled.any():
            facts = _facts(plan, unlike) | rating_facts | {"monotone": monotone}
            write_labels(dataset, labels, evidence, facts, samples.rated)
    notes = [
        *rated.notes(),
        *rating_notes,
        *unrated_notes(unrated, plan),
        *size_notes(plan),
        *([levels_rising.text(smoothed)] if levels_rising.series else []),
        *compared_with_raters(labels, samples, loaded),
    ]
    fresh = labels.labelled & ~samples.rated
    labelled, kept = int(fresh.sum()), int(samples.rated.sum())
    widths = (labels.high - labels.low)[fresh] * loaded.span
    return LabelSummary(
        dataset=str(dataset.folder),
        reference=loaded.name,
        method=plan.chosen.name if plan.pooled is None or (plan.columns >= 0).any() else plan.pooled.name,
        embedder=loaded.embedder,
        photos=len(samples.photos),
        samples=len(samples),
        labelled=labelled,
        unlabelled=len(samples) - labelled - kept,
        photos_unlike_references=unlike,
        photos_unreadable=refused,
        median_width=float(np.median(widths)) if labelled else None,
        scale=f"{loaded.low:g} to {loaded.high:g}",
        rising_series=levels_rising.series,
        seconds=time.monotonic() - begun,
        seconds_embedding=seconds_embedding,
        seconds_labelling=time.monotonic() - begun - seconds_embedding,
        notes=tuple(notes),
    )


def _labelled(
    samples: SamplesToLabel, plan: Plan, embedded: EmbeddedPhotos, means: Means
) -> tuple[RowLabels, Unrated]:
    labels = RowLabels(len(samples))
    photo = embedded.row_of[samples.photo]
    for rows, reason in (
        (plan.columns < 0, _NO_SCORES),
        (photo < 0, _UNREADABLE),
        (~samples.rendered, _NOT_RENDERED),
    ):
        labels.explain(np.flatnonzero(rows), reason)
    if (plan.columns >= 0).any():
        label_cells(plan.chosen, plan.rated.scored, embedded, samples, plan.columns, labels, means)
    unrated = Unrated()
    rows = plan.unrated[photo[plan.unrated] >= 0]
    if plan.pooled is not None and len(rows):
        unrated = label_unrated(
            plan.pooled, plan.rated.pool(plan.pooled), photo, samples, rows, labels, means
        )
    note_sizes(plan, labels)
    return labels, unrated


def _require_unrated(samples: SamplesToLabel) -> None:
    """Refuse to write over scores that people gave. Raises `GlintError`."""
    if samples.rated.all():
        folder = samples.dataset.folder
        title = samples.dataset.facts().get("label", {}).get("title") or "all of them"
        raise GlintError(
            f"{samples.dataset.file}: these images were rated by people ({title}); no label can replace that. "
            f"'glint-data audit --reference {folder}' compares labels with these scores, "
            f"'glint-data evaluate RUN {folder}' a network"
        )


def _evidence(samples: SamplesToLabel, plan: Plan, embedded: EmbeddedPhotos) -> tuple[Evidence, int]:
    """What the rows say beside their label; and how many photos with rated cells are unlike every reference."""
    space = Space(plan.rated.scored.photos)
    matches = match.nearest(space.unit(embedded.photos), space.references, MATCHES)
    photo = embedded.row_of[samples.photo]
    known = [plan.chosen, METHODS["mean"], *([plan.pooled] if plan.pooled else [])]
    versions = {method.name: method.version for method in known} | {UNDISTORTED: VERSION}
    unlike = embedded.novel[np.unique(photo[(plan.columns >= 0) & (photo >= 0)])]
    return Evidence(photo, matches, plan.rated.loaded.references, plan.rated.loaded.name, versions), int(
        unlike.sum()
    )


def _facts(plan: Plan, unlike: int) -> dict[str, Any]:
    """What the manifest remembers of where its labels came from."""
    loaded, about = plan.rated.loaded, plan.rated.about
    return {
        "set": loaded.name,
        "title": loaded.title,
        "suite": loaded.suite,
        "citation": loaded.citation,
        "low": loaded.low,
        "high": loaded.high,
        "higher_is_better": loaded.higher_is_better,
        "method": plan.chosen.name,
        "method_version": plan.chosen.version,
        "embedder": loaded.embedder,
        "references": list(loaded.references),
        "references_left_out": list(loaded.without_pixels),
        "viewing": plan.viewing,
        "photos_unlike_references": unlike,
        "version": glint_data.__version__,
        **{key: about[key] for key in ("cells_note", "cells_refused") if key in about},
    }
