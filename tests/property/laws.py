"""A history checker: the invariants of ledger and executions at any moment, in plain words."""

from collections.abc import Callable, Iterator

from tests.property.faulty import World

Law = Callable[[World], Iterator[str]]


def an_execution_is_that_of_a_recorded_start(world: World) -> Iterator[str]:
    """Every execution was started by a recorded event."""
    asked = {start.name for record in world.ledger.records.values() for start in record.starts}
    yield from (f"{name} was never asked for" for name in world.starter.started if name not in asked)


def what_is_done_has_started_or_says_why_not(world: World) -> Iterator[str]:
    """A finished event has an execution, or a verdict that ends it."""
    for record in world.ledger.records.values():
        for start in record.starts:
            verdict = record.verdict_of(start.trigger_id)
            if record.done and verdict is None and start.name not in world.starter.started:
                yield f"{start.name} is done and has not started"
            if record.done and verdict is not None and not verdict.final:
                yield f"{start.name} is done and still {verdict.verdict}"


def what_says_that_it_never_started_has_not(world: World) -> Iterator[str]:
    """A final verdict is true. Only a replaced start may have run before."""
    for record in world.ledger.records.values():
        for start in record.starts:
            verdict = record.verdict_of(start.trigger_id)
            ended = verdict is not None and verdict.final and verdict.verdict not in ("started", "replaced")
            if ended and start.name in world.starter.started:
                yield f"{start.name} has started and says {verdict.verdict if verdict else ''}"


def what_is_not_done_is_looked_at_again(world: World) -> Iterator[str]:
    """Every unfinished event is in the index that the sweeper reads."""
    for key, record in world.ledger.records.items():
        if not record.done and key not in world.ledger.due_at:
            yield f"{key} is not done, and nobody will look at it"


LAWS: tuple[Law, ...] = (
    an_execution_is_that_of_a_recorded_start,
    what_is_done_has_started_or_says_why_not,
    what_says_that_it_never_started_has_not,
    what_is_not_done_is_looked_at_again,
)


def broken(world: World) -> list[str]:
    """Every violation of every law."""
    return [breach for law in LAWS for breach in law(world)]
