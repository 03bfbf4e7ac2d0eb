"""A virtual dataset, or part of one, to images: the pixels that a run without --virtual would have written."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from glint_data import sources
from glint_data.dataset import failures, manifest, rewriting, runs
from glint_data.dataset.carried import LABEL, OWNERS
from glint_data.dataset.columns import COLUMNS
from glint_data.dataset.label_facts import filled_in
from glint_data.errors import GlintError
from glint_data.storage.files import holds, sweep
from glint_data.storage.places import Place, place, recorded
from glint_data.synthesis.recipes import sample_seed
from glint_data.synthesis.settings import Settings
from glint_data.synthesis.summary import Summary
from glint_data.synthesis.synthesize import render
from glint_data.work import Workers, only_run

if TYPE_CHECKING:
    import pandas

WHERE_COLUMNS = ("source", "type", "level", "distortion", "label_method")
_READ = ["sample_id", *WHERE_COLUMNS, "seed", "suite", "suite_version"]
_CARRIED = [name for name in COLUMNS if name.startswith(("mos", "label_"))] + ["licence", "split"]


def materialize(dataset: Place, out: Place, where: list[str], workers: Workers) -> Summary:
    """Render the samples of `dataset` that `where` chooses into the dataset folder `out`; labels come along.

    `where` holds conditions as `column=value,value` (all must hold; numbers may be ranges, 1-3).

    Raises:
        GlintError: no such dataset, a condition that is none, or a condition that nothing meets.
    """
    dataset, out = manifest.dataset_folder(dataset), place(out)
    record = runs.read(dataset)
    settings = replace(Settings.recorded(record, dataset), virtual=False)
    rows = select(manifest.read(dataset, _READ), where)
    known = {source.name: source for source in sources.read(dataset)}
    for source in known.values():
        recorded(source.path)
    unknown = set(rows["source"].dropna()) - known.keys()
    if unknown:
        raise GlintError(
            f"{dataset}: {sources.FILE} does not know {min(unknown)}, of which the manifest has samples; restore it"
        )
    _require_own_recipes(rows, settings, known)
    cells = {
        known[str(name)]: tuple(zip(group["type"], group["level"], strict=True))
        for name, group in rows.groupby("source")
    }
    recorded_as = settings.resolved().record() | {"where": sorted(where)}
    runs.check_folder(out, "materialize", recorded_as)
    with only_run(out), runs.begun(out, "materialize", recorded_as):
        sweep(out)
        sources.write(out, list(cells))
        summary = Summary(out, sources=len(cells))
        render(out, settings, cells, workers, summary)
        failures.write(out, summary.refusals)
        summary.require_some()
        summary.own_labels = _carry_labels(out, dataset, rows["sample_id"].tolist())
    return summary


def _require_own_recipes(
    rows: "pandas.DataFrame", settings: Settings, known: dict[str, sources.Source]
) -> None:
    """What is rendered is what run.json and the photos decide; raise `GlintError` where a row says otherwise."""
    columns = ["sample_id", "source", "type", "level", "seed", "suite", "suite_version"]
    for name, source, number, level, seed, suite, version in rows[columns].itertuples(index=False):
        planned = (settings.suite, settings.suite_version)
        if (suite, version if isinstance(version, str) else settings.suite_version) != planned:
            raise GlintError(
                f"{name}: was planned with {suite} {version}, run.json says {' '.join(map(str, planned))}"
            )
        if int(seed) != sample_seed(settings.seed, known[source].hash, settings.suite, number, level):
            raise GlintError(
                f"{name}: its seed is not the one that run.json and its photo give; restore the manifest"
            )


def select(rows: "pandas.DataFrame", where: list[str]) -> "pandas.DataFrame":
    """The rows that meet every condition. Raises `GlintError` for a condition that is none or meets nothing."""
    for condition in where:
        column, equals, text = condition.partition("=")
        if not equals or column not in WHERE_COLUMNS:
            raise GlintError(
                f"--where {condition}: write column=value,value with one of the columns {', '.join(WHERE_COLUMNS)}"
            )
        rows = rows[rows[column].isin(_values(column, text))]
    if not len(rows):
        raise GlintError(
            f"no sample meets {' and '.join(where) or 'the choice'}; 'glint-data report' shows what there is"
        )
    return rows


def _values(column: str, text: str) -> list[Any]:
    if column not in ("type", "level"):
        return text.split(",")
    values: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        try:
            values += range(int(first), int(last or first) + 1)
        except ValueError:
            raise GlintError(
                f"--where {column}={text}: '{piece}' is no number or range such as 3 or 1-3"
            ) from None
    return values


def _carry_labels(out: Place, dataset: Place, names: list[str]) -> int:
    """Write what people and the label stage said of the recipes beside the pixels, joined by the sample's id.

    What the samples have already stays: a label that was made of the pixels is not written over by the recipe's, nor
    by none. Returns how many labels of the recipes differ from those that stay.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not holds(out, manifest.FILE):
        return 0
    there = manifest.read_table(out, ["sample_id", "mos", "label_note", *OWNERS])
    wanted = pa.array(sorted(set(names) & set(there["sample_id"].to_pylist())), pa.string())
    tables = [
        pa.Table.from_batches([batch]).filter(pc.is_in(batch.column("sample_id"), wanted))
        for batch in manifest.batches(dataset, ["sample_id", *LABEL, *OWNERS], rewriting.ROWS_A_GROUP)
    ]
    said = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries() if tables else None
    if said is None or not len(said):
        return 0
    here = there.take(pc.index_in(said["sample_id"].cast(pa.string()), there["sample_id"].cast(pa.string())))
    for name, columns in (("mos", LABEL), *((owner, (owner,)) for owner in OWNERS)):
        if said[name].null_count < len(
            said
        ):  # written again where all is there already: the bytes are the same
            bare = pc.and_(pc.is_null(here[name]), pc.is_valid(said[name]))
            if name == "mos":  # why a sample has no label is said of its recipe too
                why = pc.and_(pc.is_null(here["label_note"]), pc.is_valid(said["label_note"]))
                bare = pc.or_(bare, pc.and_(pc.is_null(here["mos"]), why))
            facts = {}
            if name == "mos" and pc.any(bare).as_py():
                facts = filled_in(manifest.facts(out), manifest.facts(dataset))
            rewriting.rewrite(out / manifest.FILE, said.filter(bare).select(["sample_id", *columns]), facts)
    others = pc.and_(pc.is_valid(here["mos"]), pc.not_equal(here["mos"], said["mos"]))
    return int(pc.sum(others).as_py() or 0)
