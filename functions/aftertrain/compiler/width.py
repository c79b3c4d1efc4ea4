"""Graph -> how many of its steps can run at once at most.

    a; b; c needs a, b  ->  2

The size of the largest set of independent steps. By Dilworth's theorem it equals the minimal number of chains that
cover all steps, found by a maximum matching.
"""

from aftertrain.compiler.graph import Graph


def width(graph: Graph) -> int:
    """The width of the steps' order."""
    ancestors: dict[str, set[str]] = {}
    for step in graph.order:
        needs = graph.nodes[step].needs
        ancestors[step] = set(needs).union(*(ancestors[need] for need in needs))
    follower: dict[str, str] = {}
    matched = sum(_match(step, ancestors, follower) for step in graph.order)
    return len(ancestors) - matched


def _match(step: str, ancestors: dict[str, set[str]], follower: dict[str, str]) -> bool:
    """Find a step to follow, by a breadth-first search for an augmenting path."""
    came_from: dict[str, str] = {}
    waiting = [step]
    for current in waiting:
        for need in sorted(ancestors[current] - set(came_from)):
            came_from[need] = current
            if need not in follower:
                _flip(need, came_from, follower)
                return True
            waiting.append(follower[need])
    return False


def _flip(need: str, came_from: dict[str, str], follower: dict[str, str]) -> None:
    """Flip the matching along the path."""
    taker = came_from[need]
    while True:
        held = next((candidate for candidate, holder in follower.items() if holder == taker), None)
        follower[need] = taker
        if held is None:
            return
        need, taker = held, came_from[held]
