"""How the field measures a quality score against human opinions; SciPy underneath.

`predicted` and `labels` are vectors of equal length.
"""

import warnings

import numpy as np

NAMES = ("srocc", "krocc", "plcc", "plcc_logistic", "rmse_logistic", "rmse")


def srocc(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Spearman's rank correlation; NaN where one side is constant or there are fewer than two values."""
    from scipy.stats import rankdata

    return plcc(rankdata(predicted), rankdata(labels))


def krocc(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Kendall's tau-b; NaN where one side is constant or there are fewer than two values."""
    from scipy.stats import kendalltau

    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(labels) == 0:
        return float("nan")
    return float(kendalltau(predicted, labels).statistic)


def plcc(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Pearson's correlation; NaN where one side is constant or there are fewer than two values."""
    predicted, labels = np.asarray(predicted, np.float64), np.asarray(labels, np.float64)
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(labels) == 0:
        return float("nan")
    return float(np.corrcoef(predicted, labels)[0, 1])


def or_none(value: float) -> float | None:
    """JSON has no NaN: where labels or scores are constant there is no correlation."""
    return value if np.isfinite(value) else None


def shown(value: float | None, digits: int = 3) -> str:
    """A number for a person, a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def rmse(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((np.asarray(predicted) - np.asarray(labels)) ** 2)))


def logistic(predicted: np.ndarray, high: float, low: float, middle: float, width: float) -> np.ndarray:
    """The 4-parameter logistic of the VQEG protocol (VQEG FR-TV Phase I, 2000)."""
    from scipy.special import expit

    rise: np.ndarray = expit((predicted - middle) / (abs(width) + 1e-12))
    return (high - low) * rise + low


def fit_logistic(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`predicted` mapped onto the labels' scale by the best logistic; a straight line where none can be fitted.

    NaN under five values, which four parameters would always meet.
    """
    from scipy.optimize import OptimizeWarning, curve_fit

    predicted, labels = np.asarray(predicted, np.float64), np.asarray(labels, np.float64)
    if len(predicted) < 5:
        return np.full_like(labels, np.nan)
    if np.ptp(predicted) == 0 or np.ptp(labels) == 0:
        return np.full_like(labels, labels.mean())
    direction = 1 if plcc(predicted, labels) >= 0 else -1
    ends = (labels.max(), labels.min())[::direction]
    begin = (*ends, predicted.mean(), predicted.std() / 2)
    try:
        with warnings.catch_warnings():  # of the covariance, which nobody asks for
            warnings.simplefilter("ignore", OptimizeWarning)
            parameters, _ = curve_fit(logistic, predicted, labels, p0=begin, maxfev=20_000)
    except RuntimeError:
        return np.polyval(np.polyfit(predicted, labels, 1), predicted)
    return logistic(predicted, *parameters)


EACH = {"srocc": srocc, "krocc": krocc, "plcc": plcc, "rmse": rmse}
"""The numbers that small groups have too."""


def agreement(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float | None]:
    """All of `NAMES` for one set of samples; None for a number that does not exist, as for labels that are alike."""
    mapped = fit_logistic(predicted, labels)
    numbers = {name: measure(predicted, labels) for name, measure in EACH.items()}
    numbers |= {"plcc_logistic": plcc(mapped, labels), "rmse_logistic": rmse(mapped, labels)}
    return {name: or_none(numbers[name]) for name in NAMES}
