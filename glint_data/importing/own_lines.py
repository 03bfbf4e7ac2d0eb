"""Files, names, photos and parts of a table's lines: which picture, of which photo, in train, val or test."""

import re

from glint_data.errors import GlintError
from glint_data.storage.places import Place, is_remote, place
from glint_data.tables import Table

_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_LONGEST_NAME = 180


def file_of(table: Table, text: str, line: int) -> Place:
    """The file that a cell names: relative to the table, or an address. Raises `GlintError`."""
    if "\0" in text:
        raise GlintError(f"{table.at(line)}: names {text!r}, which is no path")
    if "://" in text:
        return place(text)
    folder = table.file.parent
    beside = folder / text
    if "\\" in text and (is_remote(folder) or not beside.exists()):  # written on Windows
        return folder / text.replace("\\", "/")
    return beside


def stem_of(path: Place) -> str:
    """A file's stem as a name."""
    return _name(path.stem)


def _name(text: str) -> str:
    """A text as a name: as it is, but for what no manifest, terminal or file system takes."""
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\\/\ud800-\udfff]|::", "-", text)
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"photo{name}" if name.startswith(".") else name or "photo"


def unique(stems: list[str]) -> list[str]:
    """Names that differ in more than case, in the order of the table: a, a-2, a-3."""
    taken: set[str] = set()
    reserved = {stem.lower() for stem in stems}
    reached: dict[str, int] = {}  # thousands of pictures may be called image.png
    names = []
    for stem in stems:
        number = reached.get(stem.lower(), 1)
        name = stem if number == 1 else f"{stem}-{number}"
        while name.lower() in taken or (number > 1 and name.lower() in reserved):
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.lower())
        reached[stem.lower()] = number
        names.append(name)
    return names


def sources_of(table: Table, texts: list[str], references: list[Place | None], names: list[str]) -> list[str]:
    """The photo behind each line: as the column says, else its reference's stem, else the picture itself."""
    listed = list(dict.fromkeys(path for path in references if path is not None))
    stems = dict(zip(listed, unique([stem_of(path) for path in listed]), strict=True))
    written = list(dict.fromkeys(text for text in texts if text))
    names_of = dict(zip(written, unique([_name(text) for text in written]), strict=True))
    said: dict[Place, str] = {}
    of_source: dict[str, Place] = {}
    sources = []
    for line, text, reference, name in zip(table.lines, texts, references, names, strict=True):
        source = names_of[text] if text else stems[reference] if reference is not None else name
        if reference is not None:
            if said.setdefault(reference, source) != source:
                raise GlintError(
                    f"{table.at(line)}: {reference.name} is the photo {source}, and {said[reference]} before"
                )
            if of_source.setdefault(source.lower(), reference) != reference:
                raise GlintError(
                    f"{table.at(line)}: the photo {source} has two references, {reference.name} and "
                    f"{of_source[source.lower()].name}; give each its own source"
                )
        sources.append(source)
    return sources


def splits_of(table: Table, texts: list[str], sources: list[str]) -> list[str | None]:
    """The part of each line. Raises `GlintError` for another word, or a photo in two parts."""
    parts: list[str | None] = []
    part_of: dict[str, str] = {}
    for line, text, source in zip(table.lines, texts, sources, strict=True):
        part = _PARTS.get(text.lower())
        if text and part is None:
            raise GlintError(f"{table.at(line)}: split {text!r}; parts are train, val, test")
        if part is not None and part_of.setdefault(source, part) != part:
            raise GlintError(
                f"{table.at(line)}: the photo {source} is in {part}, and in {part_of[source]} before; "
                "a photo belongs to one part"
            )
        parts.append(part)
    return parts
