"""Few ratings of other raters: the map to their scale, simulated on the shipped scores of KADID-10k."""

import numpy as np
import pytest

from glint_data.errors import GlintError
from glint_data.labels import METHODS
from glint_data.labels.calibration import Calibrated
from glint_data.labels.evidence.shipped import scored_of
from glint_data.labels.ratings import RaterMap, read_ratings
from glint_data.reference_sets import references


@pytest.fixture(scope="module")
def transferred():
    """Labels of every rated image without its reference, and what people said; all (10,000,)."""
    scored = scored_of(references.load("kadid"))
    fitted = METHODS["content"].fit(scored)
    label = Calibrated(fitted, scored).around(fitted.left_out())
    return [part.ravel() for part in (*label.parts(), scored.mos)]


STRANGE = {
    "harsh": lambda mos: (0.05 + 0.75 * mos**2.2).clip(
        0, 1
    ),  # hardly uses the upper part, tells bad from worse
    "lenient": lambda mos: mos**0.55,
    "steep": lambda mos: 1 / (1 + np.exp(-6 * (mos - 0.55))),
}


def simulated(transferred, truth, count, seed):
    """(RMSE with the map of `count` ratings, that of the rising map of a rating of every sample, RMSE without a map,
    coverage): one rater of SD .7 on five steps."""
    mos, std, low, high, _ = transferred
    rng = np.random.default_rng(seed)
    said = np.clip(truth + rng.normal(0, 0.7 / 4, len(truth)), 0, 1)
    rows = np.array([rng.choice(part) for part in np.array_split(np.argsort(mos), count)])
    mapped = RaterMap(mos[rows], std[rows], said[rows], np.ones(count))
    below, above = mapped.interval(mos, low, high)
    guesses = mapped(mos), _rising(mos, said), mos
    errors = [np.sqrt(np.mean((guess - truth) ** 2)) for guess in guesses]
    return (*errors, ((below <= truth) & (truth <= above)).mean())


@pytest.mark.parametrize("scale", STRANGE)
def test_thirty_ratings_of_a_strange_scale(transferred, scale):
    truth = STRANGE[scale](transferred[4])
    found = [simulated(transferred, truth, 30, seed) for seed in range(20)]
    error, of_all, without, covered = np.median(found, axis=0)
    assert error <= 1.15 * of_all and error < without
    assert 0.85 <= covered <= 0.95


@pytest.mark.parametrize(("scale", "most"), [("harsh", 0.7), ("lenient", 0.9), ("steep", 1.05)])
def test_three_ratings_do_no_harm(transferred, scale, most):
    """Where little is to be gained they cost what they gain: half of the seeds lie on either side."""
    truth = STRANGE[scale](transferred[4])
    error, _, without, _ = np.median([simulated(transferred, truth, 3, seed) for seed in range(20)], axis=0)
    assert error <= most * without


def test_the_map_rises_and_without_surprise_stays(transferred):
    mos, std = transferred[0][:30], transferred[1][:30]
    mapped = RaterMap(mos, std, mos, np.ones(30))
    grid = np.linspace(0, 1, 101)
    assert (np.diff(mapped(grid)) >= 0).all()
    assert mapped(grid) == pytest.approx(grid, abs=0.08)


def _rising(label, scores):
    """The rising map fitted on all these scores, at every label."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(label)
    mapped = np.empty_like(label)
    mapped[order] = isotonic_regression(scores[order]).x
    return mapped


def test_ratings_are_read_and_odd_ones_refused(tmp_path):
    file, other = tmp_path / "few.csv", tmp_path / "more.csv"
    file.write_text("sample_id,score,rater\na,5,ann\nb,1,ann\n")
    other.write_text("\ufeffsample_id;score;rater\na;4,0;bob\n", encoding="utf-8")
    ratings = read_ratings([file, other], frozenset("abc"))
    assert ratings.sample_id == ("a", "b") and ratings.raters == 2
    assert ratings.score.tolist() == [0.875, 0.0] and ratings.count.tolist() == [2, 1]
    for text, match in (("a,6,ann", "1 .bad. to 5"), ("z,3,ann", "no sample 'z'"), ("a,good,ann", "'good'")):
        file.write_text(f"sample_id,score,rater\n{text}\n")
        with pytest.raises(GlintError, match=match):
            read_ratings([file], frozenset("abc"))


@pytest.mark.parametrize("deviation", [0.1, 0.5, 1.2])
def test_raters_who_share_samples_tell_how_noisy_one_rating_is(transferred, deviation, tmp_path):
    mos, std, *_, truth = (part[::333][:30] for part in transferred)
    rng = np.random.default_rng(0)
    lines = ["sample_id,score,rater"]
    for rater in range(5):
        said = np.clip(1 + 4 * truth + rng.normal(0, deviation, 30), 1, 5)
        lines += [f"s{number},{score:.3f},r{rater}" for number, score in enumerate(said)]
    (tmp_path / "few.csv").write_text("\n".join(lines))
    ratings = read_ratings([tmp_path / "few.csv"], frozenset(f"s{number}" for number in range(30)))
    scores = np.array([line.split(",")[1] for line in lines[1:]], float).reshape(5, 30)
    inside = np.sqrt(scores.var(axis=0, ddof=1).mean())
    mapped = RaterMap(mos, std, ratings.score, ratings.count, ratings.apart)
    assert 4 * mapped.noise == pytest.approx(inside, rel=0.2, abs=0.05)
