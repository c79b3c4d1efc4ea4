"""How long a task still belongs to this worker, by the heartbeats that Step Functions acknowledged.

    Lease(180)  renewed by every acknowledged heartbeat; after 120 seconds without one the job must end, because 60
                seconds later another worker gets the task

The time between serves to notice and to end the job, so two attempts never run at once.
"""

import time
from collections.abc import Callable

MARGIN_SECONDS = 60.0


class Lease:
    """A lease of `seconds` from now. `clock` returns seconds and never goes back."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._since = clock()

    def now(self) -> float:
        """The start of a renewal: the moment before the heartbeat was sent."""
        return self._clock()

    def renew(self, since: float) -> None:
        """Renew the lease: Step Functions heard of the task after this moment."""
        self._since = since

    @property
    def ending(self) -> bool:
        """Whether the job must end now to be over in time."""
        return self._clock() - self._since > self._seconds - min(MARGIN_SECONDS, self._seconds / 2)

    @property
    def over(self) -> bool:
        """Whether another worker has the task by now."""
        return self._clock() - self._since > self._seconds
