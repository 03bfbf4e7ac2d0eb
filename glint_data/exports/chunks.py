"""The manifests' rows, cut into pieces of work with the names of the files to be written."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from glint_data.dataset import manifest
from glint_data.dataset.columns import COLUMNS
from glint_data.dataset.pixels import rendered_format
from glint_data.dataset.status import Status
from glint_data.exports.format import FORMATS, Chunk, Format, Row, ending, file_name, raised_by
from glint_data.exports.origins import Origin


class Planner:
    """Hands out chunks in the order of the dataset and keeps count of what is left out, and why.

    `refused` receives (sample_id, sentence) of each row that cannot be exported.
    """

    def __init__(
        self,
        origins: Sequence[Origin],
        to: str,
        splits: dict[str, str] | None,
        refused: Callable[[str, str], None],
        strip: bool = False,
    ) -> None:
        self.origins, self.to, self.splits, self.refused = origins, to, splits, refused
        self.strip = strip
        self.format: type[Format] = FORMATS[to]
        self.outside_split = 0
        self._number_of: dict[str, int] = {}
        self._numbers = itertools.count()
        self._in_split: dict[str, itertools.count[int]] = {}

    def chunks(self, folder: Path) -> Iterator[Chunk]:
        """Cut the datasets, in their order within each split; memory holds one unfinished chunk a split."""
        number = itertools.count()
        for origin in self.origins:
            yield from self._chunks(origin, folder, number)

    def _chunks(self, origin: Origin, folder: Path, number: "itertools.count[int]") -> Iterator[Chunk]:
        least, most = self.format.rows_a_chunk
        under_way: dict[str, _Open] = {}
        rendered = rendered_format(manifest.dataset_folder(origin.place))
        for row in self._rows(origin):
            split = row["split"] if self.format.splits_apart else ""
            chunk = under_way.setdefault(split, _Open())
            rows = chunk.rows
            if len(rows) >= most or (len(rows) >= least and rows[-1]["source"] != row["source"]):
                yield self._chunk(origin, next(number), folder, split, chunk)
                chunk = under_way[split] = _Open()
            self._take(origin, row, chunk, rendered)
        for split in sorted(under_way):
            yield self._chunk(origin, next(number), folder, split, under_way[split])

    def _rows(self, origin: Origin) -> Iterator[Row]:
        for batch in manifest.batches(origin.place, list(COLUMNS), rows=2_000):
            for row in map(origin.named, batch.to_pylist()):
                reason = self._reason_against(row)
                if reason:
                    self.refused(row["sample_id"] or "a row without sample_id", reason)
                elif self.splits is None:
                    yield row | {"split": "train"}
                elif row["source"] in self.splits:
                    yield row | {"split": self.splits[row["source"]]}
                else:
                    self.outside_split += 1

    def _reason_against(self, row: Row) -> str | None:
        if not row["sample_id"] or not row["source"]:
            return "the row names no sample or no source; 'glint-data verify' tells more"
        if row["status"] not in (Status.OK, Status.PLANNED):
            return row["error"] or f"has no image (status {row['status']})"
        if self.format.needs_label and row["mos"] is None:
            return row["label_note"] or "has no label; run 'glint-data label'"
        if self.format.needs_reference and not _has_pristine(row):
            return f"has no pristine photo, which {self.format.title} needs"
        return None

    def _take(self, origin: Origin, row: Row, chunk: "_Open", rendered: str) -> None:
        """Give the row its files' names and put it into the chunk."""
        source = row["source"]
        if source not in self._number_of:
            self._number_of[source] = len(self._number_of)
            chunk.first_of.add(source)
        own = row["sample_id"].removeprefix(origin.prefix), source.removeprefix(origin.prefix)
        below = f"{quote(origin.name)}/" if origin.prefix else ""
        sample = below + file_name(own[0], ending(row["path"], rendered, self.strip))
        reference = below + file_name(own[1], ending(row["reference_path"], "png", self.strip))
        with raised_by(self.to, "file_names"):
            named, named_reference = self.format.file_names(
                sample, reference, row["split"], next(self._numbers), self._number_of[source]
            )
        row["file_name"], row["reference_file_name"] = named, named_reference if _has_pristine(row) else None
        chunk.rows.append(row)

    def _chunk(self, origin: Origin, number: int, folder: Path, split: str, chunk: "_Open") -> Chunk:
        return Chunk(
            number,
            next(self._in_split.setdefault(split, itertools.count())),
            self.to,
            str(origin.place),
            str(folder),
            split,
            tuple(chunk.rows),
            frozenset(chunk.first_of),
            self.strip,
        )


@dataclass
class _Open:
    """A chunk that still takes rows."""

    rows: list[Row] = field(default_factory=list)
    first_of: set[str] = field(default_factory=set)


def _has_pristine(row: Row) -> bool:
    """As `Sample.has_pristine`, for a row that is not yet one."""
    return bool(row["reference_path"]) or row["status"] == Status.PLANNED
