"""Parts: the manifests of finished sources while a run is under way. A part in place is a commit.

Everything here goes source by source, so that memory does not grow with the number of samples.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data import sources
from glint_data.dataset import manifest
from glint_data.dataset.carried import ExtraColumns, carried
from glint_data.dataset.columns import plain_schema, schema
from glint_data.errors import GlintError
from glint_data.storage.files import holds, listing, read_ahead, read_bytes, remove_folder
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_A_GROUP = 32_768
"""Rows of the manifest that are in memory together, and that its file holds as one group."""

_ENDING = ".parquet"


def write(out: Place, name: str, rows: list[dict[str, Any]]) -> None:
    """Commit rows of the source `name`; rows of an earlier part that are not among them stay."""
    import pandas

    file = out / manifest.PARTS / f"{name}{_ENDING}"
    table = manifest.to_table(pandas.DataFrame(rows))
    try:
        before = _read(file, read_bytes(file))
    except FileNotFoundError:
        pass
    else:
        table = _replaced(before, table)
    manifest.write_table(file, _joined([table]).replace_schema_metadata(manifest.schema_metadata({})))


def finished(
    out: Place, names: Sequence[str], columns: list[str] | None = None, lost: list[str] | None = None
) -> Iterator[tuple[str, "pa.Table"]]:
    """The rows committed so far of each named source that has any, in the order of `names`.

    They are the manifest's, replaced by those of the source's part where there is a newer one. `columns`
    limits what is read; `sample_id` is always there. `lost` takes up the samples whose label does not hold any more.

    Raises:
        GlintError: a part or the manifest is damaged.
    """
    columns = columns and list(dict.fromkeys(("sample_id", "source", *columns)))
    there = listing(out / manifest.PARTS)
    parts = (out / manifest.PARTS / file for name in names if (file := f"{name}{_ENDING}") in there)
    newer = read_ahead(parts)
    older = _of_manifest(out, names, columns)
    part, row = next(newer, None), next(older, None)
    for name in names:
        tables: list[pa.Table] = []
        if row is not None and row[0] == name:
            tables.append(row[1])
            row = next(older, None)
        if part is not None and part[0].name == f"{name}{_ENDING}":
            tables.append(_read(*part, columns))
            part = next(newer, None)
        if tables:
            yield name, tables[0] if len(tables) == 1 else _replaced(tables[0], tables[1], lost)


def _read(file: Place, content: bytes, columns: list[str] | None = None) -> "pa.Table":
    try:
        return manifest.read_table(file, columns, content=content)
    except GlintError as error:
        raise GlintError(
            f"{file}: is damaged ({str(error).removeprefix(f'{file}: ')}); delete it, and run the command that made "
            "the dataset again: it renders that photo anew"
        ) from error


def counts(out: Place) -> dict[str, int]:
    """How many samples of each source the manifest has."""
    samples: dict[str, int] = {}
    for name, count in zip(*_runs(out), strict=True):
        samples[name] = samples.get(name, 0) + int(count)
    return samples


def names(out: Place) -> list[str]:
    """The sources of which samples are finished: those of the manifest in its order, then those of the parts."""
    of_manifest = _runs(out)[0] if holds(out, manifest.FILE) else []
    return list(dict.fromkeys([*of_manifest, *sorted(_of_parts(out))]))


def _of_parts(out: Place) -> set[str]:
    return {file.removesuffix(_ENDING) for file in listing(out / manifest.PARTS) if file.endswith(_ENDING)}


def commit(out: Place, suite: str) -> int:
    """Turn the parts into the manifest, in the order of the sources; only then are they removed.

    Returns how many labelled samples lost their label, because they were rendered again to other pixels.
    """
    there = holds(out, manifest.FILE)
    every = [source.name for source in sources.read(out)]
    known = set(every)
    every += sorted(set(names(out)) - known)
    facts = (manifest.facts(out) if there else {}) | {"suite": suite}
    lost: list[str] = []
    groups = _grouped(table for _, table in finished(out, every, lost=lost))
    first = next(groups, None)
    if first is not None:
        metadata, extra = manifest.schema_metadata(facts), ExtraColumns(out)
        tables = (
            extra.beside(table).replace_schema_metadata(metadata)
            for table in itertools.chain([first], groups)
        )
        manifest.write_tables(out / manifest.FILE, tables)
    remove_folder(out / manifest.PARTS)
    return len(lost)


def _grouped(tables: Iterator["pa.Table"]) -> Iterator["pa.Table"]:
    """Tables of sources as tables of some ten thousand rows, which depend on the rows alone."""
    waiting, count = [], 0
    for table in tables:
        waiting.append(table.sort_by([("type", "ascending"), ("level", "ascending")]))
        count += len(table)
        if count >= ROWS_A_GROUP:
            yield _joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(tables: list["pa.Table"]) -> "pa.Table":
    """One table with dictionaries of its own: those of the pieces depend on where the rows were before."""
    import pyarrow as pa

    written = schema()
    joined = _stacked(tables).combine_chunks()
    columns = [
        column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        for field, column in zip(written, joined.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=written)


def _stacked(tables: list["pa.Table"]) -> "pa.Table":
    """Tables of the same columns one after the other, dictionaries decoded."""
    import pyarrow as pa

    plain = plain_schema(tables[0].column_names)
    return pa.concat_tables([table.select(plain.names).cast(plain) for table in tables])


def _replaced(before: "pa.Table", after: "pa.Table", lost: list[str] | None = None) -> "pa.Table":
    """Both, without those earlier rows that are there again.

    What others wrote into such a row goes over into the new one; a label does so where the pixels are the same.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    is_again = pc.is_in(before["sample_id"], after["sample_id"].combine_chunks())
    earlier = {row["sample_id"]: row for row in before.filter(is_again).to_pylist()}
    if earlier and "image_hash" in after.column_names:
        rows = [carried(row, earlier.get(row["sample_id"]), lost) for row in after.to_pylist()]
        after = pa.Table.from_pylist(rows, plain_schema(after.column_names))
    return _stacked([before.filter(pc.invert(is_again)), after])


