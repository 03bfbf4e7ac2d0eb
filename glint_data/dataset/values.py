"""One check of a manifest's values, made when a table is read, so that nothing behind it need ask again.

Vectorised: text stored as a dictionary is checked by its distinct values, and numbers by their extremes, before
any row is looked at. What is wrong becomes a sentence with its row (counted from 0), its sample and column.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glint_data.dataset.status import Status
from glint_data.images import MAX_PIXELS

if TYPE_CHECKING:
    import pyarrow as pa

MAX_NUMBER = 9999
"""Largest number of a type or a level: far above any suite's, and small enough for a table of all cells."""
MAX_SIDE = 1_000_000
_SIMILARITY = 1.01  # a cosine; rounding may carry it past 1

_HEX = "^[0-9a-f]{64}$"
_CONTROL = r"[\x00-\x1f\x7f\x{80}-\x{9f}]"
_OUTSIDE = r"(^|/)\.\.(/|$)|^/|^\.?$|[\\\x00]|://|::"
_STATUS = "^(" + "|".join(Status) + ")$"


@dataclass(frozen=True)
class _Text:
    """What a text column may hold: what `pattern` is found in, or (`wanted` false) what it is not found in."""

    pattern: str
    wanted: bool
    sentence: str


_NAME = _Text(_CONTROL, False, "holds control characters, which no name has")
_PATH = _Text(_OUTSIDE, False, "is no path inside the dataset")
_HASH = _Text(_HEX, True, "is no SHA-256 (64 hexadecimal digits)")
TEXTS: dict[str, _Text] = {
    "sample_id": _NAME,
    "source": _NAME,
    "suite": _NAME,
    "distortion": _NAME,
    "label_set": _NAME,
    "label_method": _NAME,
    "label_version": _NAME,
    "licence": _NAME,
    "split": _NAME,
    "suite_version": _NAME,
    "status": _Text(_STATUS, True, f"is no status; known are {', '.join(Status)}"),
    "source_hash": _HASH,
    "image_hash": _HASH,
    "mask_hash": _HASH,
    "low_resolution_hash": _HASH,
    "path": _PATH,
    "reference_path": _PATH,
    "mask_path": _PATH,
    "low_resolution_path": _PATH,
}
RANGES: dict[str, tuple[float, float]] = {
    "type": (0, MAX_NUMBER),
    "level": (0, MAX_NUMBER),
    "width": (1, MAX_SIDE),
    "height": (1, MAX_SIDE),
    "mos": (0.0, 1.0),
    "mos_low": (0.0, 1.0),
    "mos_high": (0.0, 1.0),
    "mos_std": (0.0, 10.0),
    "strength": (-1e12, 1e12),
}
"""Smallest and largest number of a column; NaN and infinity are outside every range."""


def problems(table: "pa.Table | pa.RecordBatch", first_row: int = 0) -> "Iterator[str]":
    """A sentence for each column whose values break a rule, naming the first such row."""
    for name in table.schema.names:
        column = table.column(name)
        for wrong, why in _checks(name, column):
            yield from sentences(table, name, wrong, why, first_row)
    for wrong, name, why in _between_columns(table):
        yield from sentences(table, name, wrong, why, first_row)


def _checks(name: str, column: Any) -> Iterator[tuple[Any, str]]:
    """(which rows are wrong, what is wrong with them) of one column."""
    if name == "sample_id" and column.null_count:
        yield column.is_null(), "is no name, and every sample needs one"
    if name in RANGES:
        low, high = RANGES[name]
        wrong = outside(column, low, high)
        if wrong is not None:
            yield wrong, f"must lie between {low:g} and {high:g}"
    if name in TEXTS:
        rule = TEXTS[name]
        wrong = _by_value(column, rule)
        if wrong is not None:
            yield wrong, rule.sentence
    if name == "label_similarities":
        yield from _similarities(column)


