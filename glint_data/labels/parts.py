"""What a label is made of: parts that add up to it, for `explain`.

A kernel regression is not linear in what was measured. Its value less that of a typical pair (all departures zero) is
shared among the measurements by integrated gradients (Sundararajan 2017): the gradient, averaged along the straight
line from the typical pair to this one, times the departure. These shares add up exactly, whatever the function.
Averages of trees are shared by the steps down the tree: each split moves the value of a node, and its measurement gets
that move.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CONTENT, PAIR, BASE = "content", "pair", "base"
"""What a part is about: the photo, the pair, or what is so before either is looked at."""
_THING = {CONTENT: "photo", PAIR: "pair"}
_NODES = 24
"""Points of the quadrature on the line: the kernels are smooth, and more change no digit that is shown."""


@dataclass(frozen=True)
class Part:
    """`amount`, on [0, 1], by which `what` moves a label; `about` is `CONTENT`, `PAIR` or `BASE`."""

    about: str
    what: str
    amount: float


def radial_parts(
    point: np.ndarray, known: np.ndarray, weights: np.ndarray, width: float
) -> tuple[float, np.ndarray]:
    """The sum of `weights` (n,) times Gaussians around `known` (n, m), as in `kernels.mixed`: its value at zero, and
    how much each of the m columns of `point` (m,) moves it from there; both together are its value at `point`."""
    nodes, shares = np.polynomial.legendre.leggauss(_NODES)
    scale = known.shape[1] * width
    sizes = (known**2).sum(axis=1)
    gradient = np.zeros(len(point))
    for node, share in zip((nodes + 1) / 2, shares / 2, strict=True):
        here = node * point
        apart = sizes + (here**2).sum() - 2 * known @ here
        pull = weights * np.exp(-apart.clip(0) / scale)
        gradient += share * (pull @ known - pull.sum() * here) * 2 / scale
    return float(weights @ np.exp(-sizes / scale)), gradient * point


def tree_parts(trees: Sequence[Any], point: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean prediction of scikit-learn's regression trees at `point` (m,): the value of the roots, and how much
    each of the m columns moves it from there."""
    start, moved = 0.0, np.zeros(len(point))
    for each in trees:
        tree = each.tree_
        node = 0
        start += tree.value[0].item()
        while tree.children_left[node] >= 0:
            column = tree.feature[node]
            children = tree.children_left if point[column] <= tree.threshold[node] else tree.children_right
            moved[column] += tree.value[children[node]].item() - tree.value[node].item()
            node = children[node]
    return start / len(trees), moved / len(trees)


def largest(parts: Sequence[Part], count: int) -> list[Part]:
    """The `count` parts that move most, and the others of each `about` as one, so that the sum stays."""
    ordered = sorted(parts, key=lambda part: -abs(part.amount))
    kept = ordered[:count]
    rest = []
    for about in dict.fromkeys(part.about for part in ordered[count:]):
        others = [part.amount for part in ordered[count:] if part.about == about]
        rest.append(
            Part(about, f"{len(others)} others of the {_THING.get(about, about)}", float(sum(others)))
        )
    return kept + rest
