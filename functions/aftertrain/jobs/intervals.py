"""Confidence intervals of scores, and the probability that a difference is chance.

share(90, 100)            ->  (0.8256, 0.9448)   the 95 % score interval of a share
mean_of([1.0, 2.0, 3.0])  ->  (0.868, 3.132)     the 95 % interval of a mean
chance(new, old)          ->  0.0156             that equal models differ this much in the old one's favour
"""

import math
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import numpy as np

Z = 1.959964  # quantile of the normal distribution for 95 %, two-sided
ENOUGH = 20  # examples from which the mean of differences counts as normal
EXACT = 1000  # coins up to which the sign test is exact
Array = np.ndarray[Any, Any]


def share(hits: int, examples: int) -> tuple[float, float]:
    """The score interval of a share, which is also right for few examples."""
    rate, spread = hits / examples, Z * Z / examples
    middle = (rate + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(rate * (1 - rate) / examples + spread / (4 * examples))
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_of(values: Array) -> tuple[float, float] | None:
    """The interval of a mean, if there are enough values for it to be normal; None for a single value."""
    if len(values) < 2:
        return None
    half = Z * float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def chance(new: Array, old: Array) -> float:
    """The probability that two equal models differ this much, on the same examples, in favour of the old one.

    The sign test serves right and wrong answers, few examples and infinite values; else the mean of the differences.
    """
    with np.errstate(invalid="ignore"):  # two infinities count as equal
        deltas = new.astype(np.float64) - old.astype(np.float64)
    if len(deltas) < ENOUGH or not np.isfinite(deltas).all() or set(np.unique(deltas)) <= {-1.0, 0.0, 1.0}:
        return _sign_test(int((deltas < 0).sum()), int((deltas > 0).sum()))
    error = float(deltas.std(ddof=1)) / math.sqrt(len(deltas))
    if error == 0.0:
        return 0.0 if deltas[0] < 0 else 1.0
    return NormalDist().cdf(float(deltas.mean()) / error)


def _sign_test(losses: int, wins: int) -> float:
    """The probability that at least `losses` of all coins show one side; approximated as normal for many coins."""
    coins = losses + wins
    if coins > EXACT:
        return NormalDist().cdf(-(losses - 0.5 - coins / 2) / (math.sqrt(coins) / 2))
    favourable = sum(math.comb(coins, count) for count in range(losses, coins + 1))
    return float(Fraction(favourable, 1 << coins))
