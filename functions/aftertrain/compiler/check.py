"""Definition -> mistakes visible without dependencies: ids, actions, params, triggers.

The action's own model checks params here. A param written as a template has no value yet; it is checked when the step
runs.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from aftertrain.actions.action import Action, Params
from aftertrain.actions.catalogue import ACTIONS
from aftertrain.actions.conditional import Branch
from aftertrain.compiler.branches import brace_conditions
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.parameters import check_parameters, check_values
from aftertrain.compiler.secrets import check_secrets
from aftertrain.errors import AuthorError
from aftertrain.expressions.pattern import check_pattern
from aftertrain.expressions.tree import ROOTS
from aftertrain.expressions.where import compile_where
from aftertrain.model.definition import Definition, Step

WORDS = (
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
)  # keywords of templates


def check(definition: Definition) -> list[Diagnostic]:
    """All such mistakes, step by step."""
    diagnostics = list(_check_unique_ids(definition))
    for key, steps in (("steps", definition.steps), ("on_failure", definition.on_failure)):
        limit = (
            definition.settings.timeout_seconds if key == "steps" else None
        )  # `on_failure` steps run beyond the limit
        for index, step in enumerate(steps):
            diagnostics += [*_check_step(step, (key, index)), *_check_wait(step, limit, (key, index))]
    diagnostics += [*check_secrets(definition), *check_parameters(definition.parameters)]
    for index, trigger in enumerate(definition.triggers):
        diagnostics += _check_filters(trigger.where, trigger.filter, ("triggers", index))
        diagnostics += check_values(trigger.params, definition.parameters, ("triggers", index, "params"))
    return diagnostics + list(_check_unique_triggers(definition))


def variable(step_id: str, depth: int = 0) -> str:
    """The variable that holds a step's output in a scope nested `depth` levels deep.

    Step Functions refuses a name that is assigned both inside and outside a branch, so each depth has its own names.
    """
    return f"out{depth or ''}_{step_id.replace('-', '_')}"


def _check_unique_ids(definition: Definition) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for key, steps in (("steps", definition.steps), ("on_failure", definition.on_failure)):
        for index, step in enumerate(steps):
            name = variable(step.id)
            if name in seen:
                alike = f"the ids {seen[name]!r} and {step.id!r} differ only in `-` and `_`"
                message = alike if seen[name] != step.id else f"two steps have the id {step.id!r}"
                yield Diagnostic("AT201", (key, index, "id"), message, "rename one of them")
            seen.setdefault(name, step.id)


def _check_unique_triggers(definition: Definition) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for index, trigger in enumerate(definition.triggers):
        if trigger.id is not None and trigger.id in seen:
            yield Diagnostic(
                "AT201", ("triggers", index, "id"), f"two triggers have the id {trigger.id!r}", "rename one"
            )
        seen.add(trigger.id or "")


def _check_step(step: Step, where: Place) -> Iterator[Diagnostic]:
    if step.foreach is not None and step.foreach.as_ in (*ROOTS, "loop", *WORDS):
        message = f"as: {step.foreach.as_!r} hides another name that templates read"
        yield Diagnostic("AT202", (*where, "foreach", "as"), message, "choose another name")
    action = ACTIONS.get(step.action)
    if action is None:
        hint = did_you_mean(step.action, ACTIONS)
        yield Diagnostic("AT203", (*where, "action"), f"there is no action {step.action!r}", hint)
        return
    params = brace_conditions(step.params) if action.name == "conditional" else step.params
    yield from _check_params(action, params, (*where, "params"))
    yield from _check_combination(action, step, where)


def _check_combination(action: Action, step: Step, where: Place) -> Iterator[Diagnostic]:
    """Fields that the step's action does not support."""
    if action.name == "conditional" and step.foreach is not None:
        yield Diagnostic("AT210", (*where, "foreach"), "a conditional cannot have foreach: it chooses once")
    if action.name == "approval" and has_template(step.params.get("default")):
        path = (*where, "params", "default")
        yield Diagnostic("AT210", path, "the default of an approval must be a literal, not a template")
    if action.runs == "question" and step.retry is not None:
        yield Diagnostic(
            "AT210", (*where, "retry"), "an approval cannot be retried: a no is an answer, and so is a timeout"
        )


