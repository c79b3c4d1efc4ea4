"""Files + a stage -> the pipelines and triggers that the stage has and no file has.

    leftovers({"release-b": ["release-b-0"]}, client)  ->  [Leftover("pipeline", "release-a"), …]

A pipeline that was renamed in its file is a new one; the old one, and its triggers, go on firing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aftertrain.client import Client


@dataclass(frozen=True, slots=True)
class Leftover:
    """A pipeline, or a trigger of a pipeline that a file has. `renamed_to`: the new pipeline with the same steps."""

    kind: Literal["pipeline", "trigger"]
    id: str
    renamed_to: str = ""

    @property
    def sentence(self) -> str:
        """What the stage has, for the person who applies."""
        renamed = f"; it has the steps of {self.renamed_to!r}, so it may be its old name" if self.renamed_to else ""
        return f"no file has the {self.kind} {self.id!r}, which the stage has and runs{renamed}"


def leftovers(applied: Mapping[str, Sequence[str]], client: Client) -> list[Leftover]:
    """`applied`: the ids of the pipelines in the files, each with the ids of its triggers."""
    pipelines = {pipeline.id: pipeline.definition for pipeline in client.pipelines.list()}
    steps = {_content(pipelines[name]): name for name in applied if name in pipelines}
    others = [name for name in pipelines if name not in applied]
    found = [Leftover("pipeline", name, steps.get(_content(pipelines[name]), "")) for name in sorted(others)]
    return found + [
        Leftover("trigger", trigger.id)
        for trigger in client.event_triggers.list()
        if trigger.id not in applied.get(trigger.pipeline_id, (trigger.id,))
    ]


def remove(leftover: Leftover, client: Client) -> str:
    """Delete it; returns what was deleted, as a sentence."""
    if leftover.kind == "trigger":
        client.event_triggers.delete(leftover.id)
        return f"trigger {leftover.id}: deleted"
    triggers = client.pipelines.delete(leftover.id)
    with_triggers = f", with the triggers {', '.join(triggers)}" if triggers else ""
    return f"pipeline {leftover.id}: deleted{with_triggers}; its running executions go on"


def _content(definition: dict[str, Any]) -> str:
    return str(definition.get("steps"))
