"""A table of somebody's own pictures, read and checked: which file, of which photo, with what score.

Columns, in any order and case: distorted (or image) and, where there are any, reference, mos, mos_std, type, level,
source, split, licence. Paths are relative to the table; addresses stand for themselves.
"""

import re
from dataclasses import dataclass

from glint_data.errors import GlintError
from glint_data.importing.own_lines import file_of, sources_of, splits_of, stem_of, unique
from glint_data.storage.places import Place
from glint_data.tables import Table, read_table

PICTURE = ("distorted", "image")
COLUMNS = ("reference", "mos", "mos_std", "type", "level", "source", "split", "licence")
_MAX_NUMBER = 9999


@dataclass(frozen=True)
class ScoreRange:
    """The range that scores may have, and which end of it is good."""

    low: float
    high: float
    higher_is_better: bool = True

    def unit(self, score: float) -> float:
        """A score on 0 to 1, higher is better."""
        share = (score - self.low) / (self.high - self.low)
        return share if self.higher_is_better else 1 - share

    def text(self) -> str:
        """For a person."""
        return f"{self.low:g} to {self.high:g}, {'higher' if self.higher_is_better else 'lower'} is better"


@dataclass(frozen=True)
class Entry:
    """A line of the table. `name` is the sample's, `source` the photo's; scores are on the table's own scale."""

    line: int
    name: str
    distorted: Place
    reference: Place | None
    source: str
    mos: float | None
    mos_std: float | None
    type: int | None
    distortion: str | None
    level: int | None
    split: str | None
    licence: str | None


@dataclass(frozen=True)
class OwnTable:
    """The checked lines, and what to say of the table; `name` is what sentences call it."""

    file: Place
    name: str
    entries: list[Entry]
    scale: ScoreRange | None
    notes: list[str]


def parse_range(text: "str | tuple[float, float] | None", given_by: str = "") -> tuple[float, float] | None:
    """ "1,5" or (1, 5) as two rising numbers; `given_by` names who gave it. Raises `GlintError`."""
    if text is None or (isinstance(text, str) and not text):
        return None
    said, example = (f"{given_by}: range", "(1, 5)") if given_by else ("--range", "--range 1,5")
    try:
        parts = re.split(r"\s*(?:,|;|\.\.|\bto\b)\s*", text.strip()) if isinstance(text, str) else text
        low, high = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise GlintError(f"{said} {text}: is no pair of numbers; write for example {example}") from None
    if not low < high or high - low == float("inf"):
        flag = "lower_is_better=True" if given_by else "--lower-is-better"
        raise GlintError(f"{said} {text}: the first has to be the smaller; {flag} says which end is good")
    return low, high


def read_own_table(
    file: Place, range: tuple[float, float] | None = None, lower_is_better: bool = False
) -> OwnTable:
    """Every line of the table, checked as a whole before any picture is opened.

    Raises:
        GlintError: a column or a value that cannot be meant; the sentence names the line.
    """
    table = read_table(file, [PICTURE], COLUMNS)
    if not table.rows:
        raise GlintError(f"{file}: has no lines below its header ({', '.join(table.columns)})")
    return checked_table(table, range, lower_is_better)


def checked_table(table: Table, range: tuple[float, float] | None, lower_is_better: bool) -> OwnTable:
    """As `read_own_table`, of rows that are read already."""
    picture = "distorted" if "distorted" in table.columns else "image"
    known = {picture, *COLUMNS}
    notes = []
    unused = [name for name in table.columns if name not in known]
    if unused:
        notes.append(
            f"columns not used: {', '.join(unused)} (known are distorted or image, {', '.join(COLUMNS)})"
        )
    texts = {name: table.column(name) if name in table.columns else [""] * len(table.rows) for name in known}
    for line, text in zip(table.lines, texts[picture], strict=True):
        if not text:
            raise GlintError(f"{table.at(line)} names no picture in its column {picture}")
    scale = _scale(table, range, lower_is_better)
    scores, spreads = (_numbers(table, name) for name in ("mos", "mos_std"))
    _check_scores(table, scores, spreads, scale)
    notes += _narrow(table, scores, scale)
    types, distortions, named = _types(table, texts["type"])
    notes += named
    levels = _integers(table, "level", texts["level"])
    files = [file_of(table, text, line) for text, line in zip(texts[picture], table.lines, strict=True)]
    references = [
        file_of(table, text, line) if text else None
        for text, line in zip(texts["reference"], table.lines, strict=True)
    ]
    names = unique([stem_of(path) for path in files])
    sources = sources_of(table, texts["source"], references, names)
    splits = splits_of(table, texts["split"], sources)
    entries = [
        Entry(
            *(line, names[at], files[at], references[at], sources[at], scores[at], spreads[at]),
            *(types[at], distortions[at], levels[at], splits[at], texts["licence"][at] or None),
        )
        for at, line in enumerate(table.lines)
    ]
    _check_twice(table, entries)
    notes += _odd_lines(table, entries)
    rated = any(score is not None for score in scores)
    return OwnTable(table.file, table.name, entries, scale if rated else None, notes)


def _numbers(table: Table, name: str) -> list[float | None]:
    return table.numbers(name) if name in table.columns else [None] * len(table.rows)


