"""Do two photos show the same content? Found when scaled, compressed, mirrored, or cut a little at the borders.

Each photo becomes a small grey picture of what is left when its slow changes are taken away (a polynomial of the
third degree, then everything wider than some pixels), scaled to length 1: two clear skies are alike in nothing
else, two copies of a photo in all of it. Photos are compared with each other's cut and mirrored versions.

On 272 photos (Kodak, CID22, CBSD68, KADID-10k's references) two different ones reach .67 at most, copies that were
mirrored, cut by 1 to 4 % at each border, halved or compressed at quality 20 at least .97.
"""

from collections.abc import Iterator, Sequence

import numpy as np

SIDE = 24
ALIKE = 0.85
"""Two photos whose pictures have at least this inner product count as one content."""
_DEGREE = 3
_WIDE, _FINE = 3.0, 0.7
_CUTS = (0.0, 0.0125, 0.025, 0.0375)
_ROWS_AT_A_TIME = 2048


def views(rgb: np.ndarray) -> np.ndarray:
    """float32 (8, 576), the photo uncut first, then cut and mirrored; `rgb` is uint8 (H, W, 3).

    >>> views(np.zeros((48, 64, 3), np.uint8)).shape
    (8, 576)
    """
    import cv2

    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    details = []
    for cut in _CUTS:
        top, left = round(height * cut), round(width * cut)
        small = cv2.resize(
            grey[top : height - top, left : width - left], (SIDE, SIDE), interpolation=cv2.INTER_AREA
        )
        # mirroring a small picture is the same as mirroring the photo first
        details += [_detail(small), _detail(np.ascontiguousarray(small[:, ::-1]))]
    return np.stack(details)


def _detail(small: np.ndarray) -> np.ndarray:
    import cv2

    flat = small.astype(np.float32).ravel()
    slow = _polynomials()
    rest = np.asarray(flat - slow @ (slow.T @ flat), np.float32).reshape(SIDE, SIDE)
    rest = rest - cv2.GaussianBlur(rest, (0, 0), _WIDE, borderType=cv2.BORDER_REFLECT)
    detail = np.asarray(
        cv2.GaussianBlur(rest, (0, 0), _FINE, borderType=cv2.BORDER_REFLECT), np.float32
    ).ravel()
    length = float(np.linalg.norm(detail))
    return detail / np.float32(length) if length > 1e-3 else np.zeros(SIDE * SIDE, np.float32)


def _polynomials() -> np.ndarray:
    """float32 (576, 10): an orthonormal basis of the slow changes."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    terms = [(x**a * y**b).ravel() for a in range(_DEGREE + 1) for b in range(_DEGREE + 1 - a)]
    return np.linalg.qr(np.stack(terms, axis=1))[0].astype(np.float32)


def alike(photos: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """Pairs (row, other) of the photos' `views` that show one content; each pair at least once."""
    plain = np.stack([view[0] for view in photos])
    for begin in range(0, len(photos), _ROWS_AT_A_TIME):
        block = photos[begin : begin + _ROWS_AT_A_TIME]
        best = np.full((len(block), len(plain)), -1.0, np.float32)
        for version in range(len(block[0])):
            np.maximum(best, np.stack([view[version] for view in block]) @ plain.T, out=best)
        for row, other in zip(*np.nonzero(best >= ALIKE), strict=True):
            if row + begin != other:
                yield int(row + begin), int(other)
