"""Pairs of images drawn at random: every image about equally often, no pair twice, first and second exchangeable."""

import numpy as np

from glint_data.errors import GlintError


def draw_pairs(photo: np.ndarray, count: int, inside: bool, rng: np.random.Generator) -> np.ndarray:
    """Draw pairs of rows.

    Args:
        photo: int (n,), the photo of each row.
        count: pairs wanted; fewer come back where there are not so many different ones.
        inside: both of one photo; else of two photos.
        rng: the same generator state draws the same pairs.

    Returns:
        int64 (pairs, 2), row numbers.

    Raises:
        GlintError: there is no pair at all.

    >>> draw_pairs(np.array([0, 0, 1, 1]), 2, True, np.random.default_rng(0)).shape
    (2, 2)
    """
    possible = possible_pairs(photo, inside)
    if possible == 0:
        where = "inside one photo" if inside else "of two photos"
        other = f"take --paired {'across' if inside else 'photo'}"
        advice = other if possible_pairs(photo, not inside) else "export two labelled samples or more"
        raise GlintError(f"no pair {where} can be made of the labelled samples ({len(photo)}); {advice}")
    if 2 * count >= possible:
        pairs = _all(photo, inside)
        pairs = pairs[rng.permutation(len(pairs))[:count]]
    else:
        pairs = _rounds(photo, count, inside, rng)
    swapped = rng.random(len(pairs)) < 0.5
    return np.where(swapped[:, None], pairs[:, ::-1], pairs)


def possible_pairs(photo: np.ndarray, inside: bool) -> int:
    """How many different pairs there are, of one photo or of two; `photo` as in `draw_pairs`."""
    sizes = np.bincount(photo).astype(object)  # Python integers: no overflow
    within = int((sizes * (sizes - 1) // 2).sum())
    total = len(photo)
    return within if inside else total * (total - 1) // 2 - within


def _all(photo: np.ndarray, inside: bool) -> np.ndarray:
    """Every pair once, smaller row first; at most about twice as many as are wanted."""
    pairs = []
    order = np.argsort(photo, kind="stable")
    sorted_photo = photo[order]
    ends = np.searchsorted(sorted_photo, sorted_photo, side="right")
    for position in range(len(order)):
        partners = order[position + 1 : ends[position]] if inside else order[ends[position] :]
        pairs.append(np.stack([np.full(len(partners), order[position]), partners], axis=1))
    return np.sort(np.concatenate(pairs), axis=1)


def _rounds(photo: np.ndarray, count: int, inside: bool, rng: np.random.Generator) -> np.ndarray:
    """Rounds in which every row meets one partner; pairs that met before are passed over."""
    rows = len(photo)
    keys = np.empty(0, np.int64)
    while len(keys) < count:
        fresh, missing = [keys], count - len(keys)
        while missing > 0:
            pairs = np.sort(_round(photo, inside, rng), axis=1)[:missing]
            fresh.append(pairs[:, 0].astype(np.int64) * rows + pairs[:, 1])
            missing -= len(pairs)
        drawn = np.concatenate(fresh)
        keys = drawn[np.sort(np.unique(drawn, return_index=True)[1])]
    return np.stack([keys // rows, keys % rows], axis=1)


def _round(photo: np.ndarray, inside: bool, rng: np.random.Generator) -> np.ndarray:
    shuffled = rng.permutation(len(photo))
    if inside:
        shuffled = shuffled[np.argsort(photo[shuffled], kind="stable")]
        first_of_photo = np.searchsorted(photo[shuffled], photo[shuffled])
        turn = np.arange(len(shuffled)) - first_of_photo
        first = np.flatnonzero(turn % 2 == 0)
        first = first[first + 1 < len(shuffled)]
        pairs = np.stack([shuffled[first], shuffled[first + 1]], axis=1)
        same = pairs[photo[pairs[:, 0]] == photo[pairs[:, 1]]]
        mixed: np.ndarray = same[rng.permutation(len(same))]
        return mixed
    half = len(shuffled) // 2
    pairs = np.stack([shuffled[:half], shuffled[half : 2 * half]], axis=1)
    across: np.ndarray = pairs[photo[pairs[:, 0]] != photo[pairs[:, 1]]]
    return across
