"""A start node and the successors of each node -> all reachable nodes, each after its successors.

    postorder("a", {"a": ["b", "c"], "b": ["c"], "c": []}.__getitem__, set())  ->  ["c", "b", "a"]

It does not recurse: a machine of a thousand consecutive states is deeper than Python's stack.
"""

from collections.abc import Callable, Iterable


def postorder(start: str, successors_of: Callable[[str], Iterable[str]], seen: set[str]) -> list[str]:
    """Depth first, `start` last; nodes in `seen` are skipped, and visited nodes are added to it."""
    if start in seen:
        return []
    seen.add(start)
    order: list[str] = []
    pending = [(start, iter(successors_of(start)))]
    while pending:
        current, successors = pending[-1]
        successor = next((candidate for candidate in successors if candidate not in seen), None)
        if successor is None:
            order.append(current)
            pending.pop()
        else:
            seen.add(successor)
            pending.append((successor, iter(successors_of(successor))))
    return order
