"""What a photo is like, in numbers that need no network: the bundled embedder.

Content changes how visible a distortion is mostly through masking: luminance, contrast, texture, colour
and where they lie. Each group below measures one of these; the last one distorts the photo a little and
measures the response, which is masking itself. All measurements are made at the reference sets' own
scale (photos above 512x384 pixels are scaled down to that area first).
"""

import numpy as np

NAME = "descriptor-1"
"""Raised when a number changes its meaning: stored descriptors of another version are not comparable."""

AREA = 512 * 384
"""Pixels at which content is measured; smaller photos are taken as they are."""

_EPSILON = 1e-4


def describe(rgb: np.ndarray) -> np.ndarray:
    """The content descriptor of one photo.

    Args:
        rgb: uint8 (height, width, 3), at least 16 pixels a side.

    Returns:
        float32 (len(names()),), finite; skewed quantities are logarithms.
    """
    return np.array(list(measure(rgb).values()), dtype=np.float32)


def names() -> list[str]:
    """What the descriptor's entries are called, in order."""
    return list(measure(np.zeros((64, 64, 3), np.uint8)))


def measure(rgb: np.ndarray) -> dict[str, float]:
    """The descriptor as a mapping from name to value; see `describe`."""
    import cv2

    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"expected uint8 pixels of shape (height, width, 3), found {rgb.dtype} {rgb.shape}")
    height, width = rgb.shape[:2]
    scale = (AREA / (height * width)) ** 0.5
    if scale < 1:
        size = (max(16, round(width * scale)), max(16, round(height * scale)))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = np.ascontiguousarray(lab[..., 0]) / 100
    measured: dict[str, float] = {}
    measured |= _luminance(light)
    measured |= _local_contrast(light)
    measured |= _colour(lab, rgb)
    measured |= _edges(light)
    measured |= _frequency(light, lab)
    measured |= _texture(light)
    measured |= _responses(rgb)
    return {name: float(value) for name, value in measured.items()}


def _log(value: float) -> float:
    return float(np.log(value + _EPSILON))


def _spread_shape(values: np.ndarray) -> tuple[float, float, float]:
    """Standard deviation, skewness and log kurtosis; the latter two 0 for constant values."""
    centred = values.ravel() - values.mean(dtype=np.float64)
    deviation = float(np.sqrt(np.mean(centred**2)))
    if deviation < 1e-5:
        return deviation, 0.0, 0.0
    scaled = (centred / deviation).clip(-10, 10)
    return deviation, float(np.mean(scaled**3)), float(np.log(np.mean(scaled**4)))


def _luminance(light: np.ndarray) -> dict[str, float]:
    deviation, skewness, kurtosis = _spread_shape(light)
    measured = {
        "light_mean": light.mean(),
        "light_sd": deviation,
        "light_skew": skewness,
        "light_kurtosis": kurtosis,
    }
    for percent, value in zip(
        (1, 5, 25, 50, 75, 95, 99), np.percentile(light, (1, 5, 25, 50, 75, 95, 99)), strict=True
    ):
        measured[f"light_p{percent}"] = value
    measured["dark_share"] = (light < 0.15).mean()
    measured["bright_share"] = (light > 0.9).mean()
    histogram = np.histogram(light, bins=64, range=(0, 1.0001))[0] / light.size
    measured["light_entropy"] = -(histogram * np.log(histogram + 1e-12)).sum()
    measured["light_fullest_bin"] = _log(histogram.max())
    return measured


def _local_contrast(light: np.ndarray) -> dict[str, float]:
    import cv2

    measured = {}
    for window in (5, 11, 31):
        mean = cv2.blur(light, (window, window))
        deviation = np.sqrt(np.maximum(cv2.blur(light * light, (window, window)) - mean * mean, 0))
        logs = np.log(deviation + 0.004)
        measured[f"contrast{window}_mean"] = logs.mean()
        measured[f"contrast{window}_sd"] = logs.std()
        for percent, value in zip((10, 50, 90), np.percentile(logs, (10, 50, 90)), strict=True):
            measured[f"contrast{window}_p{percent}"] = value
        if window == 11:
            measured["flat_share"] = (deviation < 0.01).mean()
            measured["busy_share"] = (deviation > 0.08).mean()
            measured |= _layout(deviation)
            measured["contrast_dark"] = np.log((deviation * (1 - light)).mean() + 0.004)
            measured["contrast_bright"] = np.log((deviation * light).mean() + 0.004)
    return measured


