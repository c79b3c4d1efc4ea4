"""The input of a job's Task as field values, and the job's name on its backend.

JobContext(params, …).base_name("evaluate")  ->  'evaluate-' & $substring($hash(…, 'SHA-256'), 0, 16) & '-'
name_prefix("trig-1-0d9c", "evaluate")       ->  'evaluate-5b1c…-', the same for one execution and all of its items
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from aftertrain.asl import jsonata

# The attempts found plus the retries since then: a used name is found, so no name is used twice.
_COUNT = "$states.context.Execution.RedriveCount"
REDRIVES = f"($exists({_COUNT}) ? {_COUNT} : 0)"  # of the execution; a state's input may hold an earlier count
TRY = "$string($count($states.input.found)) & '-' & $string($states.context.State.RetryCount)"


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a Task gets, as field values: of a step, or of an item that reads them from its own input."""

    params: Any
    execution: str = jsonata.EXECUTION_NAME
    event: str = f"{jsonata.INPUT}.event"
    trigger: str = f"{jsonata.INPUT}.trigger"
    index: str | None = None

    def common(self, step: str) -> dict[str, Any]:
        """The fields that every Task gets."""
        item = {} if self.index is None else {"item": jsonata.expression(self.index)}
        return {"step": step, **item, "execution": jsonata.expression(self.execution), "params": self.params}

    def passed(self, names: tuple[str, ...]) -> dict[str, str]:
        """The additional fields of some actions."""
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
        """The code of the common prefix of all attempts' names: at most 54 letters, digits and dashes."""
        suffix = "" if self.index is None else f" & $string({self.index}) & '-'"
        return f"'{_slug(step)}-' & $substring($hash({self._step_path('', step)}, 'SHA-256'), 0, 16) & '-'{suffix}"

    def name(self, step: str) -> str:
        """The code of this attempt's name: unique per attempt, and always the same for it.

        If the execution was redriven after earlier attempts were looked up, the code raises and the attempt is not
        made.
        """
        is_current = f"$states.input.redrives = {REDRIVES}"
        return f"{is_current} ? {self.base_name(step)} & {TRY} : $error('earlier attempts must be looked up again')"

    def param(self, name: str) -> str | None:
        """The code of a param's value, or None if the param is absent."""
        if isinstance(self.params, str):
            code = self.params.removeprefix("{% ").removesuffix(" %}")
            return f"{code}.{name}"
        value = self.params.get(name)
        if isinstance(value, str) and value.startswith("{% "):
            return f"({value.removeprefix('{% ').removesuffix(' %}')})"
        return None if value is None else jsonata.literal(value)


def name_prefix(execution: str, step: str) -> str:
    """The common prefix of the names of a step's jobs in an execution."""
    return f"{_slug(step)}-{sha256(f'executions/{execution}/{step}'.encode()).hexdigest()[:16]}-"


def _slug(step: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", step).strip("-")[:30].rstrip("-")
