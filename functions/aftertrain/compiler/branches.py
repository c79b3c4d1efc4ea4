"""The branches of `conditional` steps: the steps they may choose, and the conditions in them.

{id: route, action: conditional, params: {branches: [{id: good, condition: event.score > 0.5, target_step: deploy}]}}
->  steps_by_chooser: {"deploy": ["route"]}: deploy needs route, and runs if route has chosen it
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.render.template import Value
from aftertrain.expressions.template import in_braces
from aftertrain.expressions.tree import Expression, Template
from aftertrain.model.definition import Step


def steps_by_chooser(steps: Sequence[Step]) -> dict[str, list[str]]:
    """The conditionals that may choose each step."""
    by_target: dict[str, list[str]] = {}
    for step in steps:
        for _, target in _targets(step):
            if step.id not in by_target.setdefault(target, []):
                by_target[target].append(step.id)
    return by_target


def check_targets(step: Step, where: Place, step_ids: Collection[str]) -> Iterator[Diagnostic]:
    """Branches whose target step does not exist."""
    for index, target in _targets(step):
        if target not in step_ids:
            path = (*where, "params", "branches", index, "target_step")
            yield Diagnostic(
                "AT301", path, f"the target step {target!r} does not exist", did_you_mean(target, step_ids)
            )


def brace_conditions(params: dict[str, Any]) -> dict[str, Any]:
    """A conditional's params, with bare conditions written as templates."""
    changed = dict(params)
    if isinstance(params.get("condition"), str):
        changed["condition"] = _add_braces(params["condition"])
    if isinstance(params.get("branches"), list):
        changed["branches"] = [
            {name: _add_braces(value) if name == "condition" else value for name, value in branch.items()}
            if isinstance(branch, dict)
            else branch
            for branch in params["branches"]
        ]
    return changed


def conditions(params: dict[str, Value]) -> Iterator[tuple[Place, Expression]]:
    """The conditions of a conditional that are expressions, each with its path."""
    candidates: list[tuple[Place, Value]] = [(("condition",), params.get("condition"))]
    branches = params.get("branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            candidates.append((("branches", index, "condition"), branch.get("condition")))
    for path, value in candidates:
        if isinstance(value, Template) and value.lone is not None:
            yield path, value.lone


def _add_braces(condition: Any) -> Any:
    return in_braces(condition) if isinstance(condition, str) else condition


def _targets(step: Step) -> Iterator[tuple[int, str]]:
    branches = step.params.get("branches") if step.action == "conditional" else None
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        target = branch.get("target_step") if isinstance(branch, dict) else None
        if isinstance(target, str):
            yield index, target
