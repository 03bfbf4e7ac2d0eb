"""What a label is valid for: every label belongs to a viewing, the reference set's own.

KADID-10k's raters saw pictures of 512x384 whole on a screen, and the strengths of its distortions are in pixels. A
larger photo can be seen whole (`fit`): what is measured is then brought to the references' size first, and cells whose
strength is in pixels are no longer theirs, so that the label comes from the pair alone (method `any`). Or it is seen
pixel by pixel (`pixels`), as if through a window of the references' size: cells stay, and what is measured are parts
of that size. `auto` keeps the cells of photos up to `LIMIT` times the references' size and sees larger ones whole.
"""

from collections.abc import Iterator

import numpy as np

from glint_data.embedding.descriptor import AREA
from glint_data.errors import GlintError

AUTO, FIT, PIXELS = "auto", "fit", "pixels"
VIEWINGS = (AUTO, FIT, PIXELS)
LIMIT = 1.5
"""Photos up to this many times the references' size (square root of the ratio of areas) count as theirs."""
SAME = 1.1
"""Asked for `fit`, a photo within this ratio is of the references' size already."""
POINTWISE = {"kadid10k": frozenset({6, 7, 8, 16, 17, 18, 22, 25})}
"""Types by suite whose strength is in no way in pixels: colours and tones of single pixels; they keep their cells."""

_PARTS = 5


def size_of(pixels: np.ndarray) -> np.ndarray:
    """How many times the references' size pictures of so many pixels are; 1 where nobody noted it (0)."""
    return np.where(pixels > 0, np.sqrt(pixels / AREA), 1.0)


def keeps_cell(viewing: str, size: np.ndarray, suite: np.ndarray, type: np.ndarray) -> np.ndarray:
    """bool (rows,): which samples may be labelled by their cell. `suite` holds names, `size` is from `size_of`.

    Raises:
        GlintError: no such viewing.
    """
    if viewing not in VIEWINGS:
        raise GlintError(f"viewing {viewing!r}: there is none; choose one of {', '.join(VIEWINGS)}")
    if viewing == PIXELS:
        return np.ones(len(size), bool)
    pointwise = np.zeros(len(size), bool)
    for name, types in POINTWISE.items():
        pointwise |= (suite == name) & np.isin(type, list(types))
    near = size <= LIMIT if viewing == AUTO else (size <= SAME) & (size >= 1 / SAME)
    return near | pointwise


class Views:
    """What is seen of a photo, and of its samples: as it is (evidence brings it to its size), or parts at 1:1."""

    def __init__(self, photo: np.ndarray, seen: str) -> None:
        self._windows = list(_windows(photo.shape[:2])) if seen == PIXELS else [np.s_[:, :]]
        self.photo = [photo[window] for window in self._windows]
        self._shape = photo.shape

    def of(self, sample: np.ndarray) -> list[np.ndarray]:
        """The same parts of a sample. Raises `ImageRefused` where it has another size than its photo."""
        if sample.shape != self._shape:
            from glint_data.errors import ImageRefused

            here, there = (f"{shape[1]}x{shape[0]}" for shape in (sample.shape, self._shape))
            raise ImageRefused(f"the sample is {here}, its photo {there}: not a pair; import with --resize")
        return [np.ascontiguousarray(sample[window]) for window in self._windows]


def _windows(shape: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Windows of the references' area with the picture's own proportions: the middle, then towards the corners."""
    height, width = shape
    share = min(1.0, (AREA / (height * width)) ** 0.5)
    rows, columns = round(height * share), round(width * share)
    if share == 1.0:
        yield np.s_[0:height, 0:width]
        return
    for down, across in ((0.5, 0.5), (0.15, 0.15), (0.15, 0.85), (0.85, 0.15), (0.85, 0.85))[:_PARTS]:
        top, left = round(down * (height - rows)), round(across * (width - columns))
        yield np.s_[top : top + rows, left : left + columns]
