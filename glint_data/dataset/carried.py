"""What others wrote into a manifest stays when the verb that made it writes it again.

Labels, for samples whose pixels are the same and that have none yet; licence and split; columns that are none of ours.
"""

from typing import TYPE_CHECKING, Any

from glint_data.dataset import manifest
from glint_data.dataset.columns import COLUMNS
from glint_data.dataset.fitting import extra_columns
from glint_data.dataset.label_facts import imported_again
from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.storage.files import holds
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa

OWNERS = ("licence", "split")
"""Columns that hold for a sample whatever its pixels are."""


def is_of_label(name: str) -> bool:
    """Whether a column belongs to a sample's label."""
    return name.startswith(("mos", "label_"))


LABEL = tuple(name for name in COLUMNS if is_of_label(name))


def carried(
    row: dict[str, Any], earlier: dict[str, Any] | None, lost: list[str] | None = None
) -> dict[str, Any]:
    """A sample's new row with what others wrote into its earlier one; `lost` takes up ids whose label does not hold."""
    if earlier is None:
        return row
    same = row["image_hash"] is not None and row["image_hash"] == earlier["image_hash"]
    if lost is not None and not same and earlier.get("mos") is not None and row.get("mos") is None:
        lost.append(row["sample_id"])
    label = (name for name in row if is_of_label(name)) if same and row.get("mos") is None else ()
    return row | {
        name: earlier[name] for name in (*OWNERS, *label) if row.get(name) is None and name in earlier
    }


class ExtraColumns:
    """The columns that others added to the manifest of a folder, for the samples of its next version."""

    def __init__(self, folder: Place) -> None:
        self._table: pa.Table | None = None
        if not holds(folder, manifest.FILE):
            return
        names = extra_columns(manifest.opened(folder / manifest.FILE).schema_arrow)
        if names:
            self._table = manifest.opened(folder / manifest.FILE).read(["sample_id", *names])

    def beside(self, table: "pa.Table") -> "pa.Table":
        """A table of the manifest with these columns after ours; null for samples that are new."""
        if self._table is None:
            return table
        import pyarrow as pa
        import pyarrow.compute as pc

        ids = self._table["sample_id"].cast(pa.string()).combine_chunks()
        where = pc.index_in(table["sample_id"].cast(pa.string()), ids)
        for name in self._table.column_names[1:]:
            column = self._table[name].take(where)
            table = table.append_column(self._table.schema.field(name), column)
        return table


def write_again(folder: Place, frame: "pandas.DataFrame", facts: dict[str, Any]) -> None:
    """Write a manifest, over an earlier one of the same samples where there is one; says which labels do not hold.

    Raises:
        GlintError: the earlier one cannot be read; it is left as it is.
    """
    try:
        extra = ExtraColumns(folder)
        if holds(folder, manifest.FILE):
            frame = _with_earlier(frame, folder)
            facts = imported_again(manifest.facts(folder), facts)
    except GlintError as error:
        raise GlintError(f"{error}. To make it again without what others wrote into it, delete it") from error
    manifest.write_table(folder / manifest.FILE, extra.beside(manifest.to_table(frame, facts)))


def _with_earlier(frame: "pandas.DataFrame", folder: Place) -> "pandas.DataFrame":
    import pandas

    names = [*OWNERS, *LABEL]
    earlier_rows = manifest.read_table(folder, ["sample_id", "image_hash", *names]).to_pylist()
    earlier = {row["sample_id"]: row for row in earlier_rows}
    now = frame.reindex(columns=["sample_id", "image_hash", *names]).astype(object)
    lost: list[str] = []
    records: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()}
        for row in now.where(now.notna(), None).to_dict("records")
    ]
    rows = [carried(row, earlier.get(row["sample_id"]), lost) for row in records]
    if lost:
        say(
            f"{folder}: {len(lost):,} labelled samples have other pixels now and no label, {lost[0]} first: run "
            "'glint-data label' again"
        )
    if others := _of_other_pictures(records, earlier):
        say(
            f"{folder}: the scores of {len(others):,} samples were kept, {others[0]} first, but the pictures behind "
            "these ids are others now: check that the table's scores are for them"
        )
    columns = {name: pandas.Series([row[name] for row in rows], frame.index, dtype=object) for name in names}
    return frame.assign(**columns)


def _of_other_pictures(rows: list[dict[str, Any]], earlier: dict[str, dict[str, Any]]) -> list[str]:
    """Ids of samples that are imported with people's scores, as before, and with another picture than before."""
    return [
        row["sample_id"]
        for row in rows
        if row["mos"] is not None
        and (before := earlier.get(row["sample_id"])) is not None
        and before["mos"] is not None
        and None not in (row["image_hash"], before["image_hash"])
        and row["image_hash"] != before["image_hash"]
    ]
