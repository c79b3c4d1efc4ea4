"""The number of random cases. TIMES multiplies it: `make soak TIMES=50`."""

import os

TIMES = int(os.environ.get("TIMES", "1"))


def examples(count: int) -> int:
    """The number of cases, of which `make test` tries `count`."""
    return count * TIMES
