"""What a manifest's rows say of themselves and of each other, looked at some thousand rows at a time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

import distortions
from glint_data.dataset import manifest, rendering, values
from glint_data.dataset.columns import FILES
from glint_data.dataset.keys import Keys, hashes
from glint_data.dataset.label_facts import BESIDE, RATED, STUDY
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pandas
    import pyarrow

_LABEL_FACTS = ["label_set", "label_method", "label_version"]


@dataclass
class RowsSeen:
    """What is kept of rows that were looked at: hashes of names, and what occurs seldom. `drawn` are the `most`
    rendered samples that `seed` draws, each with its number and row."""

    file: Place
    seed: int
    most: int
    samples: int = 0
    files: int = 0
    drawn: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)
    _keys: dict[str, Keys] = field(default_factory=lambda: {"sample_id": Keys(), "path": Keys()})
    _labels: set[tuple[Any, ...]] = field(default_factory=set)
    _cells: set[tuple[Any, ...]] = field(default_factory=set)
    _references: set[str] = field(default_factory=set)

    def problems_of(self, batch: "pyarrow.RecordBatch") -> Iterator[str]:
        """What is wrong with the next rows by themselves."""
        import pyarrow as pa

        rows = manifest.frame_of(pa.Table.from_batches([batch]))
        yield from values.problems(batch, self.samples)
        yield from _failures(rows)
        yield from _labels_of(rows)
        yield from self._unknown_cells(rows)
        for name, keys in self._keys.items():
            keys.add(batch.column(name).drop_null())
        done = rows[rows["status"] == Status.OK]
        for path, expected in FILES.items():
            self.files += int((done[path].notna() & done[expected].notna()).sum())
        self._references |= set(done["reference_path"].dropna())
        labelled = rows.loc[rows["mos"].notna(), _LABEL_FACTS].astype(object)
        labelled = labelled.where(labelled.notna(), None)
        self._labels |= set(labelled.drop_duplicates().itertuples(index=False, name=None))
        self._draw(batch, np.flatnonzero(_rendered_here(rows)))
        self.samples += len(rows)

    def problems_between(self) -> Iterator[str]:
        """What is wrong with rows beside each other, once all were looked at."""
        for name in self._twice("sample_id"):
            yield f"{name}: several rows have this sample_id"
        for path in self._twice("path"):
            yield f"{path}: several rows have this path"
        yield from self._label_facts()

    @property
    def files_named(self) -> int:
        """How many files the rows name."""
        return self.files + len(self._references)

    def _twice(self, column: str) -> list[str]:
        doubled = self._keys[column].doubled()
        if not len(doubled):
            return []
        counts: Counter[str] = Counter()
        for batch in manifest.batches(self.file, [column], checked=False):
            names = batch.column(column).drop_null()
            met = np.isin(hashes(names), doubled)
            counts.update(name for name, is_met in zip(names.to_pylist(), met, strict=True) if is_met)
        return [name for name, count in counts.items() if count > 1]

    def _draw(self, batch: "pyarrow.RecordBatch", rows: np.ndarray) -> None:
        """Keep the samples whose hashes, keyed by the seed, are lowest: the same whatever the rows' order."""
        keys = hashes(batch.column("sample_id").take(rows), str(self.seed))
        lowest = np.argsort(keys, kind="stable")[: self.most]
        taken = batch.take(rows[lowest]).to_pylist()
        numbers = (self.samples + rows[lowest]).tolist()
        self.drawn += zip(keys[lowest].tolist(), numbers, taken, strict=True)
        self.drawn = sorted(self.drawn, key=lambda entry: entry[:2])[: self.most]

    def _unknown_cells(self, rows: "pandas.DataFrame") -> Iterator[str]:
        """Samples rendered here as a type or level that their suite does not have."""
        columns = ["suite", "suite_version", "type", "level"]
        cells = rows[_rendered_here(rows)].drop_duplicates(columns)
        for name, *cell in cells[["sample_id", *columns]].itertuples(index=False, name=None):
            suite_name, version, number, level = cell
            if tuple(map(str, cell)) in self._cells:
                continue
            self._cells.add(tuple(map(str, cell)))
            try:
                suite = rendering.suite_of(suite_name, version if isinstance(version, str) else None)
            except GlintError:
                continue  # said once, by the versions
            if number not in suite.types or level not in suite.levels(number):
                yield f"{name}: {suite.name} has no type {number:g} with a level {level:g}"

    def _sets_noted(self, facts: dict[str, Any]) -> Iterator[str]:
        """The sets that the manifest notes, against those that its rows name: people's scores and labels by themselves
        where it notes both."""
        every = {(name, method == RATED) for name, method, _ in self._labels if isinstance(name, str)}
        for fact, of_people in ((STUDY, True), (BESIDE, False)):
            noted = facts.get(fact, {}).get("set")
            sets = {name for name, rated in every if rated is of_people or not facts.get(BESIDE)}
            known = {part for name in sets for part in name.split("+")}
            if isinstance(noted, str) and sets and noted not in known:
                yield f"the manifest notes labels from {noted}, its rows name {', '.join(sorted(sets))}"

    def _label_facts(self) -> Iterator[str]:
        """What the manifest notes of its labels, against the labels in its rows."""
        facts = manifest.facts(self.file)
        if not (facts.get(STUDY) or facts.get(BESIDE)) or not self._labels:
            return
        yield from self._sets_noted(facts)
        for method in dict.fromkeys(method for _, method, _ in sorted(self._labels, key=str)):
            versions = sorted(
                {
                    version
                    for _, other, version in self._labels
                    if other == method and isinstance(version, str)
                }
            )
            if isinstance(method, str) and len(versions) > 1:
                yield (
                    f"labels of {method} in several versions ({', '.join(versions)}); 'glint-data label' makes them one"
                )


