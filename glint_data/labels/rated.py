"""A reference set with the evidence on its rated pairs: a known set's ships, a dataset's own is measured and kept.

Any dataset whose scores people gave is a reference set. Its own pictures are measured, none are rendered again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import defaults, work
from glint_data.dataset.dataset import Dataset
from glint_data.embedding import embed
from glint_data.embedding.descriptor import NAME
from glint_data.errors import GlintError
from glint_data.labels.describing import own_dataset, usable_rows
from glint_data.labels.evidence import EVIDENCE, shipped
from glint_data.labels.evidence.source import PairEvidence, content_evidence
from glint_data.labels.grids import cells_of, grid_of
from glint_data.labels.method import DESCRIPTOR, METHODS, Method, PhotoFeatures, Scored
from glint_data.labels.pooled import POOLED, UNKNOWN_TYPE, Pool, PooledMethod, for_unrated
from glint_data.labels.stage.measuring import MeasuringTask, gpu_for, measured
from glint_data.labels.stage.samples import SamplesToLabel, read_samples
from glint_data.labels.study_scores import look_at_scores
from glint_data.reference_sets import references
from glint_data.reference_sets.references import ReferenceSet
from glint_data.reference_sets.scored_sets import description_of, known_sets
from glint_data.storage.places import Place

_COMPLETE = 0.95
"""Share of a grid's pairs that have to be measured for the methods that look at cells' pairs."""
_VECTORS = "vectors"
OWN_TYPES = "types of "
"""How the suite of a study is called whose table gives types and levels and names no suite: no other's are the same."""
_FEWEST = 3
"""References without which nothing can be said of new photos."""


@dataclass(frozen=True)
class Rated:
    """A reference set as methods are fitted on it. `pairs`: all its rated pairs with their evidence, None where they
    were not measured; `about`: its public description, where it has one."""

    loaded: ReferenceSet
    scored: Scored
    pairs: Pool | None
    about: dict[str, Any] = field(default_factory=dict)

    def pool(self, method: PooledMethod) -> Pool:
        """The pairs that a pooled method is fitted on. Raises `GlintError` where there are none, or too few."""
        if self.pairs is None or not method.needs <= self.pairs.blocks.keys():
            raise GlintError(
                f"label method {method.name}: the pairs of {self.loaded.title} were not measured; only kadid's "
                "measurements ship, and those of a dataset with people's scores are made (--reference DATASET)"
            )
        if not method.holds(self.pairs):
            raise _too_few(method, self.loaded.title, len(np.unique(self.pairs.photo)), len(self.pairs))
        blocks = {name: self.pairs.blocks[name] for name in sorted(method.needs)}
        return replace(self.pairs, blocks=blocks)

    def holds(self, method: PooledMethod) -> bool:
        """Whether the pooled method can be fitted on it."""
        return (
            self.pairs is not None and method.needs <= self.pairs.blocks.keys() and method.holds(self.pairs)
        )

    def require(self, method: Method) -> None:
        """Raise `GlintError` where the method cannot be fitted on these references."""
        if isinstance(method, PooledMethod):
            self.pool(method)
            return
        missing = sorted(method.needs - self.scored.photos.blocks.keys())
        if not len(self.loaded.cells):
            raise GlintError(
                f"label method {method.name}: the scores of {self.loaded.title} have no type and level (or too many "
                f"gaps); --method {POOLED} labels by what is measured of a pair"
            )
        if missing:
            raise GlintError(
                f"label method {method.name}: {self.loaded.title} has no {', '.join(missing)}; choose --method content "
                "or make it from the set's own folder: python -m glint_data.labels.evidence.refit NAME FOLDER"
            )
        if len(self.loaded.references) < method.references:
            raise GlintError(
                f"label method {method.name} takes {method.references} references; {self.loaded.title} has "
                f"{len(self.loaded.references)}; without --method the best one for so few is taken"
            )

    def default_method(self) -> str:
        """The best method by audit that it has evidence and references enough for."""
        if len(self.loaded.cells):
            return shipped.default_method(self.scored.photos)
        self.pool(for_unrated())  # says what is missing
        return POOLED

    def notes(self) -> list[str]:
        """What a person must know of the choice of methods."""
        notes = [f"note: {self.about['cells_note']}"] if self.about.get("cells_note") else []
        refused = self.about.get("cells_refused", {})
        notes += [f"no label for type {number}: {why}" for number, why in refused.items()]
        best = METHODS[shipped.BEST_FIRST[0]]
        count = len(self.loaded.references)
        if len(self.loaded.cells) and count < best.references:
            notes.append(
                f"note: {best.name} takes {best.references} references, here are {count}; the best method for so few "
                f"is {self.default_method()}"
            )
        return notes


