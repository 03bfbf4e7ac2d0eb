"""The label stage: photos of a dataset -> nearest references -> every sample's score with its interval."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import glint_data
from glint_data import progress, work
from glint_data.dataset import manifest
from glint_data.embedding import embed, match, stages
from glint_data.errors import GlintError
from glint_data.labels import several, shipped
from glint_data.labels.calibration import Calibrated, Label
from glint_data.labels.labelling import label_photos
from glint_data.labels.method import METHODS, Method, Photos, Scored, method_named
from glint_data.labels.novelty import LIMIT, Novelty
from glint_data.labels.rows import Decision, write_labels
from glint_data.labels.samples import Samples, read_samples
from glint_data.labels.similarity import Space
from glint_data.reference_sets.references import ReferenceSet

MATCHES = 5
"""References named in each row as its evidence."""


@dataclass(frozen=True)
class LabelSummary:
    """What a label run did. `median_width` is that of the 90 % intervals, on the set's own scale."""

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
    median_width: float
    scale: str
    seconds: float
    seconds_embedding: float
    seconds_labelling: float
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """The summary for a person: what was labelled, by what, and where it lies."""
        lines = [
            f"{self.labelled:,} of {self.samples:,} samples labelled, {self.photos:,} photos, "
            f"in {progress.duration(self.seconds)} (embedding {progress.duration(self.seconds_embedding)})",
            f"  method {self.method}, references {self.reference}, embedder {self.embedder}; "
            f"90 % intervals {self.median_width:.2f} wide in the median, scores {self.scale}",
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


def label_dataset(
    dataset: Path,
    reference: str | Sequence[str] = "kadid",
    reference_root: Path | str | Sequence[Path | str] | None = None,
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
        reference: a set of `references.known_sets()` whose suite is the dataset's; further ones, named beside it
            or after a comma, are aligned with it in the cells they share.
        reference_root: that set's own folder; needed for network embedders, and for sets of whose images nothing
            ships. NAME=FOLDER for each where several sets are named.
        embedder, device: see `glint_data.embedding.embed.embedder`.
        method: one of `METHODS`; None takes the best one by audit.
        cache: where embeddings and measurements are kept; None takes `embed.cache_folder()`.
        workers: processes that measure pairs, or an engine that embeds too; None is one a core.
        leave_out: references whose scores play no part, because they are examined later.

    Raises:
        GlintError: nothing can be labelled; the sentence says why and what to do. Samples that cannot be
            labelled beside others that can get no score and a `label_note`.
    """
    begun = time.monotonic()
    require_unrated(manifest.manifest_file(dataset))
    samples = read_samples(manifest.manifest_file(dataset))
    cache = cache or embed.cache_folder()
    names = several.set_names(reference)
    roots = several.roots_of(_listed(reference_root), names)
    loaded, others = several.load_sets(names, roots, samples, embedder, device, cache)
    loaded = _leaving_out(loaded, leave_out)
    columns = samples.columns_in(loaded)
    samples.require_common_cells(columns, loaded)
    scored = reference_photos(loaded)
    best = several.METHOD if others else shipped.default_method(scored.photos)
    chosen = method_named(method or best)
    if others:
        several.require_no_pairs(chosen)
    progress.say(
        f"label: {len(loaded.references)} references of {loaded.title}, embedder {loaded.embedder}, "
        f"method {chosen.name}"
    )
    engine = None if workers is None or isinstance(workers, int) else workers
    photos, row_of, refused = _embedded(samples, loaded, chosen, cache, device, engine)
    embedded = time.monotonic()
    labels = label_photos(chosen, scored, photos, row_of, samples, columns, cache, workers)
    measured = time.monotonic()
    decision = _decide(samples, columns, photos, row_of, loaded, chosen, labels)
    parts = []
    for taken, joint in several.groups(loaded, others):
        inside = several.columns_within(columns, taken, len(loaded.cells))
        labels = label_photos(
            chosen, reference_photos(joint), photos, row_of, samples, inside, cache, workers
        )
        part = _decide(samples, inside, photos, row_of, joint, chosen, labels)
        parts.append(several.Part(taken, joint, part, several.gain(chosen, loaded, taken, joint)))
    if parts:
        decision = several.stacked(decision, parts, len(photos.descriptors))
    unlike = int(decision.novel[: len(photos.descriptors)].sum())
    facts = _facts(loaded, chosen, unlike) | several.facts(loaded, others, parts)
    write_labels(samples.file, decision, facts)
    labelled = int(decision.labelled.sum())
    used = np.unique(columns[columns >= 0])
    widths = (decision.labels.high - decision.labels.low)[:, used] * loaded.span
    return LabelSummary(
        dataset=str(manifest.dataset_folder(dataset)),
        reference=decision.label_set,
        method=chosen.name,
        embedder=loaded.embedder,
        photos=len(samples.photos),
        samples=len(samples),
        labelled=labelled,
        unlabelled=len(samples) - labelled,
        photos_unlike_references=unlike,
        photos_unreadable=refused,
        median_width=float(np.nanmedian(widths)),
        scale=f"{loaded.low:g} to {loaded.high:g}",
        seconds=time.monotonic() - begun,
        seconds_embedding=embedded - begun,
        seconds_labelling=measured - embedded,
        notes=several.notes(loaded, others, parts),
    )


def _listed(places: Path | str | Sequence[Path | str] | None) -> list[Path | str]:
    if places is None:
        return []
    return [places] if isinstance(places, Path | str) else list(places)


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


def reference_photos(loaded: ReferenceSet) -> Scored:
    """A reference set as what methods are fitted on, with the measurements that ship for it."""
    return Scored(shipped.reference_photos(loaded), loaded.mos, loaded.cells)


def _embedded(
    samples: Samples,
    loaded: ReferenceSet,
    chosen: Method,
    cache: Path,
    device: str,
    engine: work.Engine | None,
) -> tuple[Photos, np.ndarray, dict[str, str]]:
    """The dataset's photos as vectors; `row_of[i]` is the row of photo i, -1 where it was refused."""
    embedders = [embed.embedder()]
    if loaded.vectors_are_unit:
        embedders.append(embed.embedder(loaded.embedder_asked, device))
    if chosen.needs_network:
        embedders.append(embed.embedder(stages.NAME))
    readers = [(photo.hash, photo.read) for photo in samples.photos]
    found, refused = [], {}
    for by in embedders:
        whole = [pair for pair in readers if pair[0] not in refused]
        found.append(embed.embed_photos(whole, by, cache, engine=engine))
        refused |= found[-1].refused
    keys = found[-1].keys
    if not keys:
        raise GlintError(
            f"{samples.file}: none of its {len(samples.photos)} photos can be read; "
            f"{next(iter(refused.values()), 'no reason was found')}"
        )
    position = {key: row for row, key in enumerate(keys)}
    blocks = [each.vectors[[key in position for key in each.keys]] for each in found]
    photos = Photos(
        vectors=blocks[loaded.vectors_are_unit],
        descriptors=blocks[0],
        vectors_are_unit=loaded.vectors_are_unit,
        network=blocks[-1] if chosen.needs_network else None,
    )
    row_of = np.array([position.get(photo.hash, -1) for photo in samples.photos])
    return (
        photos,
        row_of,
        {photo.name: refused[photo.hash] for photo in samples.photos if photo.hash in refused},
    )


def _decide(
    samples: Samples,
    columns: np.ndarray,
    photos: Photos,
    rows: np.ndarray,
    loaded: ReferenceSet,
    chosen: Method,
    labels: Label,
) -> Decision:
    """Evidence beside the labels; photos unlike every reference get the cell's mean and its interval."""
    scored = reference_photos(loaded)
    novel = Novelty(loaded.descriptors)(photos.descriptors) > LIMIT
    plain = Calibrated(METHODS["mean"].fit(scored), scored).label(photos)
    space = Space(scored.photos)
    return Decision(
        labels=labels.replaced(novel, plain),
        matches=match.nearest(space.unit(photos), space.references, MATCHES),
        references=loaded.references,
        column=columns,
        photo=rows[samples.photo],
        whole=samples.whole,
        label_set=loaded.name,
        method=chosen.name,
        novel=novel,
    )


def _facts(loaded: ReferenceSet, chosen: Method, unlike: int) -> dict[str, Any]:
    """What the manifest remembers of where its labels came from."""
    return {
        "set": loaded.name,
        "title": loaded.title,
        "suite": loaded.suite,
        "citation": loaded.citation,
        "low": loaded.low,
        "high": loaded.high,
        "higher_is_better": loaded.higher_is_better,
        "method": chosen.name,
        "embedder": loaded.embedder,
        "references": list(loaded.references),
        "references_left_out": list(loaded.without_pixels),
        "photos_unlike_references": unlike,
        "version": glint_data.__version__,
    }
