"""Full-reference measurements of a photo and its sample: the block `pairs/plain-1`.

About sixty numbers in a few milliseconds, most of them at half resolution, where the published metrics
work too: structural similarity by scale (Wang 2003), gradient magnitude similarity (Xue 2014) with chroma
(Nafchi 2016) and saliency weights (Zhang 2014), Haar wavelet similarity (Reisenhofer 2018), pixel-domain
visual information fidelity (Sheikh 2006), a normalised Laplacian pyramid (Laparra 2016); and signed ones that
tell blur from sharpening and fading from oversaturation. Written from the papers; ours share constants and
pooling with them, not their exact borders.
"""

import numpy as np

from glint_data.labels.evidence.picture import MeasuredPicture, window
from glint_data.labels.evidence.source import EVIDENCE, PairEvidence

COLUMNS = (
    *("error_full", "error_half", "error_flat", "error_busy", "error_salient"),
    *("error_masked", "error_masked_median", "error_masked_top", "pyramid1", "pyramid2"),
    *("pyramid3", "structure0", "structure0_spread", "similarity0", "structure_salient"),
    *("contrast_gain", "contrast_gained", "contrast_gain_flat", "fidelity0"),
    *("structure1", "structure1_spread", "similarity1", "fidelity1", "structure2"),
    *("fidelity2", "structure3", "fidelity3", "gradient_mean", "gradient_deviation"),
    *("gradient_edges", "gradient_salient", "chroma_mean", "chroma_deviation"),
    *("gradient_chroma", "edge_gain", "edges_new_flat", "edges_lost", "haar", "light_shift"),
    *("light_gain", "light_p2_shift", "light_p25_shift", "light_p50_shift"),
    *("light_p75_shift", "light_p98_shift", "levels_lost", "black_gain", "white_gain"),
    *("colour_error", "colour_error_flat", "colour_error_salient", "colour_error_top"),
    *("colour_error_coarse", "saturation_gain", "saturation_shift"),
    *("saturation_spread_gain", "hue_agreement", "tint_shift", "detail_gain"),
    *("detail_error", "flat_gain", "band0_gain", "band1_gain", "band2_gain", "band3_gain"),
    "blocking",
)
"""What the measurements are called, in order."""

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_GRADIENT_CONSTANT = 170.0
_CHROMA_CONSTANT = 130.0
_NOISE_VARIANCE = 2.0


def measure(photo: MeasuredPicture, sample: MeasuredPicture) -> dict[str, float]:
    """All measurements of a pair of equal size, name to value; finite.

    Raises:
        ValueError: where the sizes differ.
    """
    if photo.grey.shape != sample.grey.shape:
        raise ValueError(f"the photo is {photo.grey.shape}, its sample {sample.grey.shape}: not a pair")
    measured: dict[str, float] = {}
    _errors(photo, sample, measured)
    _structure(photo, sample, measured)
    _gradients(photo, sample, measured)
    _wavelets(photo, sample, measured)
    _tone(photo, sample, measured)
    _colours(photo, sample, measured)
    _detail(photo, sample, measured)
    return {name: float(value) for name, value in measured.items()}


def compare(photo: MeasuredPicture, sample: MeasuredPicture) -> list[float]:
    """The measurements of a pair of equal size, in the order of `COLUMNS`."""
    measured = measure(photo, sample)
    return [measured[name] for name in COLUMNS]


def _loss(similarity: float) -> float:
    """Logarithm of one minus a similarity, so that small losses are told apart."""
    return float(np.log(max(1.0 - similarity, 0.0) + 1e-4))


def _log(value: float, floor: float = 1e-2) -> float:
    return float(np.log(max(value, 0.0) + floor))


