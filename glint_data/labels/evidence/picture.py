"""One image's share of the full-reference measurements: what both images of a pair are turned into once."""

from functools import cached_property

import numpy as np

from glint_data.embedding.descriptor import AREA, length

_OPPONENT = np.array(
    [[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], dtype=np.float32
)
_PREWITT = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]], dtype=np.float32) / 3


def window(image: np.ndarray) -> np.ndarray:
    """Local mean under a Gaussian of SD 1.5, as the structural similarity takes it."""
    import cv2

    return cv2.GaussianBlur(image, (7, 7), 1.5, borderType=cv2.BORDER_REFLECT)


def _gradient(image: np.ndarray) -> np.ndarray:
    import cv2

    return length(cv2.filter2D(image, cv2.CV_32F, _PREWITT), cv2.filter2D(image, cv2.CV_32F, _PREWITT.T))


def _bounded(rgb: np.ndarray) -> np.ndarray:
    import cv2

    height, width = rgb.shape[:2]
    scale = (AREA / (height * width)) ** 0.5
    if scale >= 1:
        return rgb
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


class MeasuredPicture:
    """One image's share of the measurements, computed once: opponent colours, scales, gradients, bands."""

    def __init__(self, rgb: np.ndarray) -> None:
        import cv2

        rgb = _bounded(rgb)
        self.grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        self.fine = cv2.Laplacian(self.grey, cv2.CV_32F)
        half = cv2.resize(
            rgb, (max(8, rgb.shape[1] // 2), max(8, rgb.shape[0] // 2)), interpolation=cv2.INTER_AREA
        )
        opponent = cv2.transform(half.astype(np.float32), _OPPONENT)
        self.light, self.first, self.second = cv2.split(opponent)
        self.gradient = _gradient(self.light)
        self.chroma = length(self.first, self.second)
        self.scales = [self.light]
        for _ in range(3):
            self.scales.append(
                cv2.resize(self.scales[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            )
        self.means = [window(scale) for scale in self.scales]
        self.squares = [
            window(scale * scale) - mean * mean for scale, mean in zip(self.scales, self.means, strict=True)
        ]
        self.bands = [scale - mean for scale, mean in zip(self.scales, self.means, strict=True)]
        self.haar = [_haar(self.light, step) for step in (1, 2, 4)]
        self.coarse_colours = [
            cv2.resize(channel, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            for channel in (self.first, self.second)
        ]

    @cached_property
    def pyramid(self) -> list[np.ndarray]:
        """The normalised Laplacian pyramid's bands 1 to 3: divided by the local amplitude."""
        return [
            band / (np.sqrt(square.clip(0)) + 6.0)
            for band, square in zip(self.bands[1:], self.squares[1:], strict=True)
        ]

    @cached_property
    def sharpness(self) -> tuple[float, float]:
        """Mean magnitude of the Laplacian at full resolution, and the share of pixels where it is nil."""
        magnitude = np.abs(self.fine)
        return float(magnitude.mean()), float((magnitude < 0.5).mean())

    @cached_property
    def energies(self) -> list[float]:
        """Root mean square of each band."""
        return [float(np.sqrt((band * band).mean())) for band in self.bands]

    @cached_property
    def percentiles(self) -> np.ndarray:
        """2nd, 25th, 50th, 75th and 98th percentile of luminance, [0, 1]."""
        return np.percentile(self.light[::2, ::2], (2, 25, 50, 75, 98)) / 255

    @cached_property
    def histogram(self) -> np.ndarray:
        """Pixels of each of the 256 grey values."""
        import cv2

        return cv2.calcHist([self.grey], [0], None, [256], [0, 256]).ravel().astype(np.int64)

    def masks(self) -> dict[str, np.ndarray]:
        """Weight maps of the pristine photo: how busy it is around each pixel, and how salient."""
        import cv2

        if not hasattr(self, "_masks"):
            deviation = np.sqrt(self.squares[0].clip(0))
            busy = cv2.blur(deviation, (9, 9))
            rows, columns = self.light.shape
            y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
            centre = np.exp(-(((x / columns - 0.5) ** 2 + (y / rows - 0.5) ** 2) / 0.18)).astype(np.float32)
            around = cv2.GaussianBlur(self.light, (0, 0), columns / 16)
            colour = length(
                self.first - cv2.GaussianBlur(self.first, (0, 0), columns / 16),
                self.second - cv2.GaussianBlur(self.second, (0, 0), columns / 16),
            )
            salient = cv2.blur(np.abs(self.light - around) + 1.5 * colour, (15, 15)) * centre + 1e-3
            flat = 1 / (1 + (busy / 4) ** 2)
            self._masks = {"flat": flat, "busy": 1 - flat, "salient": salient / salient.mean()}
        return self._masks


def _haar(light: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    import cv2

    size = 2 * step
    kernel = np.ones((size, size), np.float32) / size
    kernel[:step] = -kernel[:step]
    return (
        np.abs(cv2.filter2D(light, cv2.CV_32F, kernel)),
        np.abs(cv2.filter2D(light, cv2.CV_32F, np.ascontiguousarray(kernel.T))),
    )