def _layout(deviation: np.ndarray) -> dict[str, float]:
    """How the contrast is spread over the frame: photos with a blurred background differ from textures."""
    import cv2

    blocks = cv2.resize(deviation, (8, 6), interpolation=cv2.INTER_AREA) + 1e-3
    centre = blocks[2:4, 2:6].mean()
    return {
        "layout_spread": np.log(blocks).std(),
        "layout_centre": np.log(centre / blocks.mean()),
        "layout_peak": np.log(blocks.max() / np.median(blocks)),
        "layout_lower": np.log(blocks[3:].mean() / blocks[:3].mean()),
    }


def _colour(lab: np.ndarray, rgb: np.ndarray) -> dict[str, float]:
    import cv2

    chroma = np.hypot(lab[..., 1], lab[..., 2]) / 100
    measured = {
        "red_green_mean": lab[..., 1].mean() / 100,
        "blue_yellow_mean": lab[..., 2].mean() / 100,
        "red_green_sd": _log(lab[..., 1].std() / 100),
        "blue_yellow_sd": _log(lab[..., 2].std() / 100),
        "chroma_mean": _log(chroma.mean()),
        "chroma_sd": _log(chroma.std()),
        "chroma_p50": _log(np.percentile(chroma, 50)),
        "chroma_p95": _log(np.percentile(chroma, 95)),
        "vivid_share": (chroma > 0.4).mean(),
        "grey_share": (chroma < 0.05).mean(),
    }
    red, green, blue = (rgb[..., i].astype(np.float32) / 255 for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    # Hasler and Suesstrunk 2003, equation for M3
    measured["colourfulness"] = _log(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))
    hue = np.arctan2(lab[..., 2], lab[..., 1])
    weights = np.histogram(hue, bins=12, range=(-np.pi, np.pi), weights=chroma)[0]
    weights = weights / max(weights.sum(), 1e-6)
    measured["hue_entropy"] = -(weights * np.log(weights + 1e-12)).sum()
    for third in range(6):
        measured[f"hue_{third}"] = weights[2 * third : 2 * third + 2].sum()
    saturation = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[..., 1] / np.float32(255)
    measured["saturation_mean"], measured["saturation_sd"] = saturation.mean(), saturation.std()
    return measured


def _edges(light: np.ndarray) -> dict[str, float]:
    import cv2

    across = cv2.Scharr(light, cv2.CV_32F, 1, 0) / 32
    down = cv2.Scharr(light, cv2.CV_32F, 0, 1) / 32
    size = length(across, down)
    measured = {"edge_mean": _log(size.mean()), "edge_sd": _log(size.std())}
    for percent, value in zip((50, 75, 90, 99), np.percentile(size, (50, 75, 90, 99)), strict=True):
        measured[f"edge_p{percent}"] = _log(value)
    for limit in (0.02, 0.05, 0.1):
        measured[f"edge_share_{limit}"] = (size > limit).mean()
    angle = np.mod(np.arctan2(down, across), np.pi)
    turn = np.histogram(angle, bins=4, range=(0, np.pi + 1e-6), weights=size)[0]
    turn = turn / max(turn.sum(), 1e-6)
    measured |= {f"edge_turn_{i}": share for i, share in enumerate(turn[:3])}
    measured["edge_turn_entropy"] = -(turn * np.log(turn + 1e-12)).sum()
    strong = size > max(float(np.percentile(size, 90)), 1e-6)
    # sharpness: how fast luminance changes across strong edges, against the contrast around them
    around = cv2.dilate(light, np.ones((9, 9))) - cv2.erode(light, np.ones((9, 9)))
    measured["edge_sharpness"] = np.log(
        (size[strong].mean() if strong.any() else 0) / (around.mean() + 0.01) + 0.01
    )
    return measured


