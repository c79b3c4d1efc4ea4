"""How sure a measured share is: 95 % intervals.

share(90, 100)                 ->  (0.8256, 0.9448)     the score interval of a share
difference(new hits, old hits) ->  (-0.08, -0.02, 0.04) of two models on the same examples: low, mean, high
"""

import math
from typing import Any

import numpy as np

Z = 1.959964  # of the normal distribution, for 95 % of both sides


def share(hits: int, examples: int) -> tuple[float, float]:
    """Where the true share lies: the score interval, which is right for few examples as well."""
    rate, spread = hits / examples, Z * Z / examples
    middle = (rate + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(rate * (1 - rate) / examples + spread / (4 * examples))
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_of(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Where the true mean lies, if there are enough values for their mean to be normal."""
    half = Z * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return float(values.mean()) - half, float(values.mean()) + half


def difference(new: np.ndarray[Any, Any], old: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """How much better the new model is, in shares of the same examples; pairs tell more than two shares do."""
    each = new.astype(np.float64) - old.astype(np.float64)
    mean = float(each.mean())
    half = Z * float(each.std(ddof=1)) / math.sqrt(len(each)) if len(each) > 1 else 1.0
    return mean - half, mean, mean + half
