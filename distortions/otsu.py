"""Joint multi-level Otsu thresholds by the Nelder-Mead search that KADID-10k's generator ends up with.

Otsu, A threshold selection method from gray-level histograms (1979); Lagarias et al., Convergence properties
of the Nelder-Mead simplex method (1998). The search stops at a local optimum: the global one is another image.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BINS = 256


def search(histogram: np.ndarray, count: int) -> np.ndarray:
    """`count` thresholds on 0..255, increasing, for a histogram of 256 counts: int64."""
    share = histogram / histogram.sum()
    omega = np.cumsum(share)
    mu = np.cumsum(share * np.arange(1, BINS + 1))
    start = np.linspace(0, BINS - 1, count + 2)[1:-1]
    return np.floor(_nelder_mead(start, omega, mu) + 0.5).astype(np.int64)


@njit(cache=True)
def _cost(point: np.ndarray, omega: np.ndarray, mu: np.ndarray) -> float:
    """Minus the between-class variance at the rounded thresholds; infinite unless strictly increasing."""
    total = mu[-1]
    last = -1
    previous_omega, previous_mu = 0.0, 0.0
    variance = 0.0
    for k in range(point.size + 1):
        cut = BINS - 1 if k == point.size else int(np.floor(point[k] + 0.5))
        if (cut <= last and k > 0) or cut < 0 or cut > BINS - 1:
            return np.inf
        weight = omega[cut] - previous_omega
        if weight == 0:
            return np.inf
        variance += weight * ((mu[cut] - previous_mu) / weight - total) ** 2
        last, previous_omega, previous_mu = cut, omega[cut], mu[cut]
    return -variance


@njit(cache=True)
def _order(simplex: np.ndarray, values: np.ndarray) -> None:
    """Sort the corners by value, in place; stable, for ties are common and must keep their order."""
    for corner in range(1, values.size):
        value, point = values[corner], simplex[corner].copy()
        index = corner
        while index > 0 and values[index - 1] > value:
            values[index] = values[index - 1]
            simplex[index] = simplex[index - 1]
            index -= 1
        values[index] = value
        simplex[index] = point


@njit(cache=True)
def _nelder_mead(start: np.ndarray, omega: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """Reflection 1, expansion 2, contraction 1/2, shrinkage 1/2; tolerance 1 in position, 1e-4 in value."""
    n = start.size
    simplex = np.empty((n + 1, n))
    values = np.empty(n + 1)
    for corner in range(n + 1):
        simplex[corner] = start
        if corner > 0:
            simplex[corner, corner - 1] = start[corner - 1] * 1.05 if start[corner - 1] != 0 else 0.00025
        values[corner] = _cost(simplex[corner], omega, mu)
    _order(simplex, values)
    evaluations, iterations, most = n + 1, 1, 200 * n
    while evaluations < most and iterations < most:
        if np.abs(values[1:] - values[0]).max() <= 1e-4 and np.abs(simplex[1:] - simplex[0]).max() <= 1:
            break
        centre = np.zeros(n)
        for corner in range(n):
            centre += simplex[corner]
        centre /= n
        worst = simplex[n]
        reflected = 2 * centre - worst
        cost = _cost(reflected, omega, mu)
        evaluations += 1
        shrink = False
        if cost < values[0]:
            further = 3 * centre - 2 * worst
            cost_further = _cost(further, omega, mu)
            evaluations += 1
            if cost_further < cost:
                simplex[n], values[n] = further, cost_further
            else:
                simplex[n], values[n] = reflected, cost
        elif cost < values[n - 1]:
            simplex[n], values[n] = reflected, cost
        else:
            outside = cost < values[n]
            closer = 1.5 * centre - 0.5 * worst if outside else 0.5 * centre + 0.5 * worst
            cost_closer = _cost(closer, omega, mu)
            evaluations += 1
            if (outside and cost_closer <= cost) or (not outside and cost_closer < values[n]):
                simplex[n], values[n] = closer, cost_closer
            else:
                shrink = True
        if shrink:
            for corner in range(1, n + 1):
                simplex[corner] = simplex[0] + 0.5 * (simplex[corner] - simplex[0])
                values[corner] = _cost(simplex[corner], omega, mu)
            evaluations += n
        _order(simplex, values)
        iterations += 1
    return simplex[0]
