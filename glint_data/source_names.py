"""Names and numbers of photos: by their files' list alone, so that every job and every resumed run gives the same."""

import re
from collections import Counter
from collections.abc import Mapping

from glint_data.storage.places import Place


def numbered(files: list[Place], before: Mapping[str, int]) -> dict[str, int]:
    """Every file's number: the one it had, or the next."""
    numbers = dict(before)
    following = 1 + max(numbers.values(), default=-1)
    for file in map(str, files):
        if file not in numbers:
            numbers[file] = following
            following += 1
    return numbers


def named(files: list[Place], known: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    """For every file its stem as a name, and whether that is another's, so that a piece of the hash has to follow.

    `known` are the names of photos by their paths.

    A stem that already looks like another's name with a piece of a hash gets one of its own: they cannot meet.
    """
    taken = {name.lower() for name in known.values()}  # lower: some file systems do not tell A.png from a.png
    listed = {str(file): safe_name(file.stem) for file in files}
    counts = Counter(name.lower() for name in listed.values())
    shared = {name for name, count in counts.items() if count > 1}
    shared |= {name.lower() for path, name in known.items() if path not in listed}
    names = {}
    for file, name in listed.items():
        with_hash = _WITH_HASH.fullmatch(name.lower())
        is_shared = name.lower() in taken or bool(with_hash and with_hash[1] in shared)
        names[file] = (name, is_shared)
        if file not in known:
            taken.add(name.lower())
    return names


HASH_SHOWN = 12
_WITH_HASH = re.compile(rf"(.+)-[0-9a-f]{{{HASH_SHOWN}}}")


def safe_name(stem: str) -> str:
    """A stem as a name that every file system takes: letters, digits, dot, dash, underscore; at most 80."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-_")[:80]
    return name or "photo"