def rated_set(
    reference: str | Place | Dataset = defaults.REFERENCE,
    root: str | Place | None = None,
    embedder: str | None = None,
    device: str = "auto",
    cache: Path | None = None,
    workers: work.Workers | None = None,
    leave_out: Sequence[str] = (),
) -> Rated:
    """The reference set of that name, or the dataset with people's scores at that place.

    Raises:
        GlintError: neither, or a set that cannot serve; the sentence says what to do.
    """
    if isinstance(reference, str) and (reference in known_sets() or "," in reference):
        loaded = _leaving_out(references.load(reference, root, embedder, device, cache), leave_out)
        scored = shipped.scored_of(loaded)
        blocks = frozenset(name for name in scored.photos.blocks if name.startswith("pairs/"))
        return Rated(loaded, scored, Pool.of(scored, blocks) if blocks else None, description_of(reference))
    return _own(own_dataset(reference), embedder, device, cache, workers or work.default_workers(), leave_out)


def _too_few(method: PooledMethod, title: str, references: int, pairs: int) -> GlintError:
    return GlintError(
        f"label method {method.name} takes {method.references} references and {method.pairs} rated pairs; "
        f"{title} has {references} and {pairs}; --reference kadid needs no scores of your own"
    )


def _leaving_out(loaded: ReferenceSet, names: Sequence[str]) -> ReferenceSet:
    if not names:
        return loaded
    _require_known(names, loaded.references, loaded.name)
    return loaded.subset(np.array([row for row, name in enumerate(loaded.references) if name not in names]))


def _require_known(left_out: Sequence[str], names: Sequence[str], title: str) -> None:
    unknown = sorted(set(left_out) - set(names))
    if unknown:
        raise GlintError(
            f"reference {unknown[0]!r} cannot be left out: {title} has no such reference; "
            f"it has {', '.join(names[:3])} ... {names[-1]}"
        )
    if set(names) <= set(left_out):
        raise GlintError(f"all {len(names)} references of {title} are left out; keep some")


def _own(
    dataset: Dataset,
    embedder: str | None,
    device: str,
    cache: Path | None,
    workers: work.Workers,
    leave_out: Sequence[str],
) -> Rated:
    """A dataset's own scores and pictures as a reference set."""
    samples = read_samples(dataset)
    rows = usable_rows(samples)
    order = sorted(np.unique(samples.photo[rows]), key=lambda photo: samples.photos[photo].name)
    names = [samples.photos[photo].name for photo in order]
    if leave_out:
        _require_known(leave_out, names, str(dataset.folder))
        order = [photo for photo, name in zip(order, names, strict=True) if name not in leave_out]
    pooled = for_unrated()
    few = len(order) < pooled.references or len(rows) < pooled.pairs
    if few and not len(cells_of(samples, rows)[0]):  # before minutes of measuring
        title = dataset.facts().get("label", {}).get("title") or dataset.folder.name
        raise _too_few(pooled, title, len(order), len(rows))
    by = embed.embedder(embedder, device)
    readers = [(samples.photos[photo].hash or "", samples.photos[photo].read) for photo in order]
    described = embed.embed_photos(readers, embed.embedder(), cache)
    others = content_evidence(frozenset(EVIDENCE) - {DESCRIPTOR})
    seen = {source.name: embed.embed_photos(readers, source.open(), cache) for source in others}
    vectors = described if by.name == NAME else embed.embed_photos(readers, by, cache)
    embedded = {DESCRIPTOR: described, **seen, _VECTORS: vectors}
    rows_of = {name: dict(zip(each.keys, each.vectors, strict=True)) for name, each in embedded.items()}
    hashes = {photo: samples.photos[photo].hash or "" for photo in order}
    order = [photo for photo in order if all(hashes[photo] in each for each in rows_of.values())]
    if len(order) < _FEWEST:
        raise GlintError(
            f"{dataset.folder}: {len(order)} rated photos can be read; a reference set takes {_FEWEST} at least"
        )
    stacked = {name: np.stack([each[hashes[photo]] for photo in order]) for name, each in rows_of.items()}
    position = np.full(len(samples.photos), -1)
    position[order] = np.arange(len(order))
    rows = rows[position[samples.photo[rows]] >= 0]
    pairs, rows = _measured_pairs(samples, rows, position, cache, workers, device)
    look_at_scores(pairs, str(dataset.folder))
    return _assembled(samples, order, rows, pairs, stacked, by, embedder)


