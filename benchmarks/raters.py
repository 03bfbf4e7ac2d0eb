"""Few ratings of raters who use the scale otherwise: how far `label --ratings` brings labels to their scores.

    python -m benchmarks.raters [--seeds 200]

Simulated on KADID-10k's 40 references of even number (what was chosen of the map was chosen on the others, with other
seeds): labels by the default method, each from the other references; scores as its raters' with the scale bent. Each
seed is another dataset, of 20 of these references; one rater with a standard deviation of .7 on 1 to 5 rates the 3 or
30 samples that `glint-data rate` shows of it. Three ways to rate: `exact` (cut to 1 to 5), `steps` (rounded to whole
steps), `fair` (whole steps whose mean is the true score).

Printed, as medians over the seeds: the root mean square error of all labels from the true scores, in units of that of
the rising map fitted on all that this rater would say; in units of that of the rising map fitted on all true scores,
which no rater tells; the latter without any map; and how many true scores the intervals cover.
"""

import argparse
from collections.abc import Callable

import numpy as np

from glint_data.labels.rating_page import spread
from glint_data.labels.ratings import RaterMap

DEVIATION = 0.7 / 4
SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "harsh: .05 + .75 x^2.2": lambda mos: 0.05 + 0.75 * mos**2.2,
    "harsher: .9 x^1.6": lambda mos: 0.9 * mos**1.6,
    "lenient: x^.55": lambda mos: mos**0.55,
    "steep: logistic": lambda mos: 1 / (1 + np.exp(-6 * (mos - 0.55))),
    "narrow: .2 + .5 x": lambda mos: 0.2 + 0.5 * mos,
    "as KADID's": lambda mos: mos,
}
WAYS = ("exact", "steps", "fair")


def main() -> None:
    """Simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=200)
    seeds = range(parser.parse_args().seeds)
    labels = transferred()
    for count in (30, 3):
        print(f"{count} ratings".ljust(26) + f"{'floor':>7}" + "".join(f"{way:>32}" for way in WAYS))
        print(" " * 33 + f"{'of all said  of true (none)  cov.':>32}" * len(WAYS))
        for title, scale in SCALES.items():
            truth = scale(labels["truth"])
            line = f"{floor(error_of(rising(labels['mos'], truth), truth), count):7.3f}"
            for way in WAYS:
                found = [simulated(labels, truth, count, way, seed) for seed in seeds]
                of_said, of_true, without, covered = np.median(found, axis=0)
                line += f"{of_said:10.3f} {of_true:7.3f} {without:6.2f} {covered:6.1%}"
            print(f"{title:<26}{line}", flush=True)


def transferred() -> dict[str, np.ndarray]:
    """Labels of the references of even number, each made without itself, what people said, and which reference it
    is; all (5,000,)."""
    from glint_data.labels import METHODS
    from glint_data.labels.calibration import Calibrated
    from glint_data.labels.rated import rated_set

    scored = rated_set("kadid").scored
    fitted = METHODS["deep"].fit(scored)
    label = Calibrated(fitted, scored).around(fitted.left_out())
    rows = np.arange(1, len(scored.mos), 2)
    parts = zip(("mos", "std", "low", "high", "truth"), (*label.parts(), scored.mos), strict=True)
    found = {name: part[rows].ravel() for name, part in parts}
    return found | {"source": np.repeat(rows, scored.mos.shape[1])}


def simulated(
    labels: dict[str, np.ndarray], truth: np.ndarray, count: int, way: str, seed: int
) -> tuple[float, float, float, float]:
    """(error with the map, of what a map fitted on all that is said has; the same, of what one fitted on all true
    scores has; the latter without a map; coverage)."""
    rng = np.random.default_rng(seed)
    sources = np.unique(labels["source"])
    shown = np.isin(labels["source"], rng.permutation(sources)[: len(sources) // 2])
    here, truth = {name: values[shown] for name, values in labels.items()}, truth[shown]
    mos, said = here["mos"], rated(truth, way, rng)
    rows = spread(mos, here["high"] - here["low"], here["source"], count)
    mapped = RaterMap(mos[rows], here["std"][rows], said[rows], np.ones(count))
    low, high = mapped.interval(mos, here["low"], here["high"])
    error, best = error_of(mapped(mos), truth), error_of(rising(mos, truth), truth)
    covered = float(((low <= truth) & (truth <= high)).mean())
    return error / error_of(rising(mos, said), truth), error / best, error_of(mos, truth) / best, covered


def rated(truth: np.ndarray, way: str, rng: np.random.Generator) -> np.ndarray:
    """What one rater says of samples with these true scores, on 0 to 1."""
    noise = rng.normal(0, DEVIATION, len(truth))
    if way == "exact":
        return np.clip(truth + noise, 0, 1)
    meant = truth if way == "steps" else np.interp(truth, *_fair())
    return np.round(4 * np.clip(meant + noise, 0, 1)) / 4


def _fair() -> tuple[np.ndarray, np.ndarray]:
    """Mean of the whole steps that are said, and what is meant: so that the mean comes out as the true score."""
    from scipy.stats import norm

    meant = np.linspace(-1, 2, 601)
    edges = np.array([0.125, 0.375, 0.625, 0.875])
    return norm.sf((edges - meant[:, None]) / DEVIATION).sum(axis=1) / 4, meant


def floor(best: float, count: int) -> float:
    """The error, in units of the `best`, of a curve that is known but for one number, taken from `count` ratings."""
    return float(np.sqrt(1 + (DEVIATION**2 + best**2) / (count * best**2)))


def rising(label: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The rising map fitted on everything."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(label)
    best = np.empty_like(label)
    best[order] = isotonic_regression(truth[order]).x
    return best


def error_of(said: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean((said - truth) ** 2)))


if __name__ == "__main__":
    main()
