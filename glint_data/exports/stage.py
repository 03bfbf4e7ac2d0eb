"""The export stage: rows in the dataset's order, pictures by worker processes, one folder by rename."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from glint_data import records
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.exports.about import PARTS, About, Exported, scan
from glint_data.exports.bundled import FORMATS
from glint_data.exports.chunks import Planner
from glint_data.exports.folder import building, check_free
from glint_data.exports.format import Chunk, Format, Row, Written, complete, raised_by, record
from glint_data.exports.options import Options
from glint_data.exports.origins import Origin, origins_of
from glint_data.exports.split import deal_photos, recorded_split, shares_of, split_by_file
from glint_data.exports.tables import CsvTable
from glint_data.progress import Meter, duration
from glint_data.storage.places import Place, is_remote
from glint_data.work import Outcome, run_tasks

FAILURES = "failures.csv"


@dataclass
class ExportSummary:
    """What an export did. `first` holds some of the sentences in its `failures.csv`, `notes` what is to be known."""

    folder: Path
    to: str
    written: int = 0
    refused: int = 0
    outside_split: int = 0
    notes: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    seconds: float = 0.0
    private: Counter[str] = field(default_factory=Counter)

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        return records.as_mapping(self)

    def text(self) -> str:
        """The closing lines for a person."""
        rate = f"{self.written / max(self.seconds, 1e-9):.1f}/s"
        lines = [
            f"{self.written:,} samples exported as {self.to} in {duration(self.seconds)} ({rate})",
            f"  {self.folder}",
            *(f"  {note}" for note in self.notes),
        ]
        if self.outside_split:
            lines.append(f"  {self.outside_split:,} samples are in no split and were left out")
        for what, count in sorted(self.private.items()):
            lines.append(f"  {count:,} files carry {what}; --strip exports them without")
        if self.refused:
            lines.append(
                f"  {self.refused:,} not exported: {self.folder / FAILURES} (may name places on this machine: "
                "take it out before publishing); the first:"
            )
            lines += [f"    {sentence}" for sentence in self.first]
        return "\n".join(lines)


def export_dataset(
    dataset: str | Place | Sequence[str | Place],
    to: str,
    out: Path,
    workers: int,
    split_file: Path | None = None,
    licence: str | None = None,
    options: Options | None = None,
    split: str = "",
    split_seed: int = 0,
) -> ExportSummary:
    """Write a dataset, virtual or with pixels, into the new folder `out` in the layout of another tool.

    Args:
        dataset: the dataset's folder or its manifest; of several, samples and photos are named with the dataset's.
        to: a format of `FORMATS`.
        out: a folder that does not exist or is empty; whole or not there.
        workers: processes that render and copy.
        split_file: CSV of source,part (train, val, test); without it the manifest's own parts, else one split.
        licence: what card and metadata call the photos' licence, such as cc-by-4.0.
        options: deviations, soft labels, pairs; see `Options`.
        split: shares of train, val and test, such as "80,10,10": whole photos, dealt by `split_seed`.

    Raises:
        GlintError: no dataset, nothing in it that the format takes, several for a format of one, or `out` in use.
        CannotWrite: the target cannot be written; nothing of it is left.
    """
    begun = time.monotonic()
    origins = origins_of([dataset] if isinstance(dataset, str | Path) or is_remote(dataset) else dataset)
    out, format_class = Path(out), complete(to)
    if len(origins) > 1 and not format_class.takes_several:
        takes = ", ".join(name for name, entry in FORMATS.items() if entry.takes_several)
        raise GlintError(f"--to {to}: holds one dataset; several go into one of {takes}")
    check_free(out)
    if licence is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", licence):
        raise GlintError(f"--licence {licence!r}: name it in one word, as cc-by-4.0 or mit")
    about = scan(origins, out.resolve().name, licence)
    about.splits, notes = _splits(origins, about, split_file, split, split_seed)
    about.options = options or Options()
    named = " and ".join(str(origin.place) for origin in origins)
    _check(to, about, named, origins)
    summary = ExportSummary(out, to, notes=[*notes, *_what_stays(to, about)])
    with building(out) as folder, ExitStack() as stack:
        failures = _Failures(folder / FAILURES, summary, stack)
        planner = Planner(origins, to, about.splits, failures.add, about.options.strip)
        with raised_by(to, "__init__"):
            export = format_class(folder, about)
        exported = Exported()
        # closing: no worker writes any more when an error has the folder removed
        outcomes = stack.enter_context(closing(run_tasks(write_chunk, planner.chunks(folder), workers)))
        with Meter(about.samples, "samples") as meter:
            for chunk, results in in_order(outcomes):
                rows = list(_merged(chunk, results, failures))
                exported.private.update(what for written in results for what in written.private)
                exported.count(rows)  # before a format does what it likes with them
                with raised_by(to, "add"):
                    export.add(rows)
                meter.advance(len(chunk.rows))
        if not exported.samples:
            first = summary.first[0] if summary.first else f"no sample of {named} is in the split"
            raise GlintError(f"nothing was exported and {out} was not made; {first}")
        with raised_by(to, "finish"):
            export.finish(exported)
        summary.written, summary.private = exported.samples, exported.private
        summary.outside_split = planner.outside_split
    summary.seconds = time.monotonic() - begun
    return summary


def _splits(
    origins: list[Origin], about: About, file: Path | None, shares: str, seed: int
) -> tuple[dict[str, str] | None, list[str]]:
    """Source, as the export names it, -> part, and words about it; None where nothing says who goes where."""
    if file and shares:
        raise GlintError("--split and --split-file both say who goes where; give one of them")
    if shares:
        dealt = deal_photos(origins, shares_of(shares), seed)
        counts = Counter(dealt.values())
        return dealt, [f"split {shares}: photos {', '.join(f'{counts[part]:,} {part}' for part in PARTS)}"]
    if file is not None:
        return split_by_file(file, about.sources, origins)
    return recorded_split(about.recorded, about.sources)


def _what_stays(to: str, about: About) -> Iterator[str]:
    """Pictures beside the samples that the format does not take."""
    if about.masks and not FORMATS[to].takes_masks:
        takers = " and ".join(name for name, entry in FORMATS.items() if entry.takes_masks)
        yield f"the samples' masks are no part of it; {takers} take them"
    if about.low_resolution:
        yield "the small pictures (low_resolution_path) are no part of it; they stay in the dataset"


def _check(to: str, about: About, dataset: str, origins: list[Origin]) -> None:
    format_class: type[Format] = FORMATS[to]
    folder = manifest.dataset_folder(origins[0].place)
    if not about.samples:
        raise GlintError(f"{dataset}: holds no samples to export; 'glint-data verify {folder}' tells more")
    if format_class.needs_label and not about.labelled:
        raise GlintError(
            f"{dataset}: none of its samples has a label, without which there is no export as {format_class.title}; "
            f"run 'glint-data label {folder} --reference kadid' first, or export to hf, webdataset or croissant"
        )
    if format_class.needs_reference and about.no_reference:
        raise GlintError(
            f"{dataset}: its samples have no pristine photos, without which there is no export as "
            f"{format_class.title}; export to pyiqa, hf, webdataset or croissant"
        )
    if about.splits is not None and not about.parts:
        raise GlintError(f"{dataset}: none of its photos is named in the split file; it lists them by source")
    with raised_by(to, "check"):
        format_class.check(about)


def write_chunk(chunk: Chunk) -> list[Written]:
    """Write a chunk's pictures in its format. Runs in a worker process."""
    with raised_by(chunk.format, "write"):
        written: object = FORMATS[chunk.format].write(chunk)
    if not isinstance(written, list) or len(written) != len(chunk.rows):
        raise GlintError(
            f"export format {chunk.format}: write gave no list with a Written for each of its rows"
        )
    return written


