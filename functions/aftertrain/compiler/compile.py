"""Definition -> state machine: the compiler's phases, in order.

compile_pipeline("steps:\n- {id: hello, action: log, params: {message: hi}}", PLACEHOLDERS).asl
->  '{"Comment":"unnamed","QueryLanguage":"JSONata","StartAt":"hello","States":{…}}'
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl.emit import emit
from aftertrain.asl.states import Machine
from aftertrain.asl.verify.verify import size_faults, verify
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.calls import check_calls
from aftertrain.compiler.check import check
from aftertrain.compiler.check_types import check_types
from aftertrain.compiler.diagnostics import CompileError, Diagnostic
from aftertrain.compiler.infer_shapes import infer_shapes
from aftertrain.compiler.jobs.resolve import check_compute
from aftertrain.compiler.link import Linked, link
from aftertrain.compiler.lower.machine import lower
from aftertrain.compiler.nest import nest
from aftertrain.compiler.parse import Parsed, parse
from aftertrain.compiler.quotas import check_history, check_payloads
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class Compiled:
    """A definition, its graphs, its state machine, and the stage that the machine is for."""

    definition: Definition
    linked: Linked
    machine: Machine
    asl: str
    bindings: Bindings


def compile_pipeline(source: str | dict[str, Any], bindings: Bindings) -> Compiled:
    """Compile a definition, given as YAML or JSON text or as a value.

    Raises:
        CompileError: with every mistake that the reachable phases could find.
    """
    parsed = parse(source)
    try:
        return _compile(parsed, bindings)
    except RecursionError:
        raise CompileError([Diagnostic("AT303", (), "a template or a condition is nested too deeply")]) from None


def _compile(parsed: Parsed, bindings: Bindings) -> Compiled:
    definition = parsed.definition
    linked = link(definition, parsed.vague)
    known_shapes = infer_shapes(definition, bindings, linked.graph, linked.failure_graph)
    diagnostics = [*check(definition), *linked.diagnostics, *check_types(definition, linked, known_shapes, bindings)]
    for key, graph in (("steps", linked.graph), ("on_failure", linked.failure_graph)):
        diagnostics += [*check_calls(graph, key, bindings), *check_compute(graph, key, bindings)]
    _stop_at(diagnostics, parsed)
    failure = (linked.failure_graph, nest(linked.failure_graph)) if linked.failure_graph.nodes else None
    region = nest(linked.graph)
    machine = lower(definition, (linked.graph, region), failure, bindings, known_shapes)
    content = machine.json()
    text = emit(content)
    faults = [Diagnostic("AT501", (), fault) for fault in [*size_faults(text), *verify(content)]]
    faults += [*check_history(machine, linked.graph), *check_payloads(linked.graph, region, known_shapes, "steps")]
    if failure is not None:
        faults += check_payloads(*failure, known_shapes, "on_failure")
    _stop_at(faults, parsed)
    return Compiled(definition, linked, machine, text, bindings)


def _stop_at(diagnostics: list[Diagnostic], parsed: Parsed) -> None:
    if diagnostics or parsed.repaired:
        raise CompileError(parsed.with_these(diagnostics))
