"""A table of somebody's own pictures, read and checked: which file, of which photo, with what score.

Columns, in any order and case: distorted (or image) and, where there are any, reference, mos, mos_std, type, level,
source, split, licence. Paths are relative to the table; addresses stand for themselves.
"""

import re
from dataclasses import dataclass

from glint_data.errors import GlintError
from glint_data.storage.places import Place, is_remote, place
from glint_data.tables import Table, read_table

COLUMNS = ("reference", "mos", "mos_std", "type", "level", "source", "split", "licence")
_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_MAX_NUMBER = 9999
_LONGEST_NAME = 180


@dataclass(frozen=True)
class Scale:
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
    """The checked lines, and what to say of the table."""

    file: Place
    entries: list[Entry]
    scale: Scale | None
    notes: list[str]


def parse_range(text: "str | tuple[float, float] | None") -> tuple[float, float] | None:
    """ "1,5" or (1, 5) as two rising numbers. Raises `GlintError`."""
    if text is None or text == "":
        return None
    parts = re.split(r"\s*(?:,|;|\.\.|\bto\b)\s*", text.strip()) if isinstance(text, str) else list(text)
    try:
        low, high = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise GlintError(f"--range {text}: is no pair of numbers; write for example --range 1,5") from None
    if not low < high or high - low == float("inf"):
        raise GlintError(
            f"--range {text}: the first has to be the smaller; --lower-is-better says which end is good"
        )
    return low, high


def read_own_table(
    file: Place, range: tuple[float, float] | None = None, lower_is_better: bool = False
) -> OwnTable:
    """Every line of the table, checked as a whole before any picture is opened.

    Raises:
        GlintError: a column or a value that cannot be meant; the sentence names the line.
    """
    table = read_table(file, [("distorted", "image")], COLUMNS)
    if not table.rows:
        raise GlintError(f"{file}: has no lines below its header ({', '.join(table.columns)})")
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
            raise GlintError(f"{file}: line {line} names no picture in its column {picture}")
    scale = _scale(table, range, lower_is_better)
    scores, spreads = (_numbers(table, name) for name in ("mos", "mos_std"))
    _check_scores(table, scores, spreads, scale)
    notes += _narrow(table, scores, scale)
    types, distortions, named = _types(table, texts["type"])
    notes += named
    levels = _whole(table, "level", texts["level"])
    files = [_file(table.file, text, line) for text, line in zip(texts[picture], table.lines, strict=True)]
    references = [
        _file(table.file, text, line) if text else None
        for text, line in zip(texts["reference"], table.lines, strict=True)
    ]
    names = _unique([_stem(path) for path in files])
    sources = _sources(table, texts["source"], references, names)
    splits = _splits(table, texts["split"], sources)
    entries = [
        Entry(
            *(line, names[at], files[at], references[at], sources[at], scores[at], spreads[at]),
            *(types[at], distortions[at], levels[at], splits[at], texts["licence"][at] or None),
        )
        for at, line in enumerate(table.lines)
    ]
    _check_twice(file, entries)
    return OwnTable(file, entries, scale if any(score is not None for score in scores) else None, notes)


def _numbers(table: Table, name: str) -> list[float | None]:
    return table.numbers(name) if name in table.columns else [None] * len(table.rows)


def _scale(table: Table, range: tuple[float, float] | None, lower_is_better: bool) -> Scale | None:
    has_scores = "mos" in table.columns and any(table.column("mos"))
    if has_scores and range is None:
        raise GlintError(
            f"{table.file}: has scores, but on what scale? --range LOW,HIGH says it, such as --range 1,5 "
            "(and --lower-is-better for scores of impairment)"
        )
    return Scale(*range, not lower_is_better) if range else None


def _check_scores(
    table: Table, scores: list[float | None], spreads: list[float | None], scale: Scale | None
) -> None:
    for line, score, spread in zip(table.lines, scores, spreads, strict=True):
        if score is not None and scale is not None and not scale.low <= score <= scale.high:
            raise GlintError(
                f"{table.file}: line {line}: mos {score:g} lies outside --range {scale.low:g},{scale.high:g}"
            )
        if spread is not None and (spread < 0 or score is None):
            why = "is negative" if spread < 0 else "stands beside no mos"
            raise GlintError(f"{table.file}: line {line}: mos_std {spread:g} {why}")


LEAST_FILLED = 1 / 3


def _narrow(table: Table, scores: list[float | None], scale: Scale | None) -> list[str]:
    """Scores that fill little of the range, as those do whose scale is another than was said."""
    there = [score for score in scores if score is not None]
    if scale is None or len(there) < 2 or max(there) - min(there) >= LEAST_FILLED * (scale.high - scale.low):
        return []
    return [
        f"the scores, {min(there):g} to {max(there):g}, fill less than a third of the range {scale.low:g} to "
        f"{scale.high:g}: is it their scale?"
    ]


