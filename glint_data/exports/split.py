"""Which photo goes into which split of an export: as a table says, or dealt by shares and a seed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glint_data.dataset.dataset import Dataset
from glint_data.dataset.rows import distinct
from glint_data.dataset.samples import Samples, usable_samples
from glint_data.dataset.split import PARTS, UNUSED, near_duplicate_groups, read_parts
from glint_data.errors import GlintError
from glint_data.exports.origins import Origin


def read_split(file: Path) -> dict[str, str]:
    """Source -> train, val or test; sources that are "unused" are not returned. Raises `GlintError`."""
    return {source: part for source, part in read_parts(file).items() if part != UNUSED}


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
    samples = usable_samples([Dataset(origin.place) for origin in origins], labelled=False)
    photos, first = samples.first_of_photos()
    keys = [samples.photos.keys[photo] for photo in photos]
    groups = near_duplicate_groups(keys, [samples[int(row)] for row in first])
    names = _sources(samples, origins)
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
        missing = np.array(shares) * len(keys) - taken
        must_fill = empty and len(order) - position <= len(empty)
        candidates = empty if must_fill else used
        part = max(candidates, key=lambda candidate: missing[candidate])
        taken[part] += len(group)
        parts.update({name: PARTS[part] for key in group for name in names[key]})
    return parts


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
