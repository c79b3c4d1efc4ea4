"""Event triggers: which events start which pipeline."""

from collections.abc import Iterable
from dataclasses import replace

from aftertrain.control.bodies import TriggerCreate, TriggerUpdate
from aftertrain.control.build_snapshot import with_trigger
from aftertrain.control.check_params import check_params
from aftertrain.control.ports import Change, ControlPorts, Entry, Item
from aftertrain.control.require import published_definition, require, require_absent, retry_stale
from aftertrain.errors import AuthorError, ConflictError
from aftertrain.expressions.pattern import check_pattern
from aftertrain.expressions.where import compile_where
from aftertrain.ingest.admit import policy_key
from aftertrain.ingest.compare_and_set import compare_and_set
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.policies import rate
from aftertrain.ingest.policies.decision import PASS, State, Transition
from aftertrain.ingest.ports import IngestPorts
from aftertrain.model.authority import BUILT_IN
from aftertrain.model.names import slug
from aftertrain.model.policy import KINDS


def create(body: TriggerCreate, ports: ControlPorts) -> Item:
    """Create a trigger.

    Raises: NotFoundError if the pipeline does not exist, AuthorError if a filter or the params are wrong.
    """
    trigger_id = body.id or f"{slug(body.event_type)[:30]}-{ports.suffix()}"
    now = ports.clock()
    item = body.model_dump(mode="json") | {"id": trigger_id, "created_at": now, "updated_at": now}

    def change() -> Item:
        require_absent(ports.registry, "trigger", trigger_id)
        return _commit(item, 0, ports)

    return retry_stale(change, ports.pause)


def update(trigger_id: str, body: TriggerUpdate, ports: ControlPorts) -> Item:
    """Change the given fields.

    Raises: as `create` does.
    """
    changes = body.model_dump(mode="json", exclude_unset=True)

    def change() -> Item:
        entry = require(ports.registry, "trigger", trigger_id)
        return _commit(_merge_update(entry.item, changes) | {"updated_at": ports.clock()}, entry.revision, ports)

    return retry_stale(change, ports.pause)


def delete(trigger_id: str, ports: ControlPorts) -> None:
    """Delete a trigger; the executions that it started continue."""

    def change() -> None:
        entry = require(ports.registry, "trigger", trigger_id)
        snapshot = with_trigger(ports.registry.snapshot(), None, None, trigger_id)
        ports.registry.commit([Change("trigger", trigger_id, None, entry.revision)], snapshot)

    retry_stale(change, ports.pause)


def resume(trigger_id: str, ports: ControlPorts, ingest: IngestPorts) -> Item:
    """Close the circuit breaker that `rate` opened; the kept events start now.

    Raises: NotFoundError; ConflictError if the trigger is not paused.
    """
    state_key = policy_key("rate", trigger_id)
    if (
        "paused_at" not in ingest.policy_states.get(state_key).state
    ):  # a trigger deleted while it was paused can be resumed too
        require(ports.registry, "trigger", trigger_id)
        raise ConflictError(f"the trigger {trigger_id!r} is not paused")

    def decide(state: State) -> Transition:
        state, woken = rate.resume(state, ingest.clock())
        return state, replace(PASS, wakes=woken)

    woken = compare_and_set(state_key, decide, ingest.policy_states).wakes
    for key in woken:
        hand_over(key, ingest.redrives)
    return {"id": trigger_id, "released": len(woken)}


def get(trigger_id: str, ports: ControlPorts) -> Item:
    """One trigger."""
    return require(ports.registry, "trigger", trigger_id).item


def list_all(pipeline_id: str | None, ports: ControlPorts) -> list[Item]:
    """All triggers, or those of one pipeline."""
    triggers = ports.registry.items("trigger")
    return [item for item in triggers if pipeline_id in (None, item["pipeline_id"])]


def _merge_update(item: Item, changes: Item) -> Item:
    """The trigger with the given fields changed, checked like a new one."""
    for name, value in changes.items():
        if value is None and name not in ("source", "where", "filter", *KINDS):
            raise AuthorError(f"{name} cannot be null: leave it out to keep it", field=name)
    return item | changes


def _commit(item: Item, revision: int, ports: ControlPorts) -> Item:
    # Read the snapshot first: everything read later is at least as new, or the commit is refused as stale.
    snapshot = ports.registry.snapshot()
    pipeline = require(ports.registry, "pipeline", item["pipeline_id"])
    _check_sources(item.get("source") or (), snapshot)
    if item["where"] is not None:
        compile_where(item["where"])
    if item["filter"] is not None:
        check_pattern(item["filter"])
    check_params(published_definition(pipeline.item["definition"]).parameters, item["params"])
    new_snapshot = with_trigger(snapshot, item, pipeline.item, item["id"])
    ports.registry.commit([Change("trigger", item["id"], item, revision)], new_snapshot)
    return item


def _check_sources(named: Iterable[str], snapshot: Entry) -> None:
    known = {source["id"] for source in snapshot.item["sources"]} | BUILT_IN.keys()
    for source_id in named:
        if source_id not in known:
            create = f"aftertrain sources create {source_id} --kind KIND"
            raise AuthorError(f"no source is called {source_id!r}: create it first, with `{create}`", field="source")
