"""Which photo goes into which split of an export: as a table or the manifest says, or dealt by shares and a seed."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import numpy as np

from glint_data.dataset.dataset import Dataset
from glint_data.dataset.rows import distinct
from glint_data.dataset.samples import Samples, usable_samples
from glint_data.dataset.split import PARTS, UNUSED, check_photos, near_duplicate_groups, read_parts, some
from glint_data.errors import GlintError
from glint_data.exports.origins import Origin


def split_by_file(
    file: Path, sources: Set[str], origins: Sequence[Origin]
) -> tuple[dict[str, str], list[str]]:
    """Source -> train, val or test, and what a person should know: names nobody has, photos that look alike parted.

    Sources that are "unused", or that the file does not name, are not returned. Of several datasets it may name
    photos with or without their dataset. Raises `GlintError`.
    """
    listed = read_parts(file)
    samples = usable_samples([Dataset(origin.place) for origin in origins], labelled=False)
    called = _sources(samples, origins)
    check_photos(
        file, {key: names | {_plain(name, origins) for name in names} for key, names in called.items()}
    )
    plain = {source: _plain(source, origins) for source in sources}
    named = {source: source if source in listed else plain[source] for source in sources}
    parts = {source: listed[name] for source, name in named.items() if listed.get(name, UNUSED) != UNUSED}
    notes = []
    if unknown := sorted(listed.keys() - set(named.values())):
        notes.append(f"{file} names {some(unknown)}, of which there are no samples here")
    if parts:  # else there is nothing to export
        parted = [
            " and ".join(f"{name} ({parts[name]})" for name in names)
            for names in (sorted(set().union(*group) & parts.keys()) for group in _alike(origins))
            if len({parts[name] for name in names}) > 1
        ]
        if parted:
            notes.append(
                f"{file} parts photos that look alike, so a test knows what was learned: {some(parted)}"
            )
    return parts, notes


def _plain(source: str, origins: Sequence[Origin]) -> str:
    return source.partition("/")[2] if len(origins) > 1 else source


def recorded_split(
    recorded: Mapping[str, Set[str]], sources: Set[str]
) -> tuple[dict[str, str] | None, list[str]]:
    """The parts that the datasets' own rows name, by source, and words about them; None where they name none.

    Sources without one are in train.
    """
    if not recorded:
        return None, []
    if torn := sorted(source for source, parts in recorded.items() if len(parts) > 1):
        words = f"the manifest's column split has samples of one photo in several parts ({some(torn)})"
        return None, [f"{words}, so it was not used; --split or --split-file deals whole photos"]
    parts = {source: next(iter(recorded.get(source, {"train"}))) for source in sources}
    counts = ", ".join(f"{list(parts.values()).count(part):,} {part}" for part in PARTS)
    unnamed = len(sources - recorded.keys())
    words = f"split as the manifest records it: photos {counts}"
    return parts, [words + (f"; {unnamed:,} without a part are in train" if unnamed else "")]


def shares_of(text: str) -> tuple[float, ...]:
    """ "80,10,10" as shares of train, val and test that sum to 1. Raises `GlintError`.

    >>> shares_of("80,10,10")
    (0.8, 0.1, 0.1)
    """
    try:
        numbers = [float(piece) for piece in text.split(",")]
    except ValueError:
        numbers = []
    fits = len(numbers) == len(PARTS) and all(0 <= number < np.inf for number in numbers) and sum(numbers) > 0
    if not fits:
        raise GlintError(f"--split {text}: three shares for train, val and test, such as 80,10,10")
    return tuple(number / sum(numbers) for number in numbers)


def deal_photos(origins: Sequence[Origin], shares: tuple[float, ...], seed: int) -> dict[str, str]:
    """Source -> train, val or test: whole photos, those that look alike on one side, in whichever dataset they are.

    Every part with a share gets a photo, as far as there are enough; then each photo goes where most is missing.

    Raises:
        GlintError: fewer photos than parts.
    """
    groups = _alike(origins)
    photos = sum(map(len, groups))
    used = [number for number, share in enumerate(shares) if share > 0]
    if len(groups) < len(used):
        raise GlintError(
            f"{origins[0].place}: {len(groups)} photos of different content cannot be dealt to {len(used)} splits; "
            "name fewer, such as --split 50,0,50, or export more photos"
        )
    order = np.random.default_rng(seed).permutation(len(groups))
    taken = np.zeros(len(PARTS))
    parts: dict[str, str] = {}
    for position, number in enumerate(order):
        group = groups[number]
        empty = [part for part in used if taken[part] == 0]
        missing = np.array(shares) * photos - taken
        must_fill = empty and len(order) - position <= len(empty)
        candidates = empty if must_fill else used
        part = max(candidates, key=lambda candidate: missing[candidate])
        taken[part] += len(group)
        parts.update({name: PARTS[part] for names in group for name in names})
    return parts


def _alike(origins: Sequence[Origin]) -> list[list[set[str]]]:
    """The photos, those that look alike together; each is the set of its names in the datasets that have it."""
    samples = usable_samples([Dataset(origin.place) for origin in origins], labelled=False)
    photos, first = samples.first_of_photos()
    keys = [samples.photos.keys[photo] for photo in photos]
    names = _sources(samples, origins)
    groups = near_duplicate_groups(keys, [samples[int(row)] for row in first])
    return [[names[key] for key in group] for group in groups]


def _sources(samples: Samples, origins: Sequence[Origin]) -> dict[str, set[str]]:
    """What a photo of this content is called, in each dataset that has it."""
    names: dict[str, set[str]] = {}
    for number, (origin, rows) in enumerate(zip(origins, samples.snapshots, strict=True)):
        here = np.flatnonzero(samples.dataset == number)
        codes, values = rows.codes("source")
        codes, photo = codes[samples.row[here]], samples.photo[here]
        for first in distinct(codes, photo)[0]:
            name = f"{origin.prefix}{values[codes[first]] or ''}"
            names.setdefault(samples.photos.keys[photo[first]], set()).add(name)
    return names
