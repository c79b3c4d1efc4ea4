"""How many random cases are tried: as many as there is time for, or TIMES as many: `make soak TIMES=50`."""

import os

TIMES = int(os.environ.get("TIMES", "1"))


def examples(count: int) -> int:
    """The number of cases where `count` are tried in `make test`."""
    return count * TIMES