def _types(table: Table, texts: list[str]) -> tuple[list[int | None], list[str | None], list[str]]:
    """Numbers as they stand; names numbered in their alphabetical order, which the notes tell."""
    if all(not text or re.fullmatch(r"\d+(\.0+)?", text) for text in texts):
        return _whole(table, "type", texts), [None] * len(texts), []
    number_of = {name: number for number, name in enumerate(sorted({text for text in texts if text}), 1)}
    if len(number_of) > _MAX_NUMBER:
        raise GlintError(
            f"{table.file}: has {len(number_of):,} types; is 'type' the right name of that column?"
        )
    listed = ", ".join(f"{number} {name}" for name, number in list(number_of.items())[:8])
    more = f" and {len(number_of) - 8} more" if len(number_of) > 8 else ""
    note = f"types by name, numbered: {listed}{more}"
    return [number_of.get(text) for text in texts], [text or None for text in texts], [note]


def _whole(table: Table, name: str, texts: list[str]) -> list[int | None]:
    found: list[int | None] = []
    for line, text in zip(table.lines, texts, strict=True):
        if text and not re.fullmatch(r"\d{1,4}(\.0+)?", text):
            raise GlintError(
                f"{table.file}: line {line}: {name} {text!r} is no number from 0 to {_MAX_NUMBER}"
            )
        found.append(int(float(text)) if text else None)
    return found


def _file(table: Place, text: str, line: int) -> Place:
    if "\0" in text:
        raise GlintError(f"{table}: line {line}: names {text!r}, which is no path")
    if "://" in text:
        return place(text)
    beside = table.parent / text
    if "\\" in text and (is_remote(table) or not beside.exists()):  # written on Windows
        return table.parent / text.replace("\\", "/")
    return beside


def _stem(path: Place) -> str:
    return _name(path.stem)


def _name(text: str) -> str:
    """A text as a name: as it is, but for what no manifest, terminal or file system takes."""
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\\/\ud800-\udfff]|::", "-", text)
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"photo{name}" if name.startswith(".") else name or "photo"


def _unique(stems: list[str]) -> list[str]:
    """Names that differ in more than case, in the order of the table: a, a-2, a-3."""
    taken: set[str] = set()
    reserved = {stem.lower() for stem in stems}
    names = []
    for stem in stems:
        name, number = stem, 1
        while name.lower() in taken or (number > 1 and name.lower() in reserved):
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _sources(table: Table, texts: list[str], references: list[Place | None], names: list[str]) -> list[str]:
    """The photo behind each line: as the column says, else its reference's stem, else the picture itself."""
    listed = list(dict.fromkeys(path for path in references if path is not None))
    stems = dict(zip(listed, _unique([_stem(path) for path in listed]), strict=True))
    written = list(dict.fromkeys(text for text in texts if text))
    names_of = dict(zip(written, _unique([_name(text) for text in written]), strict=True))
    said: dict[Place, str] = {}
    of_source: dict[str, Place] = {}
    found = []
    for line, text, reference, name in zip(table.lines, texts, references, names, strict=True):
        source = names_of[text] if text else stems[reference] if reference is not None else name
        if reference is not None:
            if said.setdefault(reference, source) != source:
                raise GlintError(
                    f"{table.file}: line {line}: {reference.name} is the photo {source}, and {said[reference]} before"
                )
            if of_source.setdefault(source.lower(), reference) != reference:
                raise GlintError(
                    f"{table.file}: line {line}: the photo {source} has two references, {reference.name} and "
                    f"{of_source[source.lower()].name}; give each its own source"
                )
        found.append(source)
    return found


def _splits(table: Table, texts: list[str], sources: list[str]) -> list[str | None]:
    parts: list[str | None] = []
    part_of: dict[str, str] = {}
    for line, text, source in zip(table.lines, texts, sources, strict=True):
        part = _PARTS.get(text.lower())
        if text and part is None:
            raise GlintError(f"{table.file}: line {line}: split {text!r}; parts are train, val, test")
        if part is not None and part_of.setdefault(source, part) != part:
            raise GlintError(
                f"{table.file}: line {line}: the photo {source} is in {part}, and in {part_of[source]} before; "
                "a photo belongs to one part"
            )
        parts.append(part)
    return parts


def _check_twice(file: Place, entries: list[Entry]) -> None:
    """The same picture of the same photo with two scores: which one is meant cannot be known."""
    before: dict[tuple[Place, Place | None], Entry] = {}
    for entry in entries:
        first = before.setdefault((entry.distorted, entry.reference), entry)
        if first.mos != entry.mos:
            raise GlintError(
                f"{file}: lines {first.line} and {entry.line} give {entry.distorted.name} two scores; "
                "put their mean into one line"
            )
