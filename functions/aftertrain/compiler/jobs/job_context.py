"""What a job is told, as a state's fields have it, and how it is called wherever it runs.

Given(params, …).base_name("evaluate")  ->  'evaluate-' & $substring($hash(…, 'SHA-256'), 0, 16) & '-'
name_begin("trig-1-0d9c", "evaluate")   ->  'evaluate-5b1c…-', what that is for an execution, in all of its items
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from aftertrain.asl import jsonata

# How many tries were found, and the retries since: a name that was used is found, so none is used twice.
_COUNT = "$states.context.Execution.RedriveCount"
REDRIVES = f"($exists({_COUNT}) ? {_COUNT} : 0)"  # of the execution; what stands in a state's input was there before
TRY = "$string($count($states.input.found)) & '-' & $string($states.context.State.RetryCount)"


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a Task is told, as fields have it: a step's own, or what an item finds in its input."""

    params: Any
    execution: str = jsonata.EXECUTION_NAME
    event: str = f"{jsonata.INPUT}.event"
    trigger: str = f"{jsonata.INPUT}.trigger"
    index: str | None = None

    def common(self, step: str) -> dict[str, Any]:
        """What every Task is told."""
        item = {} if self.index is None else {"item": jsonata.expression(self.index)}
        return {"step": step, **item, "execution": jsonata.expression(self.execution), "params": self.params}

    def passed(self, names: tuple[str, ...]) -> dict[str, str]:
        """What some actions are told besides."""
        depth = f"$exists({self.event}.depth) ? {self.event}.depth : 0"
        codes = {"token": "$states.context.Task.Token", "depth": depth}
        return {name: jsonata.expression(codes[name]) for name in names}

    def folder(self, prefix: str, step: str) -> str:
        """The code of the key, or the URI, below which a job writes."""
        suffix = "" if self.index is None else f" & {jsonata.string('/')} & $string({self.index})"
        return f"{self._step_path(prefix, step)}{suffix}"

    def _step_path(self, prefix: str, step: str) -> str:
        return " & ".join([jsonata.string(f"{prefix}executions/"), self.execution, jsonata.string(f"/{step}")])

    def base_name(self, step: str) -> str:
        """The code of what the names of all tries of this job begin with: at most 54 letters, digits and dashes."""
        suffix = "" if self.index is None else f" & $string({self.index}) & '-'"
        return f"'{_slug(step)}-' & $substring($hash({self._step_path('', step)}, 'SHA-256'), 0, 16) & '-'{suffix}"

    def name(self, step: str) -> str:
        """The code of the name of this try: each try of the same job has another one, and always the same.

        It has none, and the try is not made, where the execution was redriven since earlier tries were looked for.
        """
        is_current = f"$states.input.redrives = {REDRIVES}"
        return f"{is_current} ? {self.base_name(step)} & {TRY} : $error('earlier tries have to be looked for again')"

    def param(self, name: str) -> str | None:
        """The code of a param's value, if it is there."""
        if isinstance(self.params, str):
            code = self.params.removeprefix("{% ").removesuffix(" %}")
            return f"{code}.{name}"
        value = self.params.get(name)
        if isinstance(value, str) and value.startswith("{% "):
            return f"({value.removeprefix('{% ').removesuffix(' %}')})"
        return None if value is None else jsonata.literal(value)


def name_prefix(execution: str, step: str) -> str:
    """What the names of all jobs of a step begin with, in an execution of this name."""
    return f"{_slug(step)}-{sha256(f'executions/{execution}/{step}'.encode()).hexdigest()[:16]}-"


def _slug(step: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", step).strip("-")[:30].rstrip("-")
