"""Quality gates: the least scores of a model, and the comparison with a baseline.

    check_least("accuracy", make_score(0.9, hits), 0.95)  ->  JobError: accuracy is 0.9000, below the gate's 0.95
    check_regressions([("accuracy", new, old), …])        ->  JobError: the model is worse than the baseline: …

Two models are compared on the same examples, pair by pair, which is more sensitive than comparing two shares. More
comparisons require a stronger loss: of twenty equal scores, one looks worse by chance. A score without values for
single examples cannot be compared; a least score may bound it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.intervals import chance, mean_of, share

ALPHA = 0.025  # the probability of refusing an equally good model, over all comparisons


@dataclass(frozen=True, slots=True)
class Score:
    """A metric of a model; `low` and `high` bound its 95 % interval.

    `each`: a value per example, higher is better, for comparing models; empty if the metric has none.
    """

    value: float
    low: float | None
    high: float | None
    each: tuple[float, ...]
    examples: int
    higher_is_better: bool = True


def make_score(value: float, values: Sequence[Any], *, higher_is_better: bool = True) -> Score:
    """The metric with its interval, if it is the mean of `values` over examples.

    A value may be a pair of log-likelihood and length, from which perplexities are computed.
    """
    numbers = [float(entry) for entry in values if isinstance(entry, int | float)]
    if len(numbers) != len(values) or not numbers or not math.isclose(sum(numbers) / len(numbers), value, abs_tol=1e-9):
        return Score(value, None, None, _likelihoods(values), len(values), higher_is_better)
    bounds = share(int(sum(numbers)), len(numbers)) if set(numbers) <= {0.0, 1.0} else mean_of(np.array(numbers))
    low, high = bounds or (None, None)
    better = tuple(numbers if higher_is_better else (-number for number in numbers))
    return Score(value, low, high, better, len(numbers), higher_is_better)


def _likelihoods(values: Sequence[Any]) -> tuple[float, ...]:
    pairs = [entry for entry in values if isinstance(entry, list | tuple) and len(entry) == 2]
    valid = all(isinstance(number, int | float) for pair in pairs for number in pair)
    return tuple(float(pair[0]) for pair in pairs) if valid and len(pairs) == len(values) else ()


def check_least(name: str, score: Score | None, least: float) -> None:
    """Raises: JobError if a score misses its bound, which is an upper one if lower is better."""
    if score is None:
        raise JobError(f"there is no score {name} to compare with the gate's {least:g}")
    # Written so that NaN misses every gate.
    if score.higher_is_better and not score.value >= least:
        raise JobError(f"{name} is {score.value:.4f}, below the gate's {least:g}")
    if not score.higher_is_better and not score.value <= least:
        raise JobError(f"{name} is {score.value:.4f}, above the gate's {least:g}")


def check_regressions(compared: Sequence[tuple[str, Score, Score]]) -> None:
    """Compare models; each entry is a name, the new model's score and the old one's.

    Raises: JobError if a score is NaN, or worse by more than chance explains over all comparisons.
    """
    for name, new, old in compared:
        if not math.isfinite(new.value):
            raise _worse(name, new, old, "")
    chances = {
        name: (chance(np.array(new.each), np.array(old.each)), new, old)
        for name, new, old in compared
        if new.each and len(new.each) == len(old.each)
    }
    if not chances:
        return
    name, (least, new, old) = min(chances.items(), key=lambda entry: entry[1][0])
    if least <= ALPHA / len(chances):
        raise _worse(name, new, old, f", which has a chance of {least:.2g} if they are alike ({len(chances)} compared)")


def _worse(name: str, new: Score, old: Score, evidence: str) -> JobError:
    return JobError(
        f"the model is worse than the baseline: {name} is {new.value:.4f} after {old.value:.4f} of the same "
        f"{new.examples} examples{evidence}"
    )