def outside(column: Any, low: float, high: float) -> Any:
    """Which numbers are outside, None where none is. NaN counts as outside."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return None
    ends = pc.min_max(column)
    fits = ends["min"].as_py() >= low and ends["max"].as_py() <= high
    is_float = pa.types.is_floating(column.type)
    if fits and not (is_float and pc.any(pc.is_nan(column)).as_py()):
        return None
    return pc.invert(pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high)))


def _by_value(column: Any, rule: _Text) -> Any:
    """Which texts break the rule, None where none does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    wrong, any_wrong = [], False
    for chunk in chunks:
        if chunk.null_count == len(chunk):
            wrong.append(_nothing(len(chunk)))
            continue
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        broken = pc.match_substring_regex(values, rule.pattern)
        broken = pc.invert(broken) if rule.wanted else broken
        broken = pc.fill_null(broken, False)
        if pa.types.is_dictionary(chunk.type):
            broken = broken.take(chunk.indices) if pc.any(broken).as_py() else _nothing(len(chunk))
        any_wrong = any_wrong or bool(pc.any(broken).as_py())
        wrong.append(broken)
    return pa.chunked_array(wrong, pa.bool_()) if any_wrong else None


def _nothing(rows: int) -> "pa.Array":
    import pyarrow as pa

    return pa.repeat(pa.scalar(False), rows)


def _similarities(column: Any) -> Iterator[tuple[Any, str]]:
    """Cosines, without gaps."""
    import pyarrow.compute as pc

    flat = pc.list_flatten(column)
    if flat.null_count or outside(flat, -_SIMILARITY, _SIMILARITY) is not None:
        inside = pc.fill_null(
            pc.and_(pc.greater_equal(flat, -_SIMILARITY), pc.less_equal(flat, _SIMILARITY)), False
        )
        rows = pc.list_parent_indices(column).filter(pc.invert(inside))
        yield _at(len(column), rows), "similarities lie between -1 and 1"


def _at(count: int, rows: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    marked = np.zeros(count, bool)
    marked[rows.to_numpy(zero_copy_only=False) if isinstance(rows, pa.Array) else rows.to_numpy()] = True
    return pa.array(marked)


def _between_columns(table: Any) -> Iterator[tuple[Any, str, str]]:
    """(wrong rows, column, sentence) of rules that bind two columns."""
    import pyarrow.compute as pc

    names = set(table.schema.names)

    def where(rule: Callable[[], Any], *needed: str) -> Any:
        if not names.issuperset(needed):
            return None
        wrong = rule()
        return wrong if pc.any(wrong).as_py() else None

    def column(name: str) -> Any:
        return table.column(name)

    rules: list[tuple[tuple[str, ...], Callable[[], Any], str]] = [
        (("mos_low", "mos"), lambda: pc.greater(column("mos_low"), column("mos")), "lies above mos"),
        (("mos_high", "mos"), lambda: pc.less(column("mos_high"), column("mos")), "lies below mos"),
        (
            ("width", "height"),
            lambda: _too_many_pixels(column),
            f"with its height more than {MAX_PIXELS:,} pixels",
        ),
        (
            ("label_similarities", "label_references"),
            lambda: pc.not_equal(
                pc.list_value_length(column("label_similarities")),
                pc.list_value_length(column("label_references")),
            ),
            "has not one value for each of label_references",
        ),
    ]
    for needed, rule, why in rules:
        wrong = where(rule, *needed)
        if wrong is not None:
            yield wrong, needed[0], why


def _too_many_pixels(column: Callable[[str], Any]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.greater(
        pc.multiply(column("width").cast(pa.int64()), column("height").cast(pa.int64())), MAX_PIXELS
    )


def sentences(table: Any, name: str, wrong: Any, why: str, first_row: int) -> Iterator[str]:
    """The first wrong row as "row 17 (cat_01_02), column type: -1 must lie ..." with the number of others."""
    import pyarrow.compute as pc

    rows = pc.indices_nonzero(pc.fill_null(wrong, False))
    if not len(rows):
        return
    row = rows[0].as_py()
    named = table.column("sample_id")[row].as_py() if "sample_id" in table.schema.names else None
    value = table.column(name)[row].as_py()
    others = f" (and {len(rows) - 1:,} more rows)" if len(rows) > 1 else ""
    who = f" ({_shown(named)})" if isinstance(named, str) and name != "sample_id" else ""
    yield f"row {first_row + row:,}{who}, column {name}: {_shown(value)} {why}{others}"


def _shown(value: Any) -> str:
    """A value as a sentence can hold it: short, and without what a terminal would obey."""
    text = value if isinstance(value, str) and value.isprintable() and value else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