def _runs(out: Place) -> tuple[list[str], np.ndarray]:
    """The names in the manifest's `source` column and how many rows each has in a row."""
    import pyarrow.compute as pc

    column = manifest.read_table(out, ["source"])["source"].cast("string").combine_chunks()
    encoded = column.dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    begins = np.flatnonzero(np.diff(codes, prepend=-2))
    names = encoded.dictionary.to_pylist()
    return [names[code] if code >= 0 else "" for code in codes[begins]], np.diff(begins, append=len(codes))


def _of_manifest(
    out: Place, names: Sequence[str], columns: list[str] | None
) -> Iterator[tuple[str, "pa.Table"]]:
    """The manifest's rows of each named source, in the order of `names`."""
    if not holds(out, manifest.FILE):
        return
    in_file, counts = _runs(out)
    rank = {name: position for position, name in enumerate(names)}
    ranks = [rank[name] for name in in_file if name in rank]
    if all(a < b for a, b in itertools.pairwise(ranks)):
        yield from _in_order(out, rank, in_file, counts, columns)
        return
    import pyarrow.compute as pc

    table = manifest.read_table(out, columns)  # written in another order: rare enough to take the memory
    column = table["source"].cast("string")
    for name in sorted(rank.keys() & set(in_file), key=rank.__getitem__):
        yield name, table.filter(pc.equal(column, name))


def _in_order(
    out: Place, rank: dict[str, int], in_file: list[str], counts: np.ndarray, columns: list[str] | None
) -> Iterator[tuple[str, "pa.Table"]]:
    import pyarrow as pa

    batches = manifest.batches(out, columns, ROWS_A_GROUP)
    at_hand = None
    for name, count in zip(in_file, counts, strict=True):
        while at_hand is None or len(at_hand) < count:
            batch = pa.Table.from_batches([next(batches)])
            at_hand = _stacked([batch] if at_hand is None else [at_hand, batch])
        if name in rank:
            yield name, at_hand.slice(0, count)
        at_hand = at_hand.slice(count)
