"""Pictures that were moved or bent against their photo are aligned with it before anything is measured.

Measurements compare a pair place by place, so that a picture whose content only lies elsewhere (a rolling shutter, an
elastic warp, another crop by some pixels) would count as destroyed. Full-reference measurements presuppose that both
are registered (ITU-T J.247). Displacements are found by dense optical flow (Kroeger 2016), quickly at half the
references' scale, and finely where half the picture moved. Only where the fine flow takes away nearly all of the
difference is the sample warped back. None of KADID-10k's pairs that were tried is:
its jitter moves pixels one by one, and of its pixelation, which moves blocks, a quarter of the difference stays.
"""

import numpy as np

from glint_data.embedding.descriptor import AREA

LEAST = 0.5
"""Pixels of the references' size (512x384) by which half of a picture has to lie elsewhere."""
_LIKELY, _LEFT = 0.65, 0.2
"""Share of the squared difference that may be left by the quick flow and by the fine one."""
_SMALLEST = 32
"""Rows and columns at half scale without which no flow is found."""
_SMOOTH, _FINE = 6.0, 3.0
"""What moved is smooth: deviations of the Gaussians over both flows, in their pixels."""
_DETAIL = 1.5
"""Differences are those of pictures smoothed by so many pixels: warping itself costs detail."""


class Alignment:
    """Aligns samples with one photo, uint8 (height, width, 3)."""

    def __init__(self, photo: np.ndarray) -> None:
        self._shape = photo.shape
        self._grey, self._half = _grey(photo, 1), _grey(photo, 2)

    def __call__(self, sample: np.ndarray) -> np.ndarray | None:
        """The sample, of the photo's size, brought back onto its photo; None where it lies there already."""
        import cv2

        if min(self._half.shape) < _SMALLEST or sample.shape != self._shape:
            return None
        half = _grey(sample, 2)
        quick = _flow(self._half, half, cv2.DISOPTICAL_FLOW_PRESET_FAST, _SMOOTH)
        moved = 2 * float(np.median(np.hypot(*cv2.split(quick))))
        if moved < LEAST or _left(self._half, half, quick) > _LIKELY:
            return None
        grey = _grey(sample, 1)
        fine = _flow(self._grey, grey, cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, _FINE)
        if _left(self._grey, grey, fine, _DETAIL) > _LEFT:
            return None
        height, width = sample.shape[:2]
        return _warped(sample, cv2.resize(fine, (width, height)) * np.float32(width / fine.shape[1]))


def _grey(picture: np.ndarray, shrink: int) -> np.ndarray:
    """uint8, at the references' scale divided by `shrink`."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, (AREA / (height * width)) ** 0.5) / shrink
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return grey if scale == 1 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _flow(photo: np.ndarray, sample: np.ndarray, preset: int, smooth: float) -> np.ndarray:
    """float32 (height, width, 2): where in the sample each place of the photo lies, less that place."""
    import cv2

    flow = cv2.DISOpticalFlow.create(preset).calc(photo, sample, None)  # type: ignore[call-overload]
    return cv2.GaussianBlur(np.asarray(flow), (0, 0), smooth)


def _warped(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    import cv2

    down, across = np.indices(flow.shape[:2], np.float32)
    places = across + flow[..., 0], down + flow[..., 1]
    return cv2.remap(picture, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def _left(photo: np.ndarray, sample: np.ndarray, flow: np.ndarray, detail: float = 0) -> float:
    """The squared difference that is left when the flow is undone, as a share."""
    import cv2

    def seen(picture: np.ndarray) -> np.ndarray:
        picture = picture.astype(np.float32)
        return cv2.GaussianBlur(picture, (0, 0), detail) if detail else picture

    first = seen(photo)
    before, after = (float(((first - seen(other)) ** 2).mean()) for other in (sample, _warped(sample, flow)))
    return after / (before + 1e-6)