def _measured_pairs(
    samples: SamplesToLabel,
    rows: np.ndarray,
    position: np.ndarray,
    cache: Path | None,
    workers: work.Workers,
    device: str,
) -> tuple[Pool, np.ndarray]:
    """All rated pairs that can be measured, and their rows in the manifest."""
    evidence = frozenset(name for name, source in EVIDENCE.items() if isinstance(source, PairEvidence))
    gpu = gpu_for(device, evidence)
    tasks = [
        MeasuringTask(
            photo,
            samples.photos[photo],
            tuple(samples.dataset[int(row)] for row in own),
            own,
            evidence,
            cache,
            device=gpu,
        )
        for photo, own in samples.by_photo(rows)
    ]
    kept: list[np.ndarray] = []
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in evidence}
    for task, outcome in measured(tasks, sum(len(task.samples) for task in tasks), workers):
        good = np.array([index not in outcome.refused for index in range(len(task.rows))])
        kept.append(task.rows[good])
        for name in evidence:
            blocks[name].append(outcome.blocks[name][good])
    measured_rows = np.concatenate(kept)
    pool = Pool(
        samples.dataset.columns("mos")["mos"][measured_rows].astype(float),
        position[samples.photo[measured_rows]],
        np.where(samples.type[measured_rows] >= 0, samples.type[measured_rows], UNKNOWN_TYPE),
        {name: np.concatenate(parts) for name, parts in blocks.items()},
    )
    return pool, measured_rows


def _assembled(
    samples: SamplesToLabel,
    order: Sequence[int],
    rows: np.ndarray,
    pairs: Pool,
    content: dict[str, np.ndarray],
    by: embed.Embedder,
    embedder: str | None,
) -> Rated:
    vectors, described = content[_VECTORS], content[DESCRIPTOR]
    about = samples.dataset.facts().get("label", {})
    cells, column = cells_of(samples, rows)
    mos = grid_of(pairs.mos[:, None], pairs.photo, column, len(order), len(cells))[:, :, 0]
    name = about.get("set") or samples.dataset.folder.name
    suite = (samples.suites[samples.suite[rows[0]]] or f"{OWN_TYPES}{name}") if len(cells) else ""
    loaded = ReferenceSet(
        name=name,
        title=about.get("title") or name,
        suite=suite,
        citation=about.get("citation") or "",
        low=float(about.get("low", 0.0)),
        high=float(about.get("high", 1.0)),
        higher_is_better=bool(about.get("higher_is_better", True)),
        references=tuple(samples.photos[photo].name for photo in order),
        cells=cells,
        mos=mos,
        rating_sd=np.full(mos.shape, np.nan),
        embedder=by.name,
        vectors=vectors,
        vectors_are_unit=by.unit,
        descriptors=described,
        embedder_wanted=embedder,
    )
    blocks = {name: block for name, block in content.items() if name != _VECTORS}
    for evidence, block in pairs.blocks.items():
        grid = grid_of(block, pairs.photo, column, len(order), len(cells))
        if len(cells) and np.isfinite(grid).all(axis=2).mean() >= _COMPLETE:
            blocks[evidence] = grid.astype(np.float32)
    return Rated(loaded, Scored(PhotoFeatures(vectors, by.unit, blocks), mos, cells), pairs)
