"""A start -> whether it may begin: its trigger's policies are asked, one after the other.

Each policy has a gate in the ledger per trigger and key, which is changed by a write that fails if somebody else was
faster; then the policy is asked again with what stands there now. What has to look into a bucket is left to the queue
by callers that somebody waits for.
"""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from aftertrain.ingest.compare_and_set import compare_and_set
from aftertrain.ingest.event_record import EventRecord, Start
from aftertrain.ingest.policies import assemble, concurrency, debounce, order, rate
from aftertrain.ingest.policies.assemble import PartNotice
from aftertrain.ingest.policies.decision import PASS, PolicyDecision, State, Ticket, Transition
from aftertrain.ingest.policies.group_key import OBJECT, group_key
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.recency import BucketBehindError, is_gone, recency_of
from aftertrain.ingest.slots import reclaim_slots
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.model.policy import Assemble, Debounce, Order, Policies

SETTLING_LOOK_SECONDS = 5.0  # until a bucket that is behind is asked again


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """One policy, ready to be asked: its gate, and what it says to any state of it."""

    state_key: str
    decide: Callable[[State], Transition]


PrepareCheck = Callable[[Start, Ticket, IngestPorts], "PolicyCheck | PolicyDecision | None"]


def admit(start: Start, record: EventRecord, ports: IngestPorts) -> PolicyDecision:
    """What the policies say: the first that does not let the start pass, or all that the passes bring with them.

    Raises: BusyError if it has to be asked again later.
    """
    previous = record.verdict_of(start.trigger_id)
    ticket = Ticket(
        start.name,
        start.trigger_id,
        record.key,
        record.event,
        start.pipeline.machine_arn,
        record.received_at,
        waited=previous is not None,
    )
    decision = replace(PASS, input=start.extra_input)
    counted = previous is not None and previous.verdict == "queued"
    for question in _checks(start.policies, counted=counted):
        ticket = replace(ticket, extra_input=decision.input)
        decision = _apply(question(start, ticket, ports), decision, ports)
        if not decision.passes:
            return decision
    if start.policies.order is not None and start.policies.concurrency is not None:
        # Once more, for it may have waited: with a slot in hand nothing newer can overtake it.
        newest = replace(ticket, event=_newest_event(decision, ticket))
        decision = _apply(_check_newest(start, newest, ports), decision, ports)
    return decision


def _apply(
    question: PolicyCheck | PolicyDecision | None, previous: PolicyDecision, ports: IngestPorts
) -> PolicyDecision:
    """What is known after one more answer."""
    if question is None:
        return previous
    decision = (
        question
        if isinstance(question, PolicyDecision)
        else compare_and_set(question.state_key, question.decide, ports.policy_states)
    )
    if not decision.passes:
        return replace(decision, wakes=previous.wakes + decision.wakes, state_keys=previous.state_keys)
    return _merge_passes(previous, decision, question)


def _newest_event(decision: PolicyDecision, ticket: Ticket) -> Event:
    """What the execution will be about: of a burst its newest event."""
    envelope = decision.input.get("event")
    return ticket.event if envelope is None else Event.from_envelope(envelope)


def _merge_passes(
    previous: PolicyDecision, current: PolicyDecision, question: PolicyCheck | PolicyDecision
) -> PolicyDecision:
    """What two passes bring with them."""
    state_keys = (question.state_key,) if isinstance(question, PolicyCheck) and current.input else ()
    inherited_input = {} if "event" in current.input else previous.input  # another event has what is its own with it
    return replace(
        current,
        clause="",
        input={**inherited_input, **current.input},
        wakes=previous.wakes + current.wakes,
        stops=previous.stops + current.stops,
        state_keys=previous.state_keys + state_keys,
    )


def policy_key(kind: str, trigger_id: str, key: str = "") -> str:
    """The name of a policy's gate."""
    return f"{kind}#{trigger_id}#{digest(key)}" if key else f"{kind}#{trigger_id}"


def slot_key_of(start: Start, event: Event) -> str | None:
    """The gate that a start's slot belongs to; None if it needs none."""
    policy = start.policies.concurrency
    return None if policy is None else policy_key("concurrency", start.trigger_id, group_key(event, policy.key))


def last_policy(start: Start, event: Event) -> tuple[str, Callable[[State, str], Transition]] | None:
    """The gate that a start without a slot passes last, and how that ends a start which it has not let pass."""
    policies = start.policies
    if policies.rate is not None:
        return _rate_key(start), rate.withdraw
    if policies.debounce is not None:
        return _debounce_key(start.trigger_id, event, policies.debounce), debounce.withdraw
    if policies.order is not None:
        return _order_key(start, event), order.withdraw
    placement = assemble.locate_part(event, policies.assemble) if policies.assemble is not None else None
    return None if placement is None else (_assemble_key(start.trigger_id, placement[0]), assemble.withdraw)


