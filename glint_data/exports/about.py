"""What an export tells of the dataset as a whole: one pass over a few columns, before anything is written."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glint_data.dataset import manifest, runs
from glint_data.dataset.status import Status
from glint_data.exports.options import Options
from glint_data.reference_sets import references
from glint_data.storage.files import holds
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pyarrow

PARTS = ("train", "val", "test")


@dataclass
class About:
    """Counts over the dataset's rows; `label` is what the label stage noted, `described` its set's description.

    `samples` counts rows that have, or can be given, pixels; `full_reference` says that each has a pristine
    photo, `no_reference` that none has. `splits` maps each source to its part, None where none was asked for.
    `licence` is what the person who exports says of the photos, `options` what else was asked for.
    """

    name: str
    samples: int = 0
    failed: int = 0
    labelled: int = 0
    with_reference: int = 0
    sources: set[str] = field(default_factory=set)
    suites: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    label_sets: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    splits: dict[str, str] | None = None
    licence: str | None = None
    options: Options = field(default_factory=Options)

    @property
    def full_reference(self) -> bool:
        return self.with_reference == self.samples

    @property
    def no_reference(self) -> bool:
        return self.with_reference == 0

    @property
    def parts(self) -> tuple[str, ...]:
        """The splits that the export will hold; one, called train, where none was asked for."""
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

    `licences` maps a licence to the sources under it, "" to those of which none is recorded.
    """

    samples: int = 0
    labelled: int = 0
    sources: set[str] = field(default_factory=set)
    notes: Counter[str] = field(default_factory=Counter)
    licences: dict[str, set[str]] = field(default_factory=dict)

    def count(self, rows: list[dict[str, Any]]) -> None:
        """Count rows that were written."""
        self.samples += len(rows)
        self.labelled += sum(row["mos"] is not None for row in rows)
        self.sources.update(row["source"] for row in rows)
        self.notes.update(row["label_note"] for row in rows if row["label_note"])
        for row in rows:
            self.licences.setdefault(row["licence"] or "", set()).add(row["source"])


def scan(dataset: Place, name: str, splits: dict[str, str] | None, licence: str | None = None) -> About:
    """Count what is in a dataset, a group of rows at a time. Raises `GlintError` where there is none."""
    folder = manifest.dataset_folder(dataset)
    about = About(name, facts=manifest.facts(dataset), splits=splits, licence=licence)
    if holds(folder, runs.FILE):
        about.run = runs.read(folder)
    columns = ["source", "suite", "status", "reference_path", "mos"]
    columns += ["label_set", "label_method"]
    for batch in manifest.batches(dataset, columns, rows=100_000):
        _count(batch, about)
    return about


def _count(batch: "pyarrow.RecordBatch", about: About) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    def texts(name: str) -> set[str]:
        column = usable.column(name)
        found = (
            column.dictionary.take(column.indices.unique()) if pa.types.is_dictionary(column.type) else column
        )
        return {value for value in found.unique().to_pylist() if value is not None}

    status = batch.column("status").cast("string")
    whole = pc.fill_null(pc.is_in(status, pa.array([Status.OK.value, Status.PLANNED.value])), False)
    usable = batch.filter(whole)
    about.failed += len(batch) - len(usable)
    about.samples += len(usable)
    planned = pc.equal(status.filter(whole), Status.PLANNED.value)
    pristine = pc.or_(planned, pc.is_valid(usable.column("reference_path")))
    about.with_reference += pc.sum(pristine).as_py() or 0
    about.labelled += len(usable) - usable.column("mos").null_count
    about.sources |= texts("source")
    about.suites |= texts("suite")
    about.methods |= texts("label_method")
    about.label_sets |= texts("label_set")
