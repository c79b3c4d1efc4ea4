"""A pause before another attempt: a random time, whose bound doubles with each attempt.

    pause(0)  up to 0.05 s        pause(3)  up to 0.4 s        pause(9)  up to 2 s

Writers that failed together must not meet again together. See aws.amazon.com/builders-library, "Timeouts, retries, and
backoff with jitter".
"""

import random
import time

FIRST_SECONDS = 0.05
MAX_SECONDS = 2.0


def pause(attempt: int) -> None:
    """Wait; `attempt` counts from 0."""
    time.sleep(random.uniform(0, min(MAX_SECONDS, FIRST_SECONDS * 2**attempt)))  # noqa: S311 - no secret depends on it
