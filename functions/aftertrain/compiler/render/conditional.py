"""The branches of a conditional -> one array that evaluates no condition after the first that holds.

    [{"id": "good", "condition": Template(…), "target_step": "deploy"}, {"id": "bad", …}]
    ->  "{% ($n_ := <good> ? 0 : <bad> ? 1 : -1; [{'id': \\"good\\", 'condition': $n_ = 0, …}, …]) %}"

A condition that cannot be evaluated is an error only if it is reached.
"""

from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.render.resolver import Code, Resolver
from aftertrain.compiler.render.template import Value, field, render_value, text_of
from aftertrain.compiler.render.writer import Writer
from aftertrain.expressions.shapes import ANYTHING, shape_of_value
from aftertrain.expressions.tree import Template

CHOSEN = "$n_"  # no name of a pipeline ends like this


def render_branches(branches: Value, reader: Resolver) -> Any:
    """The param as a field value."""
    if not isinstance(branches, list) or not all(isinstance(entry, dict) for entry in branches):
        return render_value(branches, reader)
    writer = Writer(reader)
    chosen = "-1"
    for index, branch in reversed(list(enumerate(branches))):
        assert isinstance(branch, dict)
        chosen = f"{_verdict(branch.get('condition'), writer)} ? {index} : {chosen}"
    items = ", ".join(_branch(branch, index, writer) for index, branch in enumerate(branches))
    return field(Code(f"({CHOSEN} := {chosen}; [{items}])", ANYTHING, fails=True), writer)


def _verdict(condition: Value, writer: Writer) -> str:
    code = _code(condition, writer)
    if code.shape.only("boolean"):
        return code.text
    writer.called["verdict"] = None
    return f"$verdict({code.text})"


def _branch(branch: Value, index: int, writer: Writer) -> str:
    assert isinstance(branch, dict)
    fields = {name: _code(value, writer).text for name, value in branch.items() if name != "condition"}
    return jsonata.record(fields | {"condition": f"{CHOSEN} = {index}"})


def _code(value: Value, writer: Writer) -> Code:
    """The code of a branch's value, which is never an object or an array."""
    if not isinstance(value, Template):
        assert not isinstance(value, dict | list)
        return Code(jsonata.literal(value), shape_of_value(value))
    return writer.value(value.lone) if value.lone is not None else text_of(value.parts, writer)
