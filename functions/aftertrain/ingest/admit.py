"""A start -> its trigger's policies decide, in order, whether it may begin.

Each policy keeps a state per trigger and key in the ledger. The state changes by compare-and-set: if another writer was
faster, the policy decides again on the new state. Policies that must look into a bucket are left to the queue when a
sender is waiting for the answer.
"""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from aftertrain.ingest.compare_and_set import compare_and_set
from aftertrain.ingest.event_record import EventRecord, Start
from aftertrain.ingest.policies import assemble, concurrency, debounce, order, rate
from aftertrain.ingest.policies.decision import PASS, PolicyDecision, State, Ticket, Transition
from aftertrain.ingest.policies.group_key import OBJECT, group_key
from aftertrain.ingest.policies.part_notice import PartNotice, explain_no_part, locate_part
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.recency import BucketBehindError, is_gone, recency_of
from aftertrain.ingest.slots import reclaim_slots
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.model.policy import Assemble, Debounce, Order, Policies

SETTLING_LOOK_SECONDS = 5.0  # until a bucket with a stale view is asked again


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """One policy, ready to decide: the key of its state, and the function from any state to a decision."""

    state_key: str
    decide: Callable[[State], Transition]


PrepareCheck = Callable[[Start, Ticket, IngestPorts], "PolicyCheck | PolicyDecision | None"]


def admit(start: Start, record: EventRecord, ports: IngestPorts) -> PolicyDecision:
    """The first decision that does not let the start pass, or the merged passes of all policies.

    Raises: BusyError if the decision has to be retried later.
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
        # Check `order` again: the start may have waited, and with its slot taken no newer event can overtake it.
        newest = replace(ticket, event=_newest_event(decision, ticket))
        decision = _apply(_check_newest(start, newest, ports), decision, ports)
    return decision


def _apply(
    question: PolicyCheck | PolicyDecision | None, previous: PolicyDecision, ports: IngestPorts
) -> PolicyDecision:
    """The decision after one more policy has decided."""
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
    """The event that the execution is about: the newest of a burst."""
    envelope = decision.input.get("event")
    return ticket.event if envelope is None else Event.from_envelope(envelope)


def _merge_passes(
    previous: PolicyDecision, current: PolicyDecision, question: PolicyCheck | PolicyDecision
) -> PolicyDecision:
    """One pass that carries what both passes add."""
    state_keys = (question.state_key,) if isinstance(question, PolicyCheck) and current.input else ()
    inherited_input = {} if "event" in current.input else previous.input  # another event brings its own input
    return replace(
        current,
        clause="",
        input={**inherited_input, **current.input},
        wakes=previous.wakes + current.wakes,
        stops=previous.stops + current.stops,
        state_keys=previous.state_keys + state_keys,
    )


def policy_key(kind: str, trigger_id: str, key: str = "") -> str:
    """The key of a policy's state."""
    return f"{kind}#{trigger_id}#{digest(key)}" if key else f"{kind}#{trigger_id}"


def slot_key_of(start: Start, event: Event) -> str | None:
    """The key of the state that holds the start's slot; None without `concurrency`."""
    policy = start.policies.concurrency
    return None if policy is None else policy_key("concurrency", start.trigger_id, group_key(event, policy.key))


def last_policy(start: Start, event: Event) -> tuple[str, Callable[[State, str], Transition]] | None:
    """The last policy of a start without a slot, and the function that withdraws the start there."""
    policies = start.policies
    if policies.rate is not None:
        return _rate_key(start), rate.withdraw
    if policies.debounce is not None:
        return _debounce_key(start.trigger_id, event, policies.debounce), debounce.withdraw
    if policies.order is not None:
        return _order_key(start, event), order.withdraw
    placement = locate_part(event, policies.assemble) if policies.assemble is not None else None
    return None if placement is None else (_assemble_key(start.trigger_id, placement[0]), assemble.withdraw)


def holding_policies(start: Start, event: Event) -> Iterator[tuple[str, Callable[[State, str], State]]]:
    """The states that may remember a start, each with the function that makes it forget a start that never happens."""
    debounce_policy, assemble_policy = start.policies.debounce, start.policies.assemble
    if debounce_policy is not None:
        yield _debounce_key(start.trigger_id, event, debounce_policy), debounce.forget
    if assemble_policy is not None and (placement := locate_part(event, assemble_policy)) is not None:
        yield _assemble_key(start.trigger_id, placement[0]), assemble.forget


def _checks(policies: Policies, *, counted: bool) -> Iterator[PrepareCheck]:
    """The checks in order; a later one is prepared only after the earlier ones let the start pass.

    `counted`: the start waits for a slot and `rate` has counted it already. `rate` forgets starts sooner than a queue
    does.
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
        return None  # the leader speaks for its burst; the other events were checked when they joined
    return _check_newest(start, ticket, ports)


def _check_newest(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | PolicyDecision:
    policy, state_key = start.policies.order or Order(), _order_key(start, ticket.event)
    if (gone := is_gone(ticket.event, policy, ports)) is not None:
        if gone:
            return PolicyCheck(state_key, lambda state: order.pass_unconditionally(state, ticket))
        return PolicyDecision("stale", "order", "the object is gone", "it was rewritten")
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
        reclaim_slots(state_key, ports)  # `skip` and `cancel` are final: only executions that really run may cause them
    return PolicyCheck(state_key, lambda state: concurrency.decide(state, ticket, policy))


def _check_assemble(start: Start, ticket: Ticket, ports: IngestPorts) -> PolicyCheck | PolicyDecision | None:
    policy = start.policies.assemble
    if policy is None:
        return None
    placement = locate_part(ticket.event, policy)
    if placement is None:
        return PolicyDecision("filtered", "assemble", *explain_no_part(ticket.event, policy))
    key, piece = placement
    piece, now = _with_bucket_facts(piece, policy, ticket, ports), ports.clock()
    state_key = _assemble_key(ticket.trigger_id, key)
    return PolicyCheck(state_key, lambda state: assemble.decide(state, ticket, piece, policy, now))


def _with_bucket_facts(piece: PartNotice, policy: Assemble, ticket: Ticket, ports: IngestPorts) -> PartNotice:
    """The part with facts from the bucket: an index's file names, or everything beside a marker."""
    if piece.part == policy.index:
        return replace(piece, needs=ports.look().weight_files(ticket.event))
    if piece.last:
        folder = posixpath.dirname(ticket.event.subject)
        return replace(piece, there=ports.look().objects(ticket.event, f"{folder}/" if folder else ""))
    return piece