def _errors(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """Squared errors of luminance, plain and weighted, and how they are spread over the frame."""
    import cv2

    masks = photo.masks()
    full = cv2.absdiff(photo.grey, sample.grey)
    measured["error_full"] = _log(float((full.astype(np.float32) ** 2).mean()), 0.05)
    error = (photo.light - sample.light) ** 2
    measured["error_half"] = _log(error.mean(), 0.05)
    measured["error_flat"] = _log((error * masks["flat"]).mean() / (masks["flat"].mean() + 1e-3), 0.05)
    measured["error_busy"] = _log((error * masks["busy"]).mean() / (masks["busy"].mean() + 1e-3), 0.05)
    measured["error_salient"] = _log((error * masks["salient"]).mean(), 0.05)
    # visibility: the error against the contrast that hides it
    visible = error / (photo.squares[0].clip(0) + 12.0)
    measured["error_masked"] = _log(visible.mean(), 1e-3)
    blocks = cv2.resize(visible, (16, 12), interpolation=cv2.INTER_AREA)
    ordered = np.sort(blocks.ravel())
    measured["error_masked_median"] = _log(ordered[96], 1e-3)
    measured["error_masked_top"] = _log(ordered[-19:].mean(), 1e-3)
    for level in (1, 2, 3):
        gap = photo.pyramid[level - 1] - sample.pyramid[level - 1]
        measured[f"pyramid{level}"] = _log(float((gap * gap).mean()), 1e-4)


def _structure(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """SSIM by scale, its parts, and pixel-domain visual information fidelity from the same moments."""
    for level in range(4):
        mean_a, mean_b = photo.means[level], sample.means[level]
        square_a, square_b = photo.squares[level], sample.squares[level]
        product = window(photo.scales[level] * sample.scales[level]) - mean_a * mean_b
        structure = (2 * product + _C2) / (square_a + square_b + _C2)
        measured[f"structure{level}"] = _loss(float(structure.mean()))
        if level < 2:
            measured[f"structure{level}_spread"] = _log(float(structure.std()), 1e-3)
            light = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
            measured[f"similarity{level}"] = _loss(float((light * structure).mean()))
        if level == 0:
            weights = photo.masks()["salient"]
            measured["structure_salient"] = _loss(float((structure * weights).mean()))
            ratio = (sample.squares[0].clip(0) + 1.0) / (photo.squares[0].clip(0) + 1.0)
            log_ratio = np.log(ratio)
            measured["contrast_gain"] = float(log_ratio.mean())
            measured["contrast_gained"] = float(log_ratio.clip(0).mean())
            measured["contrast_gain_flat"] = float((log_ratio * photo.masks()["flat"]).mean())
        gain = product / (square_a + 1e-3)
        gain = gain.clip(0, 10)
        remainder = (square_b - gain * product).clip(1e-3)
        kept = np.log1p(gain * gain * square_a.clip(0) / (remainder + _NOISE_VARIANCE)).sum()
        there = np.log1p(square_a.clip(0) / _NOISE_VARIANCE).sum()
        measured[f"fidelity{level}"] = float(np.log((kept + 1.0) / (there + 1.0)).clip(-5, 1))


def _gradients(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """Gradient magnitude similarity: mean, deviation, with saliency and chroma."""
    a, b = photo.gradient, sample.gradient
    similarity = (2 * a * b + _GRADIENT_CONSTANT) / (a * a + b * b + _GRADIENT_CONSTANT)
    measured["gradient_mean"] = _loss(float(similarity.mean()))
    measured["gradient_deviation"] = _log(float(similarity.std()), 1e-3)
    strongest = np.maximum(a, b)
    measured["gradient_edges"] = _loss(float((similarity * strongest).sum() / (strongest.sum() + 1e-3)))
    measured["gradient_salient"] = _loss(float((similarity * photo.masks()["salient"]).mean()))
    chroma = (2 * (photo.first * sample.first + photo.second * sample.second) + _CHROMA_CONSTANT) / (
        photo.chroma**2 + sample.chroma**2 + _CHROMA_CONSTANT
    )
    measured["chroma_mean"] = _loss(float(chroma.mean()))
    measured["chroma_deviation"] = _log(float(chroma.std()), 1e-3)
    mixed = 0.6 * similarity + 0.4 * chroma
    powered = np.sqrt(np.sqrt(mixed.clip(0)))
    measured["gradient_chroma"] = _log(float(np.abs(powered - powered.mean()).mean()), 1e-4)
    measured["edge_gain"] = float(np.log((b.mean() + 0.5) / (a.mean() + 0.5)))
    new = (b - a).clip(0)
    measured["edges_new_flat"] = _log(float((new * photo.masks()["flat"]).mean()), 0.05)
    measured["edges_lost"] = _log(float((a - b).clip(0).mean()), 0.05)


def _wavelets(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """Haar wavelet perceptual similarity of luminance, horizontal and vertical."""
    constant = 30.0**2
    parts = []
    for a, b in ((0, 0), (1, 1)):
        fine = [
            (2 * photo.haar[i][a] * sample.haar[i][b] + constant)
            / (photo.haar[i][a] ** 2 + sample.haar[i][b] ** 2 + constant)
            for i in (0, 1)
        ]
        weight = np.maximum(photo.haar[2][a], sample.haar[2][b])
        local = 1 / (1 + np.exp(-4.2 * (fine[0] + fine[1]) / 2))
        parts.append(float((local * weight).sum() / (weight.sum() + 1e-3)))
    mean = min(max(sum(parts) / 2, 1e-4), 0.99)
    measured["haar"] = _loss(float((np.log(mean / (1 - mean)) / 4.2) ** 2))


def _tone(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """Luminance: shifted, stretched, crushed, posterised."""
    a, b = photo.light, sample.light
    measured["light_shift"] = float(b.mean() - a.mean()) / 255
    measured["light_gain"] = float(np.log((b.std() + 2) / (a.std() + 2)))
    gaps = sample.percentiles - photo.percentiles
    for name, gap in zip(("p2", "p25", "p50", "p75", "p98"), gaps, strict=True):
        measured[f"light_{name}_shift"] = float(gap)
    histograms = [photo.histogram, sample.histogram]
    used = [float((h > 0).sum()) for h in histograms]
    measured["levels_lost"] = float(np.log((used[1] + 1) / (used[0] + 1)))
    measured["black_gain"] = _log(
        float((histograms[1][:3].sum() - histograms[0][:3].sum()) / photo.grey.size), 1e-3
    )
    measured["white_gain"] = _log(
        float((histograms[1][253:].sum() - histograms[0][253:].sum()) / photo.grey.size), 1e-3
    )


def _colours(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """Chrominance: errors at two scales, gained or lost saturation, turned hues."""
    red, blue = photo.first - sample.first, photo.second - sample.second
    error = red * red + blue * blue
    measured["colour_error"] = _log(float(error.mean()), 0.05)
    measured["colour_error_flat"] = _log(
        float((error * photo.masks()["flat"]).mean() / (photo.masks()["flat"].mean() + 1e-3)), 0.05
    )
    measured["colour_error_salient"] = _log(float((error * photo.masks()["salient"]).mean()), 0.05)
    ordered = np.sort(error[::4, ::4].ravel())
    measured["colour_error_top"] = _log(float(ordered[-max(1, len(ordered) // 20) :].mean()), 0.05)
    coarse = sum(
        float(((a - b) ** 2).mean()) for a, b in zip(photo.coarse_colours, sample.coarse_colours, strict=True)
    )
    measured["colour_error_coarse"] = _log(coarse, 0.05)
    measured["saturation_gain"] = float(np.log((sample.chroma.mean() + 2) / (photo.chroma.mean() + 2)))
    measured["saturation_shift"] = float(sample.chroma.mean() - photo.chroma.mean()) / 50
    measured["saturation_spread_gain"] = float(np.log((sample.chroma.std() + 2) / (photo.chroma.std() + 2)))
    agree = photo.first * sample.first + photo.second * sample.second
    sizes = photo.chroma * sample.chroma
    measured["hue_agreement"] = float(agree.sum() / (sizes.sum() + 1e3))
    measured["tint_shift"] = _log(float(np.hypot(red.mean(), blue.mean())), 0.1)


def _detail(photo: MeasuredPicture, sample: MeasuredPicture, measured: dict[str, float]) -> None:
    """Fine detail at full resolution, band energies, and flatness that was not there before."""
    import cv2

    (sharp_a, flat_a), (sharp_b, flat_b) = photo.sharpness, sample.sharpness
    measured["detail_gain"] = float(np.log((sharp_b + 0.5) / (sharp_a + 0.5)))
    measured["detail_error"] = _log(cv2.norm(photo.fine, sample.fine, cv2.NORM_L2SQR) / photo.fine.size, 0.1)
    measured["flat_gain"] = flat_b - flat_a
    for level in range(4):
        gain = (sample.energies[level] + 0.3) / (photo.energies[level] + 0.3)
        measured[f"band{level}_gain"] = float(np.log(gain))
    steps = cv2.absdiff(sample.grey[:, 1:], sample.grey[:, :-1])
    rows = cv2.reduce(steps, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
    usable = len(rows) // 8 * 8
    if usable >= 16:
        phase = rows[:usable].reshape(-1, 8).mean(axis=0)
        measured["blocking"] = _log(float(phase.max() - np.median(phase)), 0.1)
    else:
        measured["blocking"] = _log(0.0, 0.1)


PLAIN = EVIDENCE.add("pairs/plain-1", PairEvidence("pairs/plain-1", COLUMNS, MeasuredPicture, compare))