def in_order(outcomes: Iterable[Outcome]) -> Iterator[tuple[Chunk, list[Written]]]:
    """The chunks with their results by number, as soon as all earlier ones are there.

    Raises:
        GlintError: a chunk failed as a whole. Its photos may be missing from the rows of others, so that ends it.
    """
    waiting = {}
    expected = 0
    for outcome in outcomes:
        chunk: Chunk = outcome.task
        if outcome.error:
            raise GlintError(
                f"samples {chunk.rows[0]['sample_id']} to {chunk.rows[-1]['sample_id']}: {outcome.error}; nothing "
                "was exported. If memory is short, fewer --workers help"
            )
        waiting[chunk.number] = chunk, outcome.result
        while expected in waiting:
            yield waiting.pop(expected)
            expected += 1


def _merged(chunk: Chunk, results: list[Written], failures: "_Failures") -> Iterator[Row]:
    """The rows whose pictures are written, with what was found on the way."""
    for row, written in zip(chunk.rows, results, strict=True):
        if written.error is None:
            yield record(row) | (written.facts or {})
        else:
            failures.add(row["sample_id"], written.error)


class _Failures:
    """`failures.csv` of an export, made when there is something to put into it."""

    def __init__(self, file: Path, summary: ExportSummary, stack: ExitStack) -> None:
        self.file, self.summary, self.stack = file, summary, stack

    @cached_property
    def _table(self) -> CsvTable:
        table = CsvTable(self.file, ["sample_id", "error"])
        self.stack.callback(table.close)
        return table

    def add(self, sample_id: str, error: str) -> None:
        sentence = error if sample_id in error else f"{sample_id}: {error}"
        self._table.add([sample_id, sentence])
        self.summary.refused += 1
        if len(self.summary.first) < 3:
            self.summary.first.append(sentence)