def _frequency(light: np.ndarray, lab: np.ndarray) -> dict[str, float]:
    """Log energy and sparsity of the bands of a Laplacian pyramid; chroma in three bands."""
    import cv2

    measured = {}
    current = light
    for band in range(5):
        low = cv2.GaussianBlur(current, (5, 5), 1.0)
        detail = current - low
        deviation, _, kurtosis = _spread_shape(detail)
        measured[f"band{band}_energy"] = _log(deviation)
        measured[f"band{band}_sparsity"] = kurtosis
        current = low[::2, ::2]
    measured["band_slope"] = measured["band0_energy"] - measured["band3_energy"]
    colours = np.ascontiguousarray(lab[..., 1:]) / 100
    for band in range(3):
        low = cv2.GaussianBlur(colours, (5, 5), 1.0)
        measured[f"chroma_band{band}"] = _log((colours - low).std())
        colours = np.ascontiguousarray(low[::2, ::2])
    return measured


def _texture(light: np.ndarray) -> dict[str, float]:
    """Rotation-invariant uniform local binary patterns (Ojala 2002), 8 neighbours, at two scales."""
    import cv2

    measured: dict[str, float] = {}
    for scale, image in (
        ("fine", light),
        ("coarse", cv2.resize(light, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)),
    ):
        inner = image[1:-1, 1:-1] + 0.005
        rows, columns = image.shape
        ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
        bits = np.stack([image[r : rows - 2 + r, c : columns - 2 + c] > inner for r, c in ring])
        turns = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
        pattern = np.where(turns <= 2, bits.sum(axis=0), 9)
        shares = np.bincount(pattern.ravel(), minlength=10) / pattern.size
        measured |= {f"lbp_{scale}_{i}": np.sqrt(share) for i, share in enumerate(shares)}
    return measured


def _responses(rgb: np.ndarray) -> dict[str, float]:
    """How much the photo suffers under small standard distortions: masking, measured directly."""
    import cv2

    measured = {}
    light = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    pixels = rgb.shape[0] * rgb.shape[1]
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    for quality in (10, 40, 90):
        encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        measured[f"jpeg{quality}_size"] = np.log(len(encoded) / pixels)
        if quality < 90:
            pixels_again = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
            assert pixels_again is not None  # encoded a moment ago
            decoded = cv2.cvtColor(pixels_again, cv2.COLOR_BGR2GRAY)
            measured[f"jpeg{quality}_loss"] = np.log(
                gradient_loss(light, decoded.astype(np.float32) / 255) + 1e-3
            )
    for sigma in (1.0, 3.0):
        measured[f"blur{sigma:g}_loss"] = np.log(
            gradient_loss(light, cv2.GaussianBlur(light, (0, 0), sigma)) + 1e-3
        )
    for steps in (6, 12):
        measured[f"steps{steps}_loss"] = np.log(gradient_loss(light, np.round(light * steps) / steps) + 1e-3)
    grain = np.random.default_rng(0).standard_normal(light.shape, dtype=np.float32) * 0.06
    measured["grain_loss"] = np.log(gradient_loss(light, light + grain) + 1e-3)
    measured["gain_grain_loss"] = np.log(gradient_loss(light, light * (1 + 2.5 * grain)) + 1e-3)
    small = cv2.resize(light, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    measured["pixel_loss"] = np.log(
        gradient_loss(light, cv2.resize(small, light.shape[::-1], interpolation=cv2.INTER_NEAREST)) + 1e-3
    )
    return measured


def length(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Of vectors (across, down), elementwise; float32. The last bit of `cv2.magnitude` depends on where in
    memory its result comes to lie, and so on the process and on what it did before."""
    length: np.ndarray = np.sqrt(across * across + down * down)
    return length


def gradient_loss(first: np.ndarray, second: np.ndarray) -> float:
    """Standard deviation of the gradient-magnitude similarity (GMSD, Xue et al. 2014) of two grey images."""
    import cv2

    sizes = []
    for image in (first, second):
        half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        across = cv2.filter2D(half, cv2.CV_32F, _PREWITT)
        sizes.append(length(across, cv2.filter2D(half, cv2.CV_32F, _PREWITT.T)))
    constant = 0.0026
    similarity = (2 * sizes[0] * sizes[1] + constant) / (sizes[0] ** 2 + sizes[1] ** 2 + constant)
    return float(similarity.std())


_PREWITT = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]], dtype=np.float32) / 3
