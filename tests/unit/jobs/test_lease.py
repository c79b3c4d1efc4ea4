"""The time at which a worker loses its task."""

import pytest

from aftertrain.jobs.lease import Lease


@pytest.mark.parametrize(
    ("seconds", "ending", "over"),
    [(180, 120, 180), (60, 30, 60), (10, 5, 10)],
)
def test_a_job_has_to_end_before_the_task_is_anothers(seconds: float, ending: float, over: float) -> None:
    now = [100.0]
    lease = Lease(seconds, lambda: now[0])
    states = []
    for passed in (ending, ending + 1, over, over + 1):
        now[0] = 100.0 + passed
        states.append((lease.ending, lease.over))

    assert states == [(False, False), (True, False), (True, False), (True, True)]


def test_what_was_heard_counts_from_when_it_was_said() -> None:
    now = [0.0]
    lease = Lease(180, lambda: now[0])
    asked = lease.now()
    now[0] = 50.0  # the answer took long; Step Functions may have heard at once
    lease.renew(asked)
    now[0] = 121.0

    assert lease.ending
