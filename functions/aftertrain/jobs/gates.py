"""Gates: what a model has to reach, and what it may not fall behind.

    check_least("accuracy", scored(0.9, hits), 0.95)   ->  JobError: accuracy is 0.9000, below the gate's 0.95

Two models are compared on the same examples, pair by pair, which tells more than two shares do; what has no values for
single examples is compared as it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.intervals import difference, mean_of, share


@dataclass(frozen=True, slots=True)
class Score:
    """A metric of a model; `low` and `high` are the ends of its 95 % interval, `each` what it was for every example."""

    value: float
    low: float | None
    high: float | None
    each: tuple[float, ...]
    examples: int
    higher_is_better: bool = True


def scored(value: float, each: Sequence[Any], *, higher_is_better: bool = True) -> Score:
    """The metric with its interval, if it is the mean of its values for single examples."""
    numbers = [float(one) for one in each if isinstance(one, int | float)]
    if len(numbers) != len(each) or not numbers or not math.isclose(sum(numbers) / len(numbers), value, abs_tol=1e-9):
        return Score(value, None, None, (), len(each), higher_is_better)
    if set(numbers) <= {0.0, 1.0}:
        low, high = share(int(sum(numbers)), len(numbers))
    else:
        low, high = mean_of(np.array(numbers))
    return Score(value, low, high, tuple(numbers), len(numbers), higher_is_better)


def check_least(what: str, score: Score | None, least: float) -> None:
    """Raises: JobError if a score misses what it has to reach; where less is better, it is a bound from above."""
    if score is None:
        raise JobError(f"there is no score {what} to hold against the gate's {least:g}")
    # Put so that what is no number misses every gate.
    if score.higher_is_better and not score.value >= least:
        raise JobError(f"{what} is {score.value:.4f}, below the gate's {least:g}")
    if not score.higher_is_better and not score.value <= least:
        raise JobError(f"{what} is {score.value:.4f}, above the gate's {least:g}")


def check_regression(what: str, new: Score, old: Score) -> None:
    """Raises: JobError if the new model is worse than the old one by more than chance explains."""
    sign = 1 if new.higher_is_better else -1
    if new.each and len(new.each) == len(old.each):
        low, mean, high = difference(sign * np.array(new.each), sign * np.array(old.each))
        worse, sure = high < 0, f", a difference of {mean:.4f} ({low:.4f} to {high:.4f} with 95 %)"
    else:
        worse, sure = not sign * (new.value - old.value) >= 0, ""
    if worse:
        raise JobError(
            f"the model is worse than the baseline: {what} is {new.value:.4f} after {old.value:.4f} of the same "
            f"{new.examples} examples{sure}"
        )
