"""A dataset as one object: a folder or an address, files or recipes, by columns or sample by sample."""

import contextlib
import operator
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from glint_data import records
from glint_data.dataset import manifest, rendering, rewriting, runs
from glint_data.dataset.columns import COLUMNS
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.rows import Rows, in_order_of_photos
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.dataset.where import condition, known
from glint_data.storage.files import holds
from glint_data.storage.places import Place, explaining, is_remote
from glint_data.work import only_run

if TYPE_CHECKING:
    import pandas

    from glint_data.dataset.torch_samples import TorchSamples

_ROWS_A_BATCH = 2_000


class Dataset:
    """The samples of a dataset's folder, manifest file or address; nothing is read before it is asked for.

    Rows have their order in the manifest; `dataset[i]` is row i. What another process writes meanwhile is seen by
    the next call, never by half. `photos` pristine photos are kept in memory: one is enough photo by photo.

    >>> from glint_data import Dataset
    >>> dataset = Dataset("dataset")
    >>> dataset[0].pixels().shape
    (64, 96, 3)
    >>> [sample.id for sample in dataset.samples(source="cat", level=(3, 5))]
    ['cat_01_03', 'cat_01_05']

    Raises:
        GlintError: there is no manifest, or none that can be read; the sentence says what to do.
    """

    def __init__(self, path: "str | Place | Dataset", result: Any = None, photos: int = 1) -> None:
        file: Place = path.file if isinstance(path, Dataset) else manifest.manifest_file(path)
        # where it lies now: another working folder makes no other dataset of it
        self.file: Place = file if is_remote(file) else file.absolute()
        self.folder = manifest.dataset_folder(self.file)
        self._result = result
        self._pictures = Pictures(self.folder, photos)
        self._rows: tuple[Any, Rows] | None = None
        self._locked_by: int | None = None  # a thread
        manifest.opened(self.file)
        rendering.learn_suite(self.folder)

    def __repr__(self) -> str:
        return f"Dataset({str(self.folder)!r}, {len(self):,} samples)"

    def __getstate__(self) -> dict[str, Any]:
        return {"file": self.file, "folder": self.folder, "_pictures": self._pictures}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= {**state, "_rows": None, "_locked_by": None, "_result": None}

    def __len__(self) -> int:
        return int(manifest.opened(self.file).metadata.num_rows)

    def __iter__(self) -> Iterator[Sample]:
        """Every sample in the order of the manifest; memory stays flat."""
        for batch in manifest.batches(self.file, rows=_ROWS_A_BATCH):
            for row in batch.to_pylist():
                yield Sample.from_row(row, self._pictures)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        """Row `index` as a sample, from the end where it is negative; a list of samples for a slice."""
        rows = self.rows()
        if isinstance(index, slice):
            return [self._sample(rows, number) for number in range(*index.indices(len(rows)))]
        try:
            number = operator.index(index)
        except TypeError:
            raise TypeError(
                f"dataset[{index!r}]: rows are chosen by number; samples(sample_id=...) looks for a name"
            ) from None
        if not -len(rows) <= number < len(rows):
            raise IndexError(f"dataset[{number}]: it has {len(rows):,} samples")
        return self._sample(rows, number % len(rows))

    def samples(self, **where: Any) -> Iterator[Sample]:
        """The samples that meet every condition, photo by photo; memory stays flat.

        A keyword is a column of the manifest. Its value is one value, several of which any will do, or a
        `range`: `samples(type=10, level=(3, 5))`, `samples(type=range(1, 4), status="ok")`; None looks for gaps.

        Raises:
            GlintError: no such column, or a value that the column cannot hold.
        """
        met = condition(where)
        order = in_order_of_photos(Rows(self.file, ["source"]).codes("source")[0])
        if order is not None:
            return self._in_order(order, met, list(where))
        return self._streamed(met)

    def _streamed(self, met: Callable[[Any], Any] | None) -> Iterator[Sample]:
        for batch in manifest.batches(self.file, rows=_ROWS_A_BATCH):
            for row in (batch.filter(met(batch)) if met else batch).to_pylist():
                yield Sample.from_row(row, self._pictures)

    def _in_order(
        self, order: np.ndarray, met: Callable[[Any], Any] | None, names: list[str]
    ) -> Iterator[Sample]:
        """A manifest whose photos' rows do not stand together, such as a shuffled one."""
        if met is not None:
            masks = [
                met(batch).to_numpy(zero_copy_only=False) for batch in manifest.batches(self.file, names)
            ]
            order = order[np.concatenate(masks)[order]]
        rows = self.rows()
        for number in order:
            yield self._sample(rows, int(number))

    def rows(self) -> Rows:
        """All columns in memory, compact; kept until the manifest changes."""
        signature = self.signature()
        if self._rows is None or self._rows[0] != signature:
            self._rows = (signature, Rows(self.file))
        return self._rows[1]

    def _sample(self, rows: Rows, number: int) -> Sample:
        return Sample.from_row(rows.row(number), self._pictures)

    def signature(self) -> Any:
        """What is another when the manifest has been written again."""
        if is_remote(self.file):
            with explaining(self.file):
                about = self.file.fs.info(self.file.path)
            return str(about.get("ETag") or about.get("LastModified")), about.get("size")
        stamp = self.file.stat()
        return stamp.st_mtime_ns, stamp.st_size, stamp.st_ino

    def columns(self, *names: str) -> Mapping[str, np.ndarray]:
        """Whole columns (none named: all) as arrays of len(dataset), only these being read.

        Numbers keep their type; where there are gaps floats have NaN, whole numbers become floats with NaN, and
        seeds become objects with None, so that none is ever rounded. Text and lists are objects, None for gaps.

        Raises:
            GlintError: no such column.
        """
        rows = Rows(self.file, known(names or COLUMNS))
        return {name: rows.array(name) for name in rows.names}

    def table(self, columns: "list[str] | tuple[str, ...] | None" = None) -> "pandas.DataFrame":
        """A DataFrame of exactly these columns (None: all), in this order, a row a sample.

        Raises:
            GlintError: no such column.
        """
        names = known(COLUMNS if columns is None else [columns] if isinstance(columns, str) else columns)
        return manifest.read(self.file, names)

    def torch(
        self,
        transform: Callable[[Any], Any] | None = None,
        crop: int | None = None,
        labelled: bool = True,
        part: str | None = None,
        seed: int = 0,
    ) -> "TorchSamples":
        """A map-style `torch.utils.data.Dataset`; see `glint_data.dataset.torch_samples.TorchSamples`."""
        from glint_data.dataset.torch_samples import TorchSamples

        return TorchSamples(self, transform, crop, labelled, part, seed)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the dataset's lock for the time of the block, so that no other process writes into it.

        May be nested. Raises `GlintError` where another process holds it, or another thread.
        """
        here = threading.get_ident()
        if self._locked_by == here:
            yield
            return
        with only_run(self.folder):
            self._locked_by = here
            try:
                yield
            finally:
                self._locked_by = None

    def rewrite(self, changes: "rewriting.Changes", facts: Mapping[str, Any] | None = None) -> "Dataset":
        """Replace columns of the manifest under the dataset's lock; the file is exchanged when it is whole.

        `changes`: an Arrow table or a DataFrame with `sample_id` and the columns to be replaced, or a mapping
        {sample_id: {column: value}}: rows are joined by `sample_id`, those not named stay as they are. Or, for
        millions of rows, a function that takes a group of the manifest's rows (an Arrow table, in order) and
        returns {column: array} of the columns to be replaced in them. Columns and facts that are not named stay.

        Returns self.

        Raises:
            GlintError: unknown or doubled ids, unknown columns, values that cannot be, or a locked dataset; the
                manifest is then as it was.
        """
        with self.lock():
            rewriting.rewrite(self.file, changes, facts or {})
        self._rows = None
        return self

    def facts(self) -> dict[str, Any]:
        """What the writers of the manifest noted about it: suite, label set with its scale, versions."""
        return manifest.facts(self.file)

    @property
    def result(self) -> Any:
        """What the run that made or changed it did; None for one that was opened."""
        return self._result

    def record(self) -> dict[str, Any]:
        """What it holds, as plain JSON; first what the run that made or changed it has to tell."""
        result = self._result.record() if hasattr(self._result, "record") else self._result or {}
        return {**records.as_mapping(result), "dataset": str(self.folder), **self._counts()}

    def text(self) -> str:
        """The same for a person."""
        if self._result is not None:
            return str(self._result.text())
        counts = self._counts()
        states = ", ".join(f"{number:,} {name}" for name, number in counts["status"].items() if number)
        lines = [
            f"{self.folder}: {counts['samples']:,} samples of {counts['photos']:,} photos ({states or 'none'})",
            f"  suites: {', '.join(counts['suites']) or 'none'}; labelled: {counts['labelled']:,}",
        ]
        return "\n".join(lines)

    def _counts(self) -> dict[str, Any]:
        rows = Rows(self.file, ["source", "suite", "status", "mos"])
        codes, states = rows.codes("status")
        counts = np.bincount(codes, minlength=len(states)) if len(codes) else np.zeros(len(states), int)
        number_of = dict(zip(states, counts.tolist(), strict=True))
        mos = rows.array("mos")
        return {
            "samples": len(rows),
            "photos": sum(name is not None for name in rows.codes("source")[1]),
            "suites": sorted(name for name in rows.codes("suite")[1] if name),
            "status": {str(status): number_of.get(str(status), 0) for status in Status},
            "labelled": int(np.isfinite(mos.astype(float)).sum()) if len(mos) else 0,
            "run": runs.read(self.folder).get("verb") if holds(self.folder, runs.FILE) else None,
        }
