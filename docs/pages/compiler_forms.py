"""One small pipeline -> each intermediate form of the compiler, printed."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from textwrap import dedent

from aftertrain.asl.states import Scope
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import Compiled, compile_pipeline
from aftertrain.compiler.crossing import lanes
from aftertrain.compiler.infer_shapes import infer_shapes
from aftertrain.compiler.nest import CrossingRegion, nest
from aftertrain.compiler.parse import parse
from aftertrain.expressions.shapes import Shape

PIPELINE = dedent(
    """\
    name: crossing
    steps:
      - {id: a, action: log, params: {message: "{{ event.key }}"}}
      - {id: b, action: log, params: {message: b}}
      - {id: c, action: log, params: {message: "{{ steps.a.output.message }}"}}
      - {id: d, action: log, depends_on: [a, b], params: {message: d}}
    """
)
INTRO = """# The compiler's forms

`compiler/compile.py` lists the phases in order; each is one module. This page shows what one small pipeline becomes.
Step `c` waits for `a`, while `d` waits for `a` and `b`: the dependencies cross.
"""


def page() -> str:
    """The whole page."""
    compiled = compile_pipeline(PIPELINE, PLACEHOLDERS)
    sections = [
        ("Definition", "`parse` reads the YAML and keeps the position of every value for diagnostics.", PIPELINE),
        ("Graph", "`link` parses the templates; a step depends on the steps that it reads.", _graph(compiled)),
        ("Shapes", "`infer_shapes` and `check_types` know what each value can be.", _shapes()),
        (
            "Regions",
            "`nest` builds the region tree. Dependencies that cross cannot be nested; they stay in a crossing region.",
            _regions(compiled),
        ),
        ("Lanes", "`crossing` turns a crossing region into lanes that meet at latches.", _lanes(compiled)),
        (
            "States",
            "`lower` makes typed states; names say what each one is for.",
            "\n".join(_states(compiled.machine.scope)),
        ),
        ("ASL", "`emit` writes canonical bytes, which `verify` has checked. The first 300:", f"{compiled.asl[:300]}…"),
    ]
    lines = [INTRO]
    for title, sentence, text in sections:
        lines += [f"## {title}", "", sentence, "", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _graph(compiled: Compiled) -> str:
    nodes = compiled.linked.graph.nodes.values()
    return "\n".join(f"{node.id}  needs {_list(node.needs)}; reads {_list(sorted(node.reads))}" for node in nodes)


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(str, items)) or "nothing"


def _shapes() -> str:
    parsed = parse(PIPELINE)
    graph = compile_pipeline(PIPELINE, PLACEHOLDERS).linked.graph
    shape = infer_shapes(parsed.definition, PLACEHOLDERS, graph).outputs["a"]
    assert shape.fields is not None
    return "a.output  " + ", ".join(f"{name}: {_kinds(field)}" for name, field in shape.fields.items())


def _kinds(shape: Shape) -> str:
    return " | ".join(sorted(shape.kinds))


def _regions(compiled: Compiled) -> str:
    region = nest(compiled.linked.graph)
    assert isinstance(region, CrossingRegion)
    pairs = enumerate(zip(region.items, region.needs, strict=True))
    rows = [f"  {index}: {item!r}  after {_list(needs)}" for index, (item, needs) in pairs]
    return "\n".join(["CrossingRegion", *rows])


def _lanes(compiled: Compiled) -> str:
    graph = compiled.linked.graph
    region = nest(graph)
    assert isinstance(region, CrossingRegion)
    return "\n".join("  ".join(map(repr, lane)) for lane in lanes(region, graph, lambda _: False))


def _states(scope: Scope, indent: str = "") -> Iterator[str]:
    for name, state in scope.states.items():
        yield f"{indent}{name}: {type(state).__name__}"
        if "branches" in {field.name for field in fields(state)}:
            for branch in state.branches:  # type: ignore[union-attr]  # only a Parallel has branches
                yield from _states(branch, f"{indent}  | ")
