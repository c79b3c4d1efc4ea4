"""Pages of a list -> all items, each once.

A page begins at the time at which the previous one ended, since several items may have that time.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

PAGE = 500
Listed = TypeVar("Listed")


def all_pages(
    page: Callable[[float | None], Sequence[Listed]],
    identity: Callable[[Listed], Hashable],
    time: Callable[[Listed], float],
) -> Iterator[Listed]:
    """All items, the newest first; `page` returns those until a time, in seconds since 1970."""
    until: float | None = None
    seen: set[Hashable] = set()
    while batch := page(until):
        fresh = [item for item in batch if identity(item) not in seen]
        if not fresh:
            return
        yield from fresh
        seen |= {identity(item) for item in fresh}
        until = time(batch[-1])
