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
from aftertrain.ingest.version import UnsettledError, is_gone, version_of
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.model.policy import Assemble, Debounce, Order, Policies

SETTLING_LOOK_SECONDS = 5.0  # until a bucket that is behind is asked again


@dataclass(frozen=True, slots=True)
class Question:
    """One policy, ready to be asked: its gate, and what it says to any state of it."""

    gate: str
    decide: Callable[[State], Answer]


Asker = Callable[[Start, Ticket, Ports], "Question | Decision | None"]


def admit(start: Start, record: Record, ports: Ports) -> Decision:
    """What the policies say: the first that does not let the start pass, or all that the passes bring with them.

    Raises: BusyError if it has to be asked again later.
    """
    waits = record.verdict_of(start.trigger_id)
    ticket = Ticket(
        start.name,
        start.trigger_id,
        record.key,
        record.event,
        start.pipeline.machine_arn,
        record.received_at,
        waited=waits is not None,
    )
    passed = replace(PASS, input=start.brings)
    counted = waits is not None and waits.verdict == "queued"
    for question in _questions(start.policies, counted=counted):
        ticket = replace(ticket, brings=passed.input)
        passed = _asked(question(start, ticket, ports), passed, ports)
        if not passed.passes:
            return passed
    if start.policies.order is not None and start.policies.concurrency is not None:
        # Once more, for it may have waited: with a slot in hand nothing newer can overtake it.
        newest = replace(ticket, event=_newest(passed, ticket))
        passed = _asked(_still_newest(start, newest, ports), passed, ports)
    return passed


def _asked(question: Question | Decision | None, passed: Decision, ports: Ports) -> Decision:
    """What is known after one more answer."""
    if question is None:
        return passed
    decision = question if isinstance(question, Decision) else ask(question.gate, question.decide, ports.gates)
    if not decision.passes:
        return replace(decision, wakes=passed.wakes + decision.wakes, gates=passed.gates)
    return _both(passed, decision, question)


def _newest(passed: Decision, ticket: Ticket) -> Event:
    """What the execution will be about: of a burst its newest event."""
    given = passed.input.get("event")
    return ticket.event if given is None else Event.from_envelope(given)


