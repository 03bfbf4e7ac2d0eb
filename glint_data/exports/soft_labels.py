"""Five probabilities from a score and its deviation, as DeQA-Score's training data has them.

You et al.: Teaching Large Language Models to Regress Accurate Image Quality Scores using Score Distribution
(CVPR 2025), section on soft labels: a normal density at the five levels, adjusted linearly so that the
five numbers sum to 1 and keep the score as their mean. What falls below 0 by that is cut, in their code as
here, so that near both ends of the scale the sum is a little above 1. `cdf` takes the normal's mass around
each level instead of its density, which holds better where deviations are small.
"""

import math

LEVELS = (5.0, 4.0, 3.0, 2.0, 1.0)
WORDS = ("excellent", "good", "fair", "poor", "bad")
_LEAST_DEVIATION = 0.2
_MOST_OFF = 0.1


class Scale:
    """The range of the scores that are exported: to 1..5 by their own minimum and maximum.

    >>> scale = Scale(0.1, 0.9)
    >>> scale.score(0.5), scale.deviation(0.2), scale.word(0.89)
    (3.0, 1.0, 'excellent')
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self._factor = 4 / (high - low) if high > low else 0.0  # one score only: it is the middle

    def score(self, mos: float) -> float:
        """A score on 1..5."""
        return 1 + self._factor * (mos - self.low) if self._factor else 3.0

    def deviation(self, std: float) -> float:
        """A standard deviation by the same factor."""
        return self._factor * std

    def word(self, mos: float) -> str:
        """The fifth of the range that a score lies in, in words."""
        fifth = int((self.score(mos) - 1) / 4 * len(WORDS))
        return WORDS[len(WORDS) - 1 - min(fifth, len(WORDS) - 1)]


def raw_weights(mos: float, std: float, method: str = "pdf") -> list[float]:
    """The normal distribution at the five levels, excellent to bad; `mos` and `std` on 1..5."""
    if std <= 0:
        return neighbours(mos)
    if method == "pdf":
        norm = std * math.sqrt(2 * math.pi)
        return [math.exp(-0.5 * ((level - mos) / std) ** 2) / norm for level in LEVELS]

    def mass_below(value: float) -> float:
        return 0.5 * (1 + math.erf((value - mos) / (std * math.sqrt(2))))

    return [mass_below(level + 0.5) - mass_below(level - 0.5) for level in LEVELS]


def probabilities(mos: float, std: float, method: str = "pdf") -> list[float]:
    """The five probabilities, excellent to bad; `mos` and `std` on 1..5.

    >>> [round(p, 4) for p in probabilities(3.0, 0.1)]
    [0.0, 0.0, 1.0, 0.0, 0.0]
    """
    if std < _LEAST_DEVIATION:
        return neighbours(mos)
    weights = raw_weights(mos, std, method)
    total = sum(weights)
    mean = sum(weight * level for weight, level in zip(weights, LEVELS, strict=True))
    # a, b: the sum of a p + b is 1, its mean is mos; 1e-9 keeps the symmetric case (both differences 0) finite
    a = (mos - 3) / (mean - 3 * total + 1e-9)
    b = (1 - a * total) / len(LEVELS)
    adjusted = [max(a * weight + b, 0.0) for weight in weights]
    reached = sum(weight * level for weight, level in zip(adjusted, LEVELS, strict=True))
    return adjusted if abs(reached - mos) <= _MOST_OFF else neighbours(mos)


def neighbours(mos: float) -> list[float]:
    """Linear weights of the two levels on either side of a score."""
    return [max(0.0, 1 - abs(level - mos)) for level in LEVELS]
