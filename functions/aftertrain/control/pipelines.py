"""Pipelines: every create and every update compiles the definition and publishes an immutable version.

The machine is published before the registry knows of it. If the commit fails, a version remains that nobody starts,
which is harmless. The other order could let a trigger point to a version that does not exist.
"""

from typing import Any

from aftertrain.compiler.compile import Compiled, compile_pipeline
from aftertrain.control import triggers
from aftertrain.control.bodies import PipelineCreate, PipelineUpdate
from aftertrain.control.build_snapshot import with_pipeline
from aftertrain.control.check_params import check_params
from aftertrain.control.orphaned_jobs import compute_of
from aftertrain.control.ports import Change, ControlPorts, Item
from aftertrain.control.require import require, require_absent, retry_stale
from aftertrain.errors import AuthorError, ConflictError
from aftertrain.model.definition import Definition
from aftertrain.model.names import slug


def create(body: PipelineCreate, ports: ControlPorts) -> Item:
    """Publish the first version of a new pipeline.

    Raises: CompileError, ConflictError if the id is taken.
    """
    compiled = compile_pipeline(body.definition, ports.bindings)
    name = body.name or compiled.definition.name
    pipeline_id = body.id or slug(name)
    require_absent(ports.registry, "pipeline", pipeline_id)
    now = ports.clock()
    arn = ports.machines.publish(pipeline_id, compiled.asl)
    # The versions of a deleted pipeline of this id stay, since their executions can still be looked at.
    version = 1 + max((each["version"] for each in ports.registry.items(_versions_of(pipeline_id))), default=0)
    item = _next_version(compiled, arn, {"id": pipeline_id, "name": name, "created_at": now}, version, ports)
    ports.registry.commit(_build_changes(item, 0))
    return item


def update(pipeline_id: str, body: PipelineUpdate, ports: ControlPorts) -> Item:
    """Publish the next version. Triggers start it from now on; running executions finish their own version.

    Raises: CompileError, NotFoundError, AuthorError if a trigger lacks a parameter that the new version requires.
    """
    compiled = compile_pipeline(body.definition, ports.bindings)
    require(ports.registry, "pipeline", pipeline_id)
    _check_triggers(pipeline_id, compiled.definition, ports)
    arn = ports.machines.publish(pipeline_id, compiled.asl)  # once, however often the commit is tried

    def change() -> Item:
        # Read the snapshot first: a trigger created meanwhile makes the commit stale, and the update starts over.
        snapshot = ports.registry.snapshot()
        entry = require(ports.registry, "pipeline", pipeline_id)
        _check_triggers(pipeline_id, compiled.definition, ports)
        item = _next_version(compiled, arn, entry.item, entry.item["version"] + 1, ports)
        ports.registry.commit(_build_changes(item, entry.revision), with_pipeline(snapshot, item))
        return item

    return retry_stale(change, ports.pause)


def delete(pipeline_id: str, ports: ControlPorts) -> Item:
    """Delete a pipeline and its triggers. Running executions end by themselves, so the state machine stays.

    Raises: NotFoundError, ConflictError if another pipeline runs it.
    """
    require(ports.registry, "pipeline", pipeline_id)
    for caller in ports.registry.items("pipeline"):
        if caller["id"] != pipeline_id and pipeline_id in _callees(caller["definition"]):
            raise ConflictError(f"the pipeline {caller['id']!r} runs {pipeline_id!r}: change or delete it first")
    trigger_ids = sorted(
        trigger["id"] for trigger in ports.registry.items("trigger") if trigger["pipeline_id"] == pipeline_id
    )
    for trigger_id in trigger_ids:
        triggers.delete(trigger_id, ports)

    def change() -> None:
        entry = require(ports.registry, "pipeline", pipeline_id)
        snapshot = ports.registry.snapshot()  # a trigger that is created meanwhile makes the commit stale
        if any(trigger["pipeline_id"] == pipeline_id for trigger in ports.registry.items("trigger")):
            raise ConflictError(f"{pipeline_id!r} has got a trigger meanwhile: delete the pipeline again")
        ports.registry.commit([Change("pipeline", pipeline_id, None, entry.revision)], snapshot)

    retry_stale(change, ports.pause)
    return {"deleted": pipeline_id, "triggers": trigger_ids}


def _callees(definition: Item) -> set[str]:
    steps = [*definition.get("steps", ()), *definition.get("on_failure", ())]
    return {str(step.get("params", {}).get("pipeline")) for step in steps if step.get("action") == "pipeline_run"}


def get(pipeline_id: str, ports: ControlPorts) -> Item:
    """A pipeline at its current version."""
    return require(ports.registry, "pipeline", pipeline_id).item


def versions(pipeline_id: str, ports: ControlPorts) -> list[Item]:
    """All versions of a pipeline, the first one first."""
    require(ports.registry, "pipeline", pipeline_id)
    return ports.registry.items(_versions_of(pipeline_id))


def list_all(ports: ControlPorts) -> list[Item]:
    """All pipelines."""
    return ports.registry.items("pipeline")


def _next_version(compiled: Compiled, arn: str, base: Item, version: int, ports: ControlPorts) -> Item:
    definition = compiled.definition
    return base | {
        "version": version,
        "description": definition.description,
        "definition": _dump_definition(definition),
        "machine_arn": arn,
        "jobs": compute_of(
            definition, compiled.bindings
        ),  # kept with the version, since a later change of the settings does not move its jobs
        "updated_at": ports.clock(),
    }


def _dump_definition(definition: Definition) -> dict[str, Any]:
    return definition.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _build_changes(item: Item, revision: int) -> list[Change]:
    version_id = f"{item['version']:08}"
    return [
        Change("pipeline", item["id"], item, revision),
        Change(_versions_of(item["id"]), version_id, item, 0),
    ]


def _versions_of(pipeline_id: str) -> str:
    return f"version#{pipeline_id}"


def _check_triggers(pipeline_id: str, definition: Definition, ports: ControlPorts) -> None:
    for trigger in ports.registry.items("trigger"):
        if trigger["pipeline_id"] == pipeline_id:
            try:
                check_params(definition.parameters, trigger["params"])
            except AuthorError as error:
                raise AuthorError(f"trigger {trigger['id']!r}: {error.message}", field=error.field) from None