def holding_policies(start: Start, event: Event) -> Iterator[tuple[str, Callable[[State, str], State]]]:
    """The gates that may remember a start, and how each forgets one that will never be made."""
    debounce_policy, assemble_policy = start.policies.debounce, start.policies.assemble
    if debounce_policy is not None:
        yield _debounce_key(start.trigger_id, event, debounce_policy), debounce.forget
    if assemble_policy is not None and (placement := assemble.locate_part(event, assemble_policy)) is not None:
        yield _assemble_key(start.trigger_id, placement[0]), assemble.forget


def _checks(policies: Policies, *, counted: bool) -> Iterator[PrepareCheck]:
    """What is asked, in this order; a policy is looked into only if those before it let pass.

    `counted`: it waits for a slot, and was counted by the breaker before; that does not remember as many as may wait.
    """
    if policies.assemble is not None:
        yield _check_assemble
    if policies.order is not None:
        yield _check_order
    if policies.debounce is not None:
        yield _check_debounce
    if policies.rate is not None and not counted:
        yield _check_rate
    if policies.concurrency is not None:
        yield _check_concurrency


def _check_order(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | PolicyDecision | None:
    debounce_policy = start.policies.debounce
    if debounce_policy is not None and debounce.leads(
        ports.policy_states.get(_debounce_key(ticket.trigger_id, ticket.event, debounce_policy)).state, ticket.name
    ):
        return None  # it speaks for its burst, whose other events were asked when they joined
    return _check_newest(start, ticket, ports)


def _check_newest(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | PolicyDecision:
    policy, state_key = start.policies.order or Order(), _order_key(start, ticket.event)
    if (gone := is_gone(ticket.event, policy, ports)) is not None:
        if gone:
            return PolicyCheck(state_key, lambda state: order.pass_unconditionally(state, ticket))
        return PolicyDecision("stale", "order", "the object is gone", "it was written again")
    try:
        version = recency_of(ticket.event, policy, ticket, ports)
    except BucketBehindError as error:
        until = ports.clock() + SETTLING_LOOK_SECONDS
        return PolicyDecision("received", "order", "the bucket shows it", error.message, final=False, until=until)
    return PolicyCheck(state_key, lambda state: order.decide(state, ticket, version))


def _check_debounce(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | None:
    policy, now = start.policies.debounce, ports.clock()
    if policy is None:
        return None
    return PolicyCheck(
        _debounce_key(ticket.trigger_id, ticket.event, policy),
        lambda state: debounce.decide(state, ticket, policy, now),
    )


def _order_key(start: Start, event: Event) -> str:
    policy = start.policies.order or Order()
    return policy_key("order", start.trigger_id, group_key(event, policy.key or OBJECT))


def _debounce_key(trigger_id: str, event: Event, policy: Debounce) -> str:
    return policy_key("debounce", trigger_id, group_key(event, policy.key))


def _assemble_key(trigger_id: str, key: str) -> str:
    return policy_key("assemble", trigger_id, key)


def _check_rate(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | None:
    policy, now = start.policies.rate, ports.clock()
    if policy is None:
        return None
    return PolicyCheck(_rate_key(start), lambda state: rate.decide(state, ticket, policy, now))


def _rate_key(start: Start) -> str:
    return policy_key("rate", start.trigger_id)


def _check_concurrency(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | None:
    policy = start.policies.concurrency
    if policy is None:
        return None
    state_key = policy_key("concurrency", ticket.trigger_id, group_key(ticket.event, policy.key))
    if policy.on_full in ("skip", "cancel"):
        reclaim_slots(state_key, ports)  # what it costs an event is final: only executions that really run may cost it
    return PolicyCheck(state_key, lambda state: concurrency.decide(state, ticket, policy))


def _check_assemble(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | PolicyDecision | None:
    policy = start.policies.assemble
    if policy is None:
        return None
    placement = assemble.locate_part(ticket.event, policy)
    if placement is None:
        expected = f"a key that has {policy.pattern}"
        return PolicyDecision("filtered", "assemble", expected, ticket.event.subject)
    key, piece = placement
    piece, now = _with_bucket_facts(piece, policy, ticket, ports), ports.clock()
    state_key = _assemble_key(ticket.trigger_id, key)
    return PolicyCheck(state_key, lambda state: assemble.decide(state, ticket, piece, policy, now))


def _with_bucket_facts(piece: PartNotice, policy: Assemble, ticket: Ticket, ports: IngestPorts) -> PartNotice:
    """An index says which files there are; where a marker is, whatever is in the folder is there."""
    if piece.part == policy.index:
        return replace(piece, needs=ports.look().weight_files(ticket.event))
    if piece.last:
        folder = posixpath.dirname(ticket.event.subject)
        return replace(piece, there=ports.look().objects(ticket.event, f"{folder}/" if folder else ""))
    return piece
