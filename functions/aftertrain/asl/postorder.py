"""A start and what each leads to -> all that can be reached, each behind those that it leads to.

    postorder("a", {"a": ["b", "c"], "b": ["c"], "c": []}.__getitem__, set())  ->  ["c", "b", "a"]

Without recursion: a machine of a thousand states in a row is deeper than Python's stack.
"""

from collections.abc import Callable, Iterable


def postorder(start: str, onward: Callable[[str], Iterable[str]], seen: set[str]) -> list[str]:
    """Depth first, `start` last; what is in `seen` is passed over, and what is visited is added to it."""
    if start in seen:
        return []
    seen.add(start)
    order: list[str] = []
    pending = [(start, iter(onward(start)))]
    while pending:
        current, others = pending[-1]
        other = next((each for each in others if each not in seen), None)
        if other is None:
            order.append(current)
            pending.pop()
        else:
            seen.add(other)
            pending.append((other, iter(onward(other))))
    return order
