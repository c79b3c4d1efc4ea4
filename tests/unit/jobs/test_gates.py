"""Gates: what is no number misses all of them."""

import math

import pytest

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.gates import Score, check_least, check_regression, scored


def score(value: float, *, higher: bool = True) -> Score:
    return Score(value, None, None, (), 10, higher)


@pytest.mark.parametrize("higher", [True, False])
def test_what_is_no_number_passes_no_gate(higher: bool) -> None:
    with pytest.raises(JobError, match="nan"):
        check_least("perplexity", score(math.nan, higher=higher), 5)
    with pytest.raises(JobError, match="worse than the baseline"):
        check_regression("perplexity", score(math.nan, higher=higher), score(1, higher=higher))


def test_a_bound_itself_is_reached() -> None:
    check_least("accuracy", score(0.8), 0.8)
    check_least("perplexity", score(3, higher=False), 3)
    check_regression("perplexity", score(3, higher=False), score(3, higher=False))


def test_values_that_are_not_shares_have_an_interval_of_a_mean() -> None:
    found = scored(2.0, [1.0, 2.0, 3.0])

    assert found.low == pytest.approx(2 - 1.959964 / math.sqrt(3))
    assert scored(2.0, [1.0, None]).low is None
