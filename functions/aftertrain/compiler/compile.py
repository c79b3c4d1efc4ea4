"""Definition -> state machine: the flat list of stages.

compile_pipeline("steps:\\n- {id: hello, action: log, params: {message: hi}}", PLACEHOLDERS).asl
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
from aftertrain.compiler.diagnostics import CompileError, Diagnostic
from aftertrain.compiler.examine import examine
from aftertrain.compiler.jobs.resolve import check_compute
from aftertrain.compiler.link import Linked, link
from aftertrain.compiler.lower.machine import lower
from aftertrain.compiler.nest import nest
from aftertrain.compiler.parse import Parsed, parse
from aftertrain.compiler.quotas import check_history, check_payloads
from aftertrain.compiler.shapes import shapes
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class Compiled:
    """A definition, the graphs of its steps, the state machine that it became, and the stage that it is for."""

    definition: Definition
    linked: Linked
    machine: Machine
    asl: str
    bindings: Bindings


def compile_pipeline(source: str | dict[str, Any], bindings: Bindings) -> Compiled:
    """Compile a definition, given as YAML or JSON text or as a value.

    Raises:
        CompileError: with every mistake that the last possible stage could see.
    """
    parsed = parse(source)
    try:
        return _compiled(parsed, bindings)
    except RecursionError:
        raise CompileError([Diagnostic("AT303", (), "a template or a condition is nested too deeply")]) from None


def _compiled(parsed: Parsed, bindings: Bindings) -> Compiled:
    definition = parsed.definition
    linked = link(definition, parsed.vague)
    known = shapes(definition, bindings, linked.graph, linked.rescue)
    found = [*check(definition), *linked.diagnostics, *examine(definition, linked, known, bindings)]
    for key, graph in (("steps", linked.graph), ("on_failure", linked.rescue)):
        found += [*check_calls(graph, key, bindings), *check_compute(graph, key, bindings)]
    _stop_at(found, parsed)
    rescue = (linked.rescue, nest(linked.rescue)) if linked.rescue.nodes else None
    region = nest(linked.graph)
    machine = lower(definition, (linked.graph, region), rescue, bindings, known)
    content = machine.json()
    text = emit(content)
    refused = [Diagnostic("AT501", (), fault) for fault in [*size_faults(text), *verify(content)]]
    refused += [*check_history(machine, linked.graph), *check_payloads(linked.graph, region, known, "steps")]
    if rescue is not None:
        refused += check_payloads(*rescue, known, "on_failure")
    _stop_at(refused, parsed)
    return Compiled(definition, linked, machine, text, bindings)


def _stop_at(diagnostics: list[Diagnostic], parsed: Parsed) -> None:
    if diagnostics or parsed.repaired:
        raise CompileError(parsed.with_these(diagnostics))
