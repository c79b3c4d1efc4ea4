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
from aftertrain.compiler.quotas import check_quotas
from aftertrain.compiler.shapes import shapes
from aftertrain.model.definition import Definition

GROUNDLESS = {"AT201", "AT203", "AT206"}  # what stands on these cannot be looked at


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
    definition = parsed.definition
    found = [*parsed.unknown, *check(definition)]
    linked = link(definition)
    groundless = [*linked.diagnostics, *(each for each in found if each.code in GROUNDLESS)]
    if groundless:
        _stop_at(found + linked.diagnostics + _of_the_rest(definition, linked, groundless, bindings), parsed)
    known = shapes(definition, bindings, linked.graph, linked.rescue)
    places = [*check_compute(linked.graph, "steps", bindings), *check_compute(linked.rescue, "on_failure", bindings)]
    calls = [*check_calls(linked.graph, "steps", bindings), *check_calls(linked.rescue, "on_failure", bindings)]
    _stop_at(found + examine(definition, linked, known) + calls + places, parsed)
    rescue = (linked.rescue, nest(linked.rescue)) if linked.rescue.nodes else None
    region = nest(linked.graph)
    machine = lower(definition, (linked.graph, region), rescue, bindings, known)
    content = machine.json()
    text = emit(content)
    refused = [Diagnostic("AT501", (), fault) for fault in [*size_faults(text), *verify(content)]]
    _stop_at([*refused, *check_quotas(machine, linked.graph, region, known)], parsed)
    return Compiled(definition, linked, machine, text, bindings)


def _of_the_rest(
    definition: Definition, linked: Linked, groundless: list[Diagnostic], bindings: Bindings
) -> list[Diagnostic]:
    """What else is wrong, in steps that do not rest on those that cannot be looked at."""
    if any(each.code == "AT201" for each in groundless):  # one id for two steps
        return []
    written = {"steps": definition.steps, "on_failure": definition.on_failure}
    places = [each.where for each in groundless if each.where[:1] in (("steps",), ("on_failure",))]
    broken = {written[str(where[0])][int(where[1])].id for where in places if len(where) > 1}
    rest = linked.without(broken)
    return examine(definition, rest, shapes(definition, bindings, rest.graph, rest.rescue))


def _stop_at(diagnostics: list[Diagnostic], parsed: Parsed) -> None:
    if diagnostics:
        raise CompileError(parsed.located(diagnostics))