def _failures(rows: "pandas.DataFrame") -> Iterator[str]:
    done = rows["status"] == Status.OK
    for path, expected in FILES.items():
        for name in rows.loc[done & rows[path].notna() & rows[expected].isna(), "sample_id"]:
            yield (
                f"{name}: no hash of its pixels is recorded ({expected}), so nothing tells whether they are right"
            )
    for row in rows[rows["status"] == Status.FAILED].itertuples():
        yield f"{row.sample_id}: failed: {row.error}"


def _labels_of(rows: "pandas.DataFrame") -> Iterator[str]:
    """Labels that contradict themselves, or do not say where they came from."""
    labelled = rows[rows["mos"].notna()]
    unlabelled = rows[rows["mos"].isna()]
    transferred = labelled["label_method"].notna() & (labelled["label_method"] != RATED)
    tests = {
        "mos outside 0..1": ~labelled["mos"].between(0, 1),
        "mos below its own interval": labelled["mos"] < labelled["mos_low"],
        "mos above its own interval": labelled["mos"] > labelled["mos_high"],
        "mos_std below 0": labelled["mos_std"] < 0,
        "a label without the set it came from": labelled["label_set"].isna(),
        "a label without its method": labelled["label_method"].isna(),
        "a transferred label without the references it leans on": transferred
        & labelled["label_references"].isna(),
        "a transferred label without its interval": transferred
        & labelled["mos_low"].isna()
        & labelled["mos_std"].notna(),
    }
    for what, wrong in tests.items():
        for name in labelled.loc[wrong, "sample_id"]:
            yield f"{name}: {what}"
    half = unlabelled[["mos_std", "mos_low", "mos_high", "label_references"]].notna().any(axis=1)
    for name in unlabelled.loc[half, "sample_id"]:
        yield f"{name}: parts of a label without mos"


def _rendered_here(rows: "pandas.DataFrame") -> "pandas.Series[bool]":
    made = rows["status"].isin((Status.OK, Status.PLANNED)) & rows["seed"].notna() & rows["type"].notna()
    return made & rows["suite"].isin(distortions.suites()) & rows["sample_id"].notna()
