"""A step that runs another pipeline -> an execution of that pipeline, and the mistakes in such steps.

    {pipeline: convert-all, params: {uri: "{{ event.uri }}"}}  ->  states:startExecution.sync:2 with its version's ARN

Publishing the caller fixes the called pipeline's current version. So no chain of calls can form a cycle: a called
version is always older than its caller.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings, Callee
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.render.resolver import PARAMETER_KINDS
from aftertrain.compiler.work_model import Work
from aftertrain.expressions.shapes import Shape, of
from aftertrain.expressions.tree import Template

NULL = frozenset({"null"})
START = "arn:aws:states:::states:startExecution.sync:2"


def check_calls(graph: Graph, key: str, bindings: Bindings) -> Iterator[Diagnostic]:
    """Pipelines that do not exist, and params that they do not take."""
    for index, node in enumerate(graph.nodes.values()):
        if node.action.runs == "pipeline":
            yield from _mistakes(node, (key, index, "params"), bindings)


def parameters_of_callee(node: Node, bindings: Bindings) -> Shape | None:
    """The declared parameters of the called pipeline, as far as known."""
    template = node.params.get("pipeline") if node.action.runs == "pipeline" else None
    callee = bindings.callee(template.text) if isinstance(template, Template) and template.text is not None else None
    if callee is None or callee.parameters is None:
        return None
    fields = {
        parameter.name: Shape(of(*PARAMETER_KINDS[parameter.type]).kinds | (NULL if parameter.nullable else set()))
        for parameter in callee.parameters
    }
    return Shape(frozenset({"object"}), fields)


@dataclass(frozen=True, slots=True)
class ChildCall:
    """The call's input: the step's params as field values, and JSONata for the event and the trigger."""

    params: Any
    event: str
    trigger: str


def pipeline_work(node: Node, call: ChildCall, bindings: Bindings, timeout: int, retry: tuple[Retrier, ...]) -> Work:
    """The Task that starts the other pipeline and waits for its end."""
    template = node.params["pipeline"]
    assert isinstance(template, Template)  # checked by check_calls
    callee = bindings.callee(template.text or "")
    assert callee is not None  # checked there as well
    step_params = call.params
    if isinstance(step_params, str):
        params: Any = jsonata.expression("$exists($states.input.params.params) ? $states.input.params.params : {}")
    else:
        params = step_params.get("params", {})
    arguments = {
        "StateMachineArn": callee.machine_arn,
        "Input": {
            "event": jsonata.expression(call.event),
            "params": params,
            "trigger": jsonata.expression(call.trigger),
            "pipeline": {"id": callee.pipeline_id, "version": callee.version},
        },
    }
    result = "{'outputs': $states.result.Output, 'execution': $states.result.ExecutionArn}"
    return Work(START, arguments, result, timeout, None, retry)


def _mistakes(node: Node, where: Place, bindings: Bindings) -> Iterator[Diagnostic]:
    template = node.params.get("pipeline")
    if not isinstance(template, Template):
        return  # the action's own model reports it
    if template.text is None:
        yield Diagnostic("AT313", (*where, "pipeline"), "pipeline must be an id, not a template")
        return
    callee = bindings.callee(template.text)
    if callee is None:
        hint = "publish it first; `aftertrain apply` prints its id"
        yield Diagnostic("AT313", (*where, "pipeline"), f"there is no pipeline {template.text!r}", hint)
    elif callee.parameters is not None and isinstance(params := node.params.get("params", {}), dict):
        yield from _check_params(params, callee, where)


def _check_params(params: dict[str, Any], callee: Callee, where: Place) -> Iterator[Diagnostic]:
    parameters = {parameter.name: parameter for parameter in callee.parameters or ()}
    for name in params:
        if name not in parameters:
            message = f"the pipeline {callee.pipeline_id!r} has no parameter {name!r}"
            yield Diagnostic("AT313", (*where, "params", name), message, did_you_mean(name, parameters))
    for name, parameter in parameters.items():
        if name not in params and not parameter.has_default:
            yield Diagnostic("AT313", where, f"the pipeline {callee.pipeline_id!r} needs the parameter {name!r}")