def _both(before: Decision, now: Decision, asked: Question | Decision) -> Decision:
    """What two passes bring with them."""
    keeps = (asked.gate,) if isinstance(asked, Question) and now.input else ()
    carried = {} if "event" in now.input else before.input  # another event has what is its own with it
    return replace(
        now,
        clause="",
        input={**carried, **now.input},
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


def last_asked(start: Start, event: Event) -> tuple[str, Callable[[State, str], Answer]] | None:
    """The gate that a start without a slot passes last, and how that ends a start which it has not let pass."""
    policies = start.policies
    if policies.rate is not None:
        return _breaker(start), rate.withdraw
    if policies.debounce is not None:
        return _burst(start.trigger_id, event, policies.debounce), debounce.withdraw
    if policies.order is not None:
        return _marked(start, event), order.withdraw
    placed = assemble.place(event, policies.assemble) if policies.assemble is not None else None
    return None if placed is None else (_set(start.trigger_id, placed[0]), assemble.withdraw)


def waited_at(start: Start, event: Event) -> Iterator[tuple[str, Callable[[State, str], State]]]:
    """The gates that may remember a start, and how each forgets one that will never be made."""
    burst, sets = start.policies.debounce, start.policies.assemble
    if burst is not None:
        yield _burst(start.trigger_id, event, burst), debounce.withdrawn
    if sets is not None and (placed := assemble.place(event, sets)) is not None:
        yield _set(start.trigger_id, placed[0]), assemble.withdrawn


def _questions(policies: Policies, *, counted: bool) -> Iterator[Asker]:
    """What is asked, in this order; a policy is looked into only if those before it let pass.

    `counted`: it waits for a slot, and was counted by the breaker before; that does not remember as many as may wait.
    """
    if policies.assemble is not None:
        yield _assembling
    if policies.order is not None:
        yield _ordered
    if policies.debounce is not None:
        yield _debounced
    if policies.rate is not None and not counted:
        yield _limited
    if policies.concurrency is not None:
        yield _counted


def _ordered(start: Start, ticket: Ticket, ports: Ports) -> Question | Decision | None:
    quiet = start.policies.debounce
    if quiet is not None and debounce.leads(
        ports.gates.get(_burst(ticket.trigger_id, ticket.event, quiet)).state, ticket.name
    ):
        return None  # it speaks for its burst, whose other events were asked when they joined
    return _still_newest(start, ticket, ports)


def _still_newest(start: Start, ticket: Ticket, ports: Ports) -> Question | Decision:
    policy, gate = start.policies.order or Order(), _marked(start, ticket.event)
    if (gone := is_gone(ticket.event, policy, ports)) is not None:
        if gone:
            return Question(gate, lambda state: order.let_pass(state, ticket))
        return Decision("stale", "order", "the object is gone", "it was written again")
    try:
        version = version_of(ticket.event, policy, ticket, ports)
    except UnsettledError as error:
        until = ports.clock() + SETTLING_LOOK_SECONDS
        return Decision("received", "order", "the bucket shows it", error.message, final=False, until=until)
    return Question(gate, lambda state: order.decide(state, ticket, version))


def _debounced(start: Start, ticket: Ticket, ports: Ports) -> Question | None:
    policy, now = start.policies.debounce, ports.clock()
    if policy is None:
        return None
    return Question(
        _burst(ticket.trigger_id, ticket.event, policy), lambda state: debounce.decide(state, ticket, policy, now)
    )


def _marked(start: Start, event: Event) -> str:
    policy = start.policies.order or Order()
    return gate_id("order", start.trigger_id, key_of(event, policy.key or OBJECT))


def _burst(trigger_id: str, event: Event, policy: Debounce) -> str:
    return gate_id("debounce", trigger_id, key_of(event, policy.key))


def _set(trigger_id: str, key: str) -> str:
    return gate_id("assemble", trigger_id, key)


def _limited(start: Start, ticket: Ticket, ports: Ports) -> Question | None:
    policy, now = start.policies.rate, ports.clock()
    if policy is None:
        return None
    return Question(_breaker(start), lambda state: rate.decide(state, ticket, policy, now))


def _breaker(start: Start) -> str:
    return gate_id("rate", start.trigger_id)


def _counted(start: Start, ticket: Ticket, ports: Ports) -> Question | None:
    policy = start.policies.concurrency
    if policy is None:
        return None
    gate = gate_id("concurrency", ticket.trigger_id, key_of(ticket.event, policy.key))
    if policy.on_full in ("skip", "cancel"):
        heal(gate, ports)  # what it costs an event is final: only executions that really run may cost it
    return Question(gate, lambda state: concurrency.decide(state, ticket, policy))


def _assembling(start: Start, ticket: Ticket, ports: Ports) -> Question | Decision | None:
    policy = start.policies.assemble
    if policy is None:
        return None
    placed = assemble.place(ticket.event, policy)
    if placed is None:
        expected = f"a key that has {policy.pattern}"
        return Decision("filtered", "assemble", expected, ticket.event.subject)
    key, piece = placed
    piece, now = _told(piece, policy, ticket, ports), ports.clock()
    gate = _set(ticket.trigger_id, key)
    return Question(gate, lambda state: assemble.decide(state, ticket, piece, policy, now))


def _told(piece: Piece, policy: Assemble, ticket: Ticket, ports: Ports) -> Piece:
    """An index says which files there are; where a marker is, whatever is in the folder is there."""
    if piece.part == policy.index:
        return replace(piece, needs=ports.look().weight_files(ticket.event))
    if piece.last:
        folder = posixpath.dirname(ticket.event.subject)
        return replace(piece, there=ports.look().objects(ticket.event, f"{folder}/" if folder else ""))
    return piece
