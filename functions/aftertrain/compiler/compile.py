"""Definition -> state machine: the flat list of stages.

compile_pipeline("steps:\\n- {id: hello, action: log, params: {message: hi}}", PLACEHOLDERS).asl
->  '{"Comment":"unnamed","QueryLanguage":"JSONata","StartAt":"hello","States":{…}}'
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl.emit import emit
from aftertrain.asl.verify import verify
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.check import check
from aftertrain.compiler.diagnostics import CompileError, Diagnostic
from aftertrain.compiler.link import link
from aftertrain.compiler.lower import lower
from aftertrain.compiler.nest import nest
from aftertrain.compiler.parse import Parsed, parse
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class Compiled:
    """A definition and the state machine that it became."""

    definition: Definition
    asl: str


def compile_pipeline(source: str | dict[str, Any], bindings: Bindings) -> Compiled:
    """Compile a definition, given as YAML or JSON text or as a value.

    Raises:
        CompileError: with every mistake that the last possible stage could see.
    """
    parsed = parse(source)
    checked = check(parsed.definition)
    graph, linked = link(parsed.definition)
    _stop_at(checked + linked, parsed)
    region, crossed = nest(graph)
    _stop_at(crossed, parsed)
    assert region is not None  # nest gives a region or a diagnostic
    machine = lower(parsed.definition, graph, region, bindings)
    _stop_at([Diagnostic("AT501", (), fault) for fault in verify(machine)], parsed)
    return Compiled(parsed.definition, emit(machine))


def _stop_at(diagnostics: list[Diagnostic], parsed: Parsed) -> None:
    if diagnostics:
        raise CompileError(parsed.located(diagnostics))
