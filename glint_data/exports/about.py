"""What an export tells of its datasets as a whole: one pass over a few columns, before anything is written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import distortions
from glint_data.dataset import manifest, rendering, runs
from glint_data.dataset.status import Status
from glint_data.exports.options import Options
from glint_data.exports.origins import Origin
from glint_data.reference_sets import references
from glint_data.storage.files import holds

if TYPE_CHECKING:
    import pyarrow

PARTS = ("train", "val", "test")


@dataclass
class About:
    """Counts over the datasets' rows; `label` is what the label stage noted, `described` its set's description.

    `samples` counts rows that have, or can be given, pixels; `full_reference` says that each has a pristine photo,
    `no_reference` that none has; `masks`, that some have a mask of where they are distorted;
    `low_resolution`, that some have the small picture on disk that was upscaled. `names` holds the
    distortions' names by (suite, type). `splits` maps each source to its part, None where nothing says who goes
    where; `recorded`, to the parts that the rows themselves name. `licence` is what the person who exports says of
    the photos, `options` what else was asked for. Several datasets stand in `several`, each with its own facts;
    all else is of them together.
    """

    name: str
    samples: int = 0
    failed: int = 0
    labelled: int = 0
    with_reference: int = 0
    masks: bool = False
    low_resolution: bool = False
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    suites: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    label_sets: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    splits: dict[str, str] | None = None
    recorded: dict[str, set[str]] = field(default_factory=dict)
    licence: str | None = None
    options: Options = field(default_factory=Options)
    several: tuple["About", ...] = ()

    @property
    def full_reference(self) -> bool:
        return self.with_reference == self.samples

    @property
    def no_reference(self) -> bool:
        return self.with_reference == 0

    @property
    def parts(self) -> tuple[str, ...]:
        """The splits that the export will hold; one, called train, where nothing says who goes where."""
        if self.splits is None:
            return ("train",)
        used = {self.splits[source] for source in self.sources if source in self.splits}
        return tuple(part for part in PARTS if part in used)

    def described_sets(self) -> list[dict[str, Any]]:
        """The descriptions of the sets that the labels came from, as far as the package has them."""
        known = references.known_sets()
        return [known[name] for name in sorted(self.label_sets) if name in known]


@dataclass
class Exported:
    """Counts over the rows that were written: what refusals and splits left.

    `licences` maps a licence to the sources under it, "" to those of which none is recorded. `private` counts
    files by what they tell beside their pixels.
    """

    samples: int = 0
    labelled: int = 0
    sources: set[str] = field(default_factory=set)
    notes: Counter[str] = field(default_factory=Counter)
    licences: dict[str, set[str]] = field(default_factory=dict)
    private: Counter[str] = field(default_factory=Counter)

    def count(self, rows: list[dict[str, Any]]) -> None:
        """Count rows that were written."""
        self.samples += len(rows)
        self.labelled += sum(row["mos"] is not None for row in rows)
        self.sources.update(row["source"] for row in rows)
        self.notes.update(note for row in rows if row["label_note"] for note in row["label_note"].split("; "))
        for row in rows:
            self.licences.setdefault(row["licence"] or "", set()).add(row["source"])


def scan(origins: Sequence[Origin], name: str, licence: str | None = None) -> About:
    """Count what is in the datasets, a group of rows at a time. Raises `GlintError` where there is none."""
    each = tuple(_scanned(origin, licence) for origin in origins)
    if len(each) == 1:
        each[0].name = name
        return each[0]
    about = About(name, licence=licence, several=each)
    for one in each:
        for count in ("samples", "failed", "labelled", "with_reference"):
            setattr(about, count, getattr(about, count) + getattr(one, count))
        for union in ("sources", "suites", "methods", "label_sets"):
            getattr(about, union).update(getattr(one, union))
        about.masks |= one.masks
        about.low_resolution |= one.low_resolution
        about.names |= one.names
        about.recorded |= one.recorded
    return about


def _scanned(origin: Origin, licence: str | None) -> About:
    folder = manifest.dataset_folder(origin.place)
    about = About(origin.name, facts=manifest.facts(origin.place), licence=licence)
    if holds(folder, runs.FILE):
        about.run = runs.read(folder)
    for batch in manifest.batches(origin.place, _COLUMNS, rows=100_000):
        _count(batch, about)
    about.sources = {origin.prefix + source for source in about.sources}
    about.recorded = {origin.prefix + source: parts for source, parts in about.recorded.items()}
    rendering.learn_suite(folder)
    known = about.suites & set(distortions.suites())
    about.masks |= any(distortions.suite(suite).regions for suite in known)
    return about


_COLUMNS = [
    *("source", "suite", "status", "reference_path", "mos", "label_set", "label_method"),
    *("type", "distortion", "mask_path", "low_resolution_path", "split"),
]


def _count(batch: "pyarrow.RecordBatch", about: About) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    def texts(name: str) -> set[str]:
        column = usable.column(name)
        distinct = (
            column.dictionary.take(column.indices.unique()) if pa.types.is_dictionary(column.type) else column
        )
        return {value for value in distinct.unique().to_pylist() if value is not None}

    status = batch.column("status").cast("string")
    has_picture = pc.fill_null(pc.is_in(status, pa.array([Status.OK.value, Status.PLANNED.value])), False)
    usable = batch.filter(has_picture)
    about.failed += len(batch) - len(usable)
    about.samples += len(usable)
    planned = pc.equal(status.filter(has_picture), Status.PLANNED.value)
    pristine = pc.or_(planned, pc.is_valid(usable.column("reference_path")))
    about.with_reference += pc.sum(pristine).as_py() or 0
    about.labelled += len(usable) - usable.column("mos").null_count
    about.sources |= texts("source")
    about.suites |= texts("suite")
    about.methods |= texts("label_method")
    about.label_sets |= texts("label_set")
    about.masks |= usable.column("mask_path").null_count < len(usable)
    about.low_resolution |= usable.column("low_resolution_path").null_count < len(usable)
    dealt = usable.filter(pc.is_valid(usable.column("split")))
    if len(dealt):
        pairs = pa.table({name: dealt.column(name).cast("string") for name in ("source", "split")})
        for entry in pairs.group_by(["source", "split"]).aggregate([]).to_pylist():
            if entry["split"] in PARTS and entry["source"] is not None:
                about.recorded.setdefault(entry["source"], set()).add(entry["split"])
    named = [
        usable.column("suite").cast("string"),
        usable.column("type"),
        usable.column("distortion").cast("string"),
    ]
    groups = pa.table(named, names=["suite", "type", "distortion"]).group_by(["suite", "type", "distortion"])
    for entry in groups.aggregate([]).to_pylist():
        if entry["type"] is not None and entry["distortion"]:
            about.names.setdefault((entry["suite"] or "", entry["type"]), entry["distortion"])
