"""A start -> whether it may begin: its trigger's policies are asked, one after the other.

Each policy has a gate in the ledger per trigger and key, which is changed by a write that fails if somebody else was
faster; then the policy is asked again with what stands there now. What has to look into a bucket is left to the queue
by callers that somebody waits for.
"""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from aftertrain.ingest.ask import ask
from aftertrain.ingest.policies import assemble, concurrency, debounce, order, rate
from aftertrain.ingest.policies.assemble import Piece
from aftertrain.ingest.policies.decision import PASS, Answer, Decision, State, Ticket
from aftertrain.ingest.policies.keys import OBJECT, key_of
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.record import Record, Start
from aftertrain.ingest.slots import heal
from aftertrain.ingest.version import UnsettledError, version_of
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.model.policy import Assemble, Order

SETTLING_LOOK_SECONDS = 5.0  # until a bucket that is behind is asked again


@dataclass(frozen=True, slots=True)
class Question:
    """One policy, ready to be asked: its gate, and what it says to any state of it."""

    gate: str
    decide: Callable[[State], Answer]


def admit(start: Start, record: Record, ports: Ports) -> Decision:
    """What the policies say: the first that does not let the start pass, or all that the passes bring with them.

    Raises: BusyError if it has to be asked again later.
    """
    ticket = Ticket(
        start.name, start.trigger_id, record.key, record.event, start.pipeline.machine_arn, record.received_at
    )
    passed = PASS
    for asked in _asks(start, ticket, ports):
        decision = asked if isinstance(asked, Decision) else ask(asked.gate, asked.decide, ports.gates)
        if not decision.passes:
            return replace(decision, wakes=passed.wakes + decision.wakes)
        passed = _both(passed, decision, asked)
    return passed


def _both(before: Decision, now: Decision, asked: Question | Decision) -> Decision:
    """What two passes bring with them."""
    keeps = (asked.gate,) if isinstance(asked, Question) and now.input else ()
    return replace(
        now,
        clause="",
        input={**before.input, **now.input},
        wakes=before.wakes + now.wakes,
        stops=before.stops + now.stops,
        gates=before.gates + keeps,
    )


def gate_id(kind: str, trigger_id: str, key: str = "") -> str:
    """The name of a policy's gate."""
    return f"{kind}#{trigger_id}#{digest(key)}" if key else f"{kind}#{trigger_id}"


def slot_of(start: Start, event: Event) -> str | None:
    """The gate that a start's slot belongs to; None if it needs none."""
    policy = start.policies.concurrency
    return None if policy is None else gate_id("concurrency", start.trigger_id, key_of(event, policy.key))


def _asks(start: Start, ticket: Ticket, ports: Ports) -> Iterator[Question | Decision]:
    """In the order in which they are asked; a policy is looked into only if those before it let pass."""
    policies, event, now = start.policies, ticket.event, ports.clock()
    if (gathering := policies.assemble) is not None:
        yield _assembling(gathering, ticket, ports)
    if (ordered := policies.order) is not None:
        yield _ordered(ordered, ticket, ports)
    if (quiet := policies.debounce) is not None:
        gate = gate_id("debounce", ticket.trigger_id, key_of(event, quiet.key))
        yield Question(gate, lambda state: debounce.decide(state, ticket, quiet, now))
    if (limited := policies.rate) is not None:
        yield Question(gate_id("rate", ticket.trigger_id), lambda state: rate.decide(state, ticket, limited, now))
    if (counted := policies.concurrency) is not None:
        gate = gate_id("concurrency", ticket.trigger_id, key_of(event, counted.key))
        if counted.on_full in ("skip", "cancel"):
            heal(gate, ports)  # what it costs an event is final: only executions that really run may cost it
        yield Question(gate, lambda state: concurrency.decide(state, ticket, counted))
        if ordered is not None:  # once more, for it may have waited: with a slot in hand nothing newer can overtake it
            yield _ordered(ordered, ticket, ports)


def _ordered(policy: Order, ticket: Ticket, ports: Ports) -> Question | Decision:
    try:
        version = version_of(ticket.event, policy, ticket, ports)
    except UnsettledError as error:
        until = ports.clock() + SETTLING_LOOK_SECONDS
        return Decision("received", "order", "the bucket shows it", error.message, final=False, until=until)
    gate = gate_id("order", ticket.trigger_id, key_of(ticket.event, policy.key or OBJECT))
    return Question(gate, lambda state: order.decide(state, ticket, version))


def _assembling(policy: Assemble, ticket: Ticket, ports: Ports) -> Question | Decision:
    placed = assemble.place(ticket.event, policy)
    if placed is None:
        expected = f"a key that has {policy.pattern}"
        return Decision("filtered", "assemble", expected, ticket.event.subject)
    key, piece = placed
    piece, now = _told(piece, policy, ticket, ports), ports.clock()
    gate = gate_id("assemble", ticket.trigger_id, key)
    return Question(gate, lambda state: assemble.decide(state, ticket, piece, policy, now))


def _told(piece: Piece, policy: Assemble, ticket: Ticket, ports: Ports) -> Piece:
    """An index says which files there are; where a marker is, whatever is in the folder is there."""
    if piece.part == policy.index:
        return replace(piece, needs=ports.look().weight_files(ticket.event))
    if piece.last:
        folder = posixpath.dirname(ticket.event.subject)
        return replace(piece, there=ports.look().objects(ticket.event, f"{folder}/"))
    return piece
