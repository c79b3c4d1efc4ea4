"""Event triggers: what starts which pipeline."""

from dataclasses import replace

from aftertrain.control.bodies import TriggerCreate, TriggerUpdate
from aftertrain.control.lookup import absent, existing, published, settled
from aftertrain.control.params import check_params
from aftertrain.control.ports import Change, Item, Ports
from aftertrain.control.snapshot import with_trigger
from aftertrain.errors import AuthorError, ConflictError
from aftertrain.expressions.pattern import check_pattern
from aftertrain.expressions.where import compile_where
from aftertrain.ingest.admit import gate_id
from aftertrain.ingest.ask import ask
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.policies import rate
from aftertrain.ingest.policies.decision import PASS, Answer, State
from aftertrain.ingest.ports import Ports as IngestPorts
from aftertrain.model.names import slug
from aftertrain.model.policy import KINDS


def create(body: TriggerCreate, ports: Ports) -> Item:
    """Make a new trigger.

    Raises: NotFoundError if there is no such pipeline, AuthorError if a filter cannot be read or params do not fit.
    """
    trigger_id = body.id or f"{slug(body.event_type)[:30]}-{ports.suffix()}"
    now = ports.clock()
    item = body.model_dump(mode="json") | {"id": trigger_id, "created_at": now, "updated_at": now}

    def change() -> Item:
        absent(ports.registry, "trigger", trigger_id)
        return _commit(item, 0, ports)

    return settled(change)


def update(trigger_id: str, body: TriggerUpdate, ports: Ports) -> Item:
    """Change what is given.

    Raises: as `create` does.
    """
    given = body.model_dump(mode="json", exclude_unset=True)

    def change() -> Item:
        entry = existing(ports.registry, "trigger", trigger_id)
        return _commit(_merged(entry.item, given) | {"updated_at": ports.clock()}, entry.revision, ports)

    return settled(change)


def delete(trigger_id: str, ports: Ports) -> None:
    """Take a trigger away; executions that it started go on."""

    def change() -> None:
        entry = existing(ports.registry, "trigger", trigger_id)
        snapshot = with_trigger(ports.registry.snapshot(), None, None, trigger_id)
        ports.registry.commit([Change("trigger", trigger_id, None, entry.revision)], snapshot)

    settled(change)


def resume(trigger_id: str, ports: Ports, ingest: IngestPorts) -> Item:
    """Close a breaker that `rate` has opened; what was kept starts now.

    Raises: NotFoundError; ConflictError if the trigger is not paused.
    """
    gate = gate_id("rate", trigger_id)
    if "paused_at" not in ingest.gates.get(gate).state:  # one that was deleted while it was paused can be resumed too
        existing(ports.registry, "trigger", trigger_id)
        raise ConflictError(f"the trigger {trigger_id!r} is not paused")

    def decide(state: State) -> Answer:
        state, woken = rate.resume(state, ingest.clock())
        return state, replace(PASS, wakes=woken)

    woken = ask(gate, decide, ingest.gates).wakes
    for key in woken:
        hand_over(key, ingest.redrives)
    return {"id": trigger_id, "released": len(woken)}


def get(trigger_id: str, ports: Ports) -> Item:
    """One trigger."""
    return existing(ports.registry, "trigger", trigger_id).item


def list_all(pipeline_id: str | None, ports: Ports) -> list[Item]:
    """All triggers, or those of one pipeline."""
    triggers = ports.registry.items("trigger")
    return [item for item in triggers if pipeline_id in (None, item["pipeline_id"])]


def _merged(item: Item, given: Item) -> Item:
    """The trigger with what is given, held against what a new one must look like."""
    for name, value in given.items():
        if value is None and name not in ("where", "filter", *KINDS):
            raise AuthorError(f"{name} cannot be null: leave it out to keep it", field=name)
    return item | given


def _commit(item: Item, revision: int, ports: Ports) -> Item:
    # The snapshot is read first: whatever else is read is at least as new, or the commit is refused as stale.
    snapshot = ports.registry.snapshot()
    pipeline = existing(ports.registry, "pipeline", item["pipeline_id"])
    if item["where"] is not None:
        compile_where(item["where"])
    if item["filter"] is not None:
        check_pattern(item["filter"])
    check_params(published(pipeline.item["definition"]).parameters, item["params"])
    changed = with_trigger(snapshot, item, pipeline.item, item["id"])
    ports.registry.commit([Change("trigger", item["id"], item, revision)], changed)
    return item
