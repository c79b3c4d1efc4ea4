"""Lists that are asked for page by page -> all that is in them, each once.

A page goes on at the moment in which the last one ended, for several may have come in it.
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
    """All of them, the newest first; `page` gives those until a time, in seconds since 1970."""
    until: float | None = None
    seen: set[Hashable] = set()
    while batch := page(until):
        fresh = [item for item in batch if identity(item) not in seen]
        if not fresh:
            return
        yield from fresh
        seen |= {identity(item) for item in fresh}
        until = time(batch[-1])