def _check_wait(step: Step, pipeline_limit: int | None, where: Place) -> Iterator[Diagnostic]:
    """A wait that ends after the pipeline's limit (seconds), or after its own step's."""
    if step.action != "wait_until":
        return
    hours, seconds = (step.params.get(f"duration_{unit}") for unit in ("hours", "seconds"))
    waits = seconds if isinstance(seconds, int | float) else hours * 3600 if isinstance(hours, int | float) else 0
    for limit, owner in ((pipeline_limit, "the pipeline"), (step.timeout_seconds, "the step")):
        if limit is not None and waits >= limit:
            message = f"it waits for {waits:g} seconds, but {owner} may take only {limit}"
            yield Diagnostic("AT210", (*where, "params"), message, "raise the time limit, or leave it out")


def _check_params(action: Action, params: dict[str, Any], where: Place) -> Iterator[Diagnostic]:
    fields = action.params.model_fields
    for name in params:
        if name not in fields:
            message = f"{action.name} has no param {name!r}"
            yield Diagnostic("AT204", (*where, name), message, did_you_mean(name, fields))
    for name, field in fields.items():
        if field.is_required() and name not in params:
            message = f"{action.name} needs the param {name!r}"
            yield Diagnostic("AT205", where, message, f"its params are {', '.join(fields)}")
    # Templates are checked by their type, and again when the step runs.
    literals = {name: value for name, value in params.items() if name in fields and not has_template(value)}
    complete = len(literals) == len(params)
    yield from _validate(action.params, literals, where, whole=complete)
    if not complete and (problem := action.params.not_one(params, _may_be_null)) is not None:
        yield Diagnostic("AT206", where, problem)
    if action.name == "conditional" and "branches" not in literals:
        yield from _check_branches(params.get("branches"), (*where, "branches"))


def _may_be_null(value: Any) -> bool:
    return isinstance(value, str) and has_template(value)


def _check_branches(branches: Any, where: Place) -> Iterator[Diagnostic]:
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        literals = branch
        if isinstance(branch, dict):
            for name in ("id", "condition"):
                if name not in branch:
                    yield Diagnostic("AT206", (*where, index), f"{name}: field required")
            literals = {
                name: value for name, value in branch.items() if not (isinstance(value, str) and has_template(value))
            }
        yield from _validate(Branch, literals, (*where, index), whole=literals == branch)


def _validate(model: type[Params], value: Any, where: Place, *, whole: bool) -> Iterator[Diagnostic]:
    try:
        model.model_validate(value, strict=True)
    except ValidationError as error:
        for detail in error.errors():
            message = detail["msg"].removeprefix("Value error, ")
            message = f"{message[0].lower()}{message[1:]}"
            if detail["loc"] and detail["type"] != "missing":
                yield Diagnostic("AT206", (*where, *detail["loc"]), f"{detail['loc'][0]}: {message}")
            elif len(detail["loc"]) > 1:
                yield Diagnostic("AT206", (*where, *detail["loc"][:-1]), f"{detail['loc'][-1]}: {message}")
            elif not detail["loc"] and whole:
                yield Diagnostic("AT206", where, message)


def has_template(value: Any) -> bool:
    """Whether any text in a value is a template."""
    match value:
        case str():
            return "{{" in value or "{%" in value or "{#" in value
        case dict():
            return any(map(has_template, value.values()))
        case list():
            return any(map(has_template, value))
        case _:
            return False


def _check_filters(where: str | None, pattern: dict[str, Any] | None, path: Place) -> Iterator[Diagnostic]:
    try:
        if where is not None:
            compile_where(where)
        if pattern is not None:
            check_pattern(pattern)
    except AuthorError as error:
        yield Diagnostic("AT207", (*path, *(error.field or "").split(".")), error.message)
