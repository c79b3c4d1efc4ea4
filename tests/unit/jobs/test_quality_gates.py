"""Gates: NaN fails all of them."""

import math

import numpy as np
import pytest

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.intervals import chance
from aftertrain.jobs.quality_gates import Score, check_least, check_regressions, make_score


def score(value: float, *, higher: bool = True) -> Score:
    return Score(value, None, None, (), 10, higher)


@pytest.mark.parametrize("higher", [True, False])
def test_what_is_no_number_passes_no_gate(higher: bool) -> None:
    with pytest.raises(JobError, match="nan"):
        check_least("perplexity", score(math.nan, higher=higher), 5)
    with pytest.raises(JobError, match="worse than the baseline"):
        check_regressions([("perplexity", score(math.nan, higher=higher), score(1, higher=higher))])


def test_a_bound_itself_is_reached() -> None:
    check_least("accuracy", score(0.8), 0.8)
    check_least("perplexity", score(3, higher=False), 3)
    check_regressions([("perplexity", score(3, higher=False), score(3, higher=False))])


def test_values_that_are_not_shares_have_an_interval_of_a_mean() -> None:
    found = make_score(2.0, [1.0, 2.0, 3.0])

    assert found.low == pytest.approx(2 - 1.959964 / math.sqrt(3))
    assert make_score(2.0, [1.0, None]).low is None
    assert make_score(2.0, [2.0]).low is None


def hits(right: int, of: int) -> Score:
    """A share of right answers, at the beginning."""
    return make_score(right / of, [float(number < right) for number in range(of)])


@pytest.mark.parametrize(
    ("new", "old", "worse"),
    [
        (hits(994, 1000), hits(1000, 1000), True),  # six of six coins
        (hits(995, 1000), hits(1000, 1000), False),
        (hits(0, 2), hits(2, 2), False),  # two examples tell nothing
        (make_score(1.0, [1.0] * 40), make_score(1.1, [1.0, 1.2] * 20), True),
        (make_score(1.0, [0.0, 2.0] * 20), make_score(1.1, [2.0, 0.2] * 20), False),
        (make_score(9.0, [(-40.0, 3)] * 30, higher_is_better=False), make_score(8.0, [(-30.0, 3)] * 30), True),
        (make_score(8.0, [(-30.1, 3), (-29.9, 3)] * 15), make_score(8.0, [(-30.0, 3)] * 30), False),
        (score(1), score(2), False),  # nothing is known of single examples
    ],
)
def test_a_loss_that_chance_explains_is_none(new: Score, old: Score, worse: bool) -> None:
    if worse:
        with pytest.raises(JobError, match="worse than the baseline"):
            check_regressions([("it", new, old)])
    else:
        check_regressions([("it", new, old)])


def test_what_is_infinite_hides_no_other_loss() -> None:
    odd = make_score(8.0, [(-math.inf, 3)] * 30, higher_is_better=False)
    with pytest.raises(JobError, match="acc is 0"):
        check_regressions([("perplexity", odd, odd), ("acc", hits(0, 40), hits(40, 40))])


def test_many_answers_are_compared_as_few_are() -> None:
    few = chance(np.repeat([0.0, 1.0], [520, 480]), np.repeat([1.0, 0.0], [520, 480]))
    many = chance(np.repeat([0.0, 1.0], [521, 481]), np.repeat([1.0, 0.0], [521, 481]))

    assert many == pytest.approx(few, rel=0.02)
    assert chance(np.zeros(200_000), np.ones(200_000)) == 0.0


def test_the_more_is_compared_the_surer_a_loss_has_to_be() -> None:
    lost = ("lost", hits(994, 1000), hits(1000, 1000))
    alike = [(f"alike {number}", hits(900, 1000), hits(900, 1000)) for number in range(19)]

    with pytest.raises(JobError, match=r"lost is 0\.9940 after 1\.0000 .* \(1 compared\)"):
        check_regressions([lost])
    check_regressions([lost, *alike])


def test_as_good_models_are_refused_as_seldom_as_it_is_said() -> None:
    source = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        answers = source.random((20, 2, 400)) < 0.8
        compared = [
            (str(task), make_score(new.mean(), new.astype(float)), make_score(old.mean(), old.astype(float)))
            for task, (new, old) in enumerate(answers)
        ]
        try:
            check_regressions(compared)
        except JobError:
            refused += 1

    assert refused <= 300 * 0.05