def _scale(table: Table, range: tuple[float, float] | None, lower_is_better: bool) -> ScoreRange | None:
    has_scores = "mos" in table.columns and any(table.column("mos"))
    if has_scores and range is None and table.given_by:
        raise GlintError(
            f"{table.name}: gave scores, but on what scale? Published(rows, range=(LOW, HIGH)) says it "
            "(and lower_is_better=True for scores of impairment)"
        )
    if has_scores and range is None:
        raise GlintError(
            f"{table.name}: has scores, but on what scale? --range LOW,HIGH says it, such as --range 1,5 "
            "(and --lower-is-better for scores of impairment)"
        )
    return ScoreRange(*range, not lower_is_better) if range else None


def _check_scores(
    table: Table, scores: list[float | None], spreads: list[float | None], scale: ScoreRange | None
) -> None:
    said = "range" if table.given_by else "--range"
    for line, score, spread in zip(table.lines, scores, spreads, strict=True):
        if score is not None and scale is not None and not scale.low <= score <= scale.high:
            raise GlintError(
                f"{table.at(line)}: mos {score:g} lies outside {said} {scale.low:g},{scale.high:g}"
            )
        if spread is not None and (spread < 0 or score is None):
            why = "is negative" if spread < 0 else "stands beside no mos"
            raise GlintError(f"{table.at(line)}: mos_std {spread:g} {why}")
        if spread is not None and scale is not None and spread > scale.high - scale.low:
            raise GlintError(
                f"{table.at(line)}: mos_std {spread:g} is wider than {said} {scale.low:g},{scale.high:g}; "
                "is it on another scale?"
            )


LEAST_FILLED = 1 / 3


def _narrow(table: Table, scores: list[float | None], scale: ScoreRange | None) -> list[str]:
    """Scores that fill little of the range, as those do whose scale is another than was said."""
    there = [score for score in scores if score is not None]
    if scale is None or len(there) < 2 or max(there) - min(there) >= LEAST_FILLED * (scale.high - scale.low):
        return []
    return [
        f"the scores, {min(there):g} to {max(there):g}, fill less than a third of the range {scale.low:g} to "
        f"{scale.high:g}: is it their scale?"
    ]


def _types(table: Table, texts: list[str]) -> tuple[list[int | None], list[str | None], list[str]]:
    """Numbers as they stand; names, whatever their case, numbered in their alphabetical order, which the notes tell."""
    numeric = {text for text in texts if re.fullmatch(r"[+-]?\d+([.,]\d*)?", text)}
    names = {text.casefold(): text for text in reversed(texts) if text and text not in numeric}
    if numeric and names:
        line = next(line for line, text in zip(table.lines, texts, strict=True) if text in numeric)
        name = next(iter(names.values()))
        raise GlintError(
            f"{table.at(line)}: type {texts[table.lines.index(line)]!r} is a number where others are names, "
            f"such as {name!r}; write all as one of the two"
        )
    if not names:
        return _integers(table, "type", texts), [None] * len(texts), []
    number_of = {name: number for number, name in enumerate(sorted(names), 1)}
    if len(number_of) > _MAX_NUMBER:
        raise GlintError(
            f"{table.name}: has {len(number_of):,} types; is 'type' the right name of that column?"
        )
    listed = ", ".join(f"{number} {names[name]}" for name, number in list(number_of.items())[:8])
    more = f" and {len(number_of) - 8} more" if len(number_of) > 8 else ""
    note = f"types by name, numbered: {listed}{more}"
    folded = [text.casefold() for text in texts]
    return [number_of.get(name) for name in folded], [names.get(name) for name in folded], [note]


def _integers(table: Table, name: str, texts: list[str]) -> list[int | None]:
    numbers: list[int | None] = []
    for line, text in zip(table.lines, texts, strict=True):
        if text and not re.fullmatch(r"\d{1,4}(\.0+)?", text):
            raise GlintError(f"{table.at(line)}: {name} {text!r} is no number from 0 to {_MAX_NUMBER}")
        numbers.append(int(float(text)) if text else None)
    return numbers


def _check_twice(table: Table, entries: list[Entry]) -> None:
    """The same picture of the same photo with two scores: which one is meant cannot be known."""
    before: dict[tuple[Place, Place | None], Entry] = {}
    for entry in entries:
        first = before.setdefault((entry.distorted, entry.reference), entry)
        if first.mos != entry.mos:
            raise GlintError(
                f"{table.at(first.line, entry.line)} give {entry.distorted.name} two scores; "
                "put their mean into one"
            )


def _odd_lines(table: Table, entries: list[Entry]) -> list[str]:
    """Notes on lines that may be a slip: without the reference that others have, and naming a picture again."""
    notes, word = [], "row" if table.given_by else "line"
    alone = [entry for entry in entries if entry.reference is None]
    if alone and len(alone) < len(entries):
        notes.append(
            f"{len(alone):,} of {len(entries):,} {word}s name no reference ({word} {alone[0].line} first); "
            "those pictures are photos of their own"
        )
    first: dict[tuple[Place, Place | None], Entry] = {}
    again = [
        entry for entry in entries if first.setdefault((entry.distorted, entry.reference), entry) is not entry
    ]
    if again:
        notes.append(
            f"{len(again):,} {word}s name a picture of an earlier {word} again ({word} {again[0].line} first); "
            "each is a sample of its own"
        )
    return notes
