"""How long a task is still this worker's, by what Step Functions has heard of it.

    Lease(180)  renewed by every heartbeat that was acknowledged; after 120 seconds without one the job has to end, for
                60 seconds later another worker is given the task

Between the two lies what it takes to notice and to end a job, so that no two of it run at once.
"""

import time
from collections.abc import Callable

MARGIN_SECONDS = 60.0


class Lease:
    """Of `seconds`, from now on. `clock` is in seconds and never goes back."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._since = clock()

    def now(self) -> float:
        """What a renewal counts from: the moment before it was asked for."""
        return self._clock()

    def renew(self, since: float) -> None:
        """Step Functions has heard of the task after this moment."""
        self._since = since

    @property
    def ending(self) -> bool:
        """Whether the job has to be ended now to be over in time."""
        return self._clock() - self._since > self._seconds - min(MARGIN_SECONDS, self._seconds / 2)

    @property
    def over(self) -> bool:
        """Whether the task is another one's by now."""
        return self._clock() - self._since > self._seconds
