"""Own pictures to a dataset: `glint-data import table`. Pictures are taken over byte for byte, scores become labels.

The manifest is written last; a run that dies is simply repeated.
"""

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import glint_data
from glint_data import progress, sources
from glint_data.dataset import failures, manifest, runs
from glint_data.dataset.carried import write_again
from glint_data.dataset.columns import SCALED
from glint_data.dataset.label_facts import RATED
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.importing.own_table import Entry, OwnTable, parse_range, read_own_table
from glint_data.importing.taking import SPLIT, Taken, TakeOver, key_of, said_beside, take_picture
from glint_data.records import as_mapping
from glint_data.sources import Refusal, Source
from glint_data.storage.files import make_durable, sweep, write_atomically
from glint_data.storage.places import Place, place
from glint_data.work import only_run, run_tasks

if TYPE_CHECKING:
    import pandas

Pictures = dict[str, Taken]
"""What was taken over, by its place in the dataset without the ending."""


@dataclass
class TableSummary:
    """What an import of own pictures did."""

    folder: Place
    table: Place
    rows: int
    imported: int = 0
    references: int = 0
    rated: int = 0
    resized: int = 0
    scale: str | None = None
    notes: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    seconds: float = 0.0

    def text(self) -> str:
        """The closing lines for a person."""
        pristine = f" of {self.references:,} references" if self.references else ""
        lines = [
            f"{self.imported:,} of {self.rows:,} pictures{pristine} from {self.table}, "
            f"in {progress.duration(self.seconds)}",
            f"  {self.rated:,} with scores {self.scale}, in the manifest 0 to 1, higher is better"
            if self.scale
            else "  without scores; 'glint-data label' gives them",
        ]
        if self.resized:
            lines.append(
                f"  {self.resized:,} scaled to the size of their reference; their rows say from what"
            )
        lines += [f"  {note}" for note in self.notes]
        lines.append(f"  {self.folder / manifest.FILE}")
        if self.refusals:
            lines.append(f"  {len(self.refusals):,} refused: {self.folder / failures.FILE}; the first:")
            lines += [f"    {refusal.error}" for refusal in self.refusals[:3]]
        return progress.printable("\n".join(lines))

    def record(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return as_mapping(self)


def import_table(
    table: str | Place,
    out: str | Place,
    range: "str | tuple[float, float] | None" = None,
    lower_is_better: bool = False,
    resize: bool = False,
    strip: bool = False,
    workers: int = 1,
) -> TableSummary:
    """Make the dataset `out` of the pictures that a table names, with the scores that it gives, if any.

    Args:
        table: CSV or .xlsx; see `own_table` for its columns.
        range: lowest and highest possible score, (1, 5) or "1,5"; needed where the table has scores.
        lower_is_better: scores of impairment.
        resize: scale a picture to its reference's size, where it has another; refused otherwise.
        strip: leave out what cameras wrote beside the pixels (position, serial numbers, dates).
        workers: processes that decode and take over pictures.

    Raises:
        GlintError: a table that cannot be meant, or none of its pictures could be taken over.
    """
    begun = time.monotonic()
    file = place(table)
    own = read_own_table(file, parse_range(range), lower_is_better)
    return import_own(own, file, place(out), resize, strip, workers, begun)


def import_own(
    own: OwnTable, origin: Place, folder: Place, resize: bool, strip: bool, workers: int, begun: float
) -> TableSummary:
    """As `import_table`, of checked rows; `origin` is the file or folder that they came from."""
    runs.open_folder(folder, "import", _settings(own, resize, strip))
    with only_run(folder):
        sweep(folder)
        taken, refused = _take_over(own, folder, resize, strip, workers)
        rows = [
            _row_of(entry, own, taken[key], taken.get(f"references/{entry.source}"))
            for number, entry in enumerate(own.entries)
            if (key := key_of(number, entry.name)) in taken
        ]
        failures.write(folder, refused)
        if not rows:
            raise GlintError(
                f"{own.name}: none of its pictures could be taken over; the first: {refused[0].error}"
            )
        _write(folder, own, rows, taken)
    if beside := said_beside(taken.values()):
        own.notes.append(beside)
    return TableSummary(
        folder,
        origin,
        len(own.entries),
        imported=len(rows),
        references=len({row["reference_path"] for row in rows} - {None}),
        rated=sum(row["mos"] is not None for row in rows),
        resized=sum("resized_from" in (row["parameters"] or "") for row in rows),
        scale=own.scale.text() if own.scale else None,
        notes=own.notes,
        refusals=refused,
        seconds=time.monotonic() - begun,
    )


def _settings(own: OwnTable, resize: bool, strip: bool) -> dict[str, Any]:
    """What must be the same when an import is repeated into the same folder."""
    lines = "\n".join(repr(entry) for entry in own.entries)
    return {
        **{"table": own.file.name, "rows": len(own.entries), "resize": resize, "strip": strip},
        "scale": own.scale.text() if own.scale else None,
        "lines": f"those of hash {hashlib.sha256(lines.encode()).hexdigest()[:16]}",
    }


def _take_over(
    own: OwnTable, folder: Place, resize: bool, strip: bool, workers: int
) -> tuple[Pictures, list[Refusal]]:
    """References first, for the pictures' sizes are compared with theirs; what cannot be had is refused by name."""
    taken: Pictures = {}
    refused: list[Refusal] = []
    references = {entry.source: entry.reference for entry in own.entries if entry.reference is not None}
    pristine = [
        TakeOver(f"references/{source}", str(file), str(folder), strip=strip)
        for source, file in references.items()
    ]
    _run(pristine, workers, taken, refused, "references")
    lost = {task.key for task in pristine} - taken.keys()
    distorted = []
    for number, entry in enumerate(own.entries):
        size = None
        if entry.reference is not None:
            key = f"references/{entry.source}"
            if key in lost:
                error = f"{entry.distorted}: its reference {entry.reference} could not be taken over"
                refused.append(Refusal(str(entry.distorted), error, "import"))
                continue
            size = (taken[key].width, taken[key].height)
        key = key_of(number, entry.name)
        distorted.append(TakeOver(key, str(entry.distorted), str(folder), size, resize, strip))
    _run(distorted, workers, taken, refused, "pictures")
    return taken, refused


def _run(tasks: list[TakeOver], workers: int, taken: Pictures, refused: list[Refusal], what: str) -> None:
    if not tasks:
        return
    with progress.Meter(len(tasks), what) as meter:
        for outcome in run_tasks(take_picture, tasks, min(workers, len(tasks))):
            if outcome.error is None:
                taken[outcome.task.key] = outcome.result
            else:
                refused.append(Refusal(outcome.task.file, outcome.error, "import"))
            meter.advance()
    order = {task.file: number for number, task in enumerate(tasks)}
    refused.sort(key=lambda refusal: order.get(refusal.path, -1))


def _row_of(entry: Entry, own: OwnTable, picture: Taken, pristine: Taken | None) -> dict[str, Any]:
    scale, score = own.scale, entry.mos
    decoded = {"decoded": picture.conversions} if picture.conversions else {}
    resized = {"resized_from": list(picture.resized_from)} if picture.resized_from else {}
    return {
        "sample_id": entry.name,
        "source": entry.source,
        "source_path": str(entry.reference if pristine else entry.distorted),
        "source_hash": pristine.hash if pristine else None,
        "reference_path": pristine.path if pristine else None,
        "type": entry.type,
        "level": entry.level,
        "distortion": entry.distortion,
        "parameters": json.dumps({**decoded, **resized}, sort_keys=True) if decoded or resized else None,
        **{"path": picture.path, "image_hash": picture.hash},
        **{"width": picture.width, "height": picture.height, "status": Status.OK},
        "mos": None if score is None or scale is None else scale.unit(score),
        "mos_std": None
        if entry.mos_std is None or scale is None
        else entry.mos_std / (scale.high - scale.low),
        "label_set": None if score is None else set_name(own.file),
        "label_method": None if score is None else RATED,
        "label_note": _note(picture),
        **{"licence": entry.licence, "split": entry.split},
    }


def _note(picture: Taken) -> str | None:
    if picture.resized_from is None:
        return None
    width, height = picture.resized_from
    return f"{SCALED}{width}x{height} to {picture.width}x{picture.height}, its reference's size"


def set_name(table: Place) -> str:
    """What a table's scores are called: its own name."""
    return sources.safe_name(table.stem)


def _write(folder: Place, own: OwnTable, rows: list[dict[str, Any]], taken: Pictures) -> None:
    """Everything but the pictures: sources, the split, and last the manifest."""
    import pandas

    make_durable([folder / picture.path for picture in taken.values()])
    frame = pandas.DataFrame(rows)
    alone = ~frame["source"].duplicated(keep=False) & frame["reference_path"].isna()
    # a picture without a reference is its own photo; several of one photo have none that is at hand
    frame.loc[alone, "source_hash"] = frame.loc[alone, "image_hash"]
    sources.write(folder, _source_records(frame, taken))
    if frame["split"].notna().any():
        parts = frame[["source", "split"]].dropna().rename(columns={"split": "part"}).drop_duplicates()
        write_atomically(folder / SPLIT, parts.to_csv(index=False).encode())
    write_again(folder, frame, _facts(own, rows))


def _source_records(frame: "pandas.DataFrame", taken: Pictures) -> list[Source]:
    by_path = {picture.path: picture for picture in taken.values()}
    records: list[Source] = []
    for row in frame.drop_duplicates("source").to_dict("records"):
        path = row["reference_path"] or row["path"]
        if not isinstance(path, str) or not isinstance(row["source_hash"], str):
            continue
        picture = by_path[path]
        stamp = (len(records), row["source_path"], picture.bytes, picture.modified, picture.hash)
        records.append(Source(str(row["source"]), *stamp, picture.width, picture.height, picture.conversions))
    return records


def _facts(own: OwnTable, rows: list[dict[str, Any]]) -> dict[str, Any]:
    rated = [row for row in rows if row["mos"] is not None]
    facts: dict[str, Any] = {"suite": None, "import": {"table": own.file.name, "notes": own.notes}}
    if own.scale is not None and rated:
        facts["label"] = {
            **{"set": set_name(own.file), "title": own.file.name, "suite": None, "method": RATED},
            **{"low": own.scale.low, "high": own.scale.high, "higher_is_better": own.scale.higher_is_better},
            "spread": "as in the table" if any(row["mos_std"] is not None for row in rated) else None,
            **{"ratings": len(rated), "layout": "table", "version": glint_data.__version__},
            "references": sorted({row["source"] for row in rated if row["reference_path"]}),
        }
    return facts
