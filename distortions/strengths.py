"""Which strengths a distortion takes: a range with its unit, checked before anything is drawn or rendered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Range:
    """Strengths from `low` to `high`, both included, in `unit`; only whole numbers where `whole`.

    >>> Range(1, 100, "quality", whole=True).check("jpeg", 30)
    30.0
    >>> Range(1, 100, "quality", whole=True).check("jpeg", 300)
    Traceback (most recent call last):
    ValueError: jpeg takes a whole number from 1 to 100 (quality), got 300: choose a strength in that range
    """

    low: float
    high: float
    unit: str
    whole: bool = False

    def check(self, name: str, strength: object) -> float:
        """The strength as a float. Raises ValueError where it is no number of this range."""
        is_number = isinstance(strength, int | float | np.integer | np.floating) and not isinstance(
            strength, bool
        )
        value = float(strength) if is_number else math.nan  # type: ignore[arg-type]
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            raise ValueError(f"{name} takes {self}, got {strength!r}: choose a strength in that range")
        return value

    def __str__(self) -> str:
        numbers = "a whole number" if self.whole else "a number"
        return f"{numbers} from {self.low:g} to {self.high:g} ({self.unit})"


ANY = Range(-math.inf, math.inf, "strength")
"""For a distortion that declares none: any number (what is not finite is refused by it or not at all)."""
