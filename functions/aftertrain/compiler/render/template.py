"""Templates of a definition -> JSONata in a state's fields.

    render_value({"message": Template(("Model ", Path("event", ("model_name",))))}, reader)
    ->  {"message": "{% ($fail := …; $there := …; $text := …; \\"Model \\" & $text($there(…)) %}"}

A missing value is an error that names its path, never an empty text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.render.functions import prelude
from aftertrain.compiler.render.resolver import LOOP, Code, Resolver
from aftertrain.compiler.render.writer import Writer
from aftertrain.expressions.shapes import ANYTHING, STRING, Shape, shape_of_value
from aftertrain.expressions.tree import Expression, For, If, Literal, Part, Parts, Template

Value = Template | dict[str, "Value"] | list["Value"] | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A field's value, its shape, whether evaluating it can fail, and its mistakes."""

    value: Any
    shape: Shape
    fails: bool = False
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionCode:
    """A condition for a Choice: `holds`, `undecided` ("" if it can always be decided), and the reason."""

    holds: str
    undecided: str
    why: str


def render_value(value: Value, reader: Resolver) -> Any:
    """A param's value as a field value: templates become expressions, everything else stays."""
    match value:
        case Template():
            return render_template(value, reader).value
        case dict():
            return {name: render_value(item, reader) for name, item in value.items()}
        case list():
            return [render_value(item, reader) for item in value]
        case _:
            return value


def templates(value: Value, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Template]]:
    """The templates in a value, each with its path."""
    match value:
        case Template():
            yield where, value
        case dict():
            for name, item in value.items():
                yield from templates(item, (*where, name))
        case list():
            for index, item in enumerate(value):
                yield from templates(item, (*where, index))


def render_template(template: Template, reader: Resolver) -> Rendered:
    """A template as plain text, as its single value with its own type, or as an expression that gives text."""
    if template.text is not None:
        return Rendered(_escape_text(template.text), Shape(frozenset({"string"}), choices=(template.text,)))
    lone = template.lone
    if isinstance(lone, Literal) and not isinstance(lone.value, str):
        return Rendered(lone.value, shape_of_value(lone.value))
    writer = Writer(reader)
    code = writer.value(lone) if lone is not None else text_of(template.parts, writer)
    return Rendered(field(code, writer), code.shape, code.fails, tuple(writer.complaints))


def check_condition(condition: Expression, reader: Resolver) -> list[str]:
    """The mistakes in a condition, including one that is neither true nor false."""
    writer = Writer(reader)
    code = writer.value(condition)
    if not code.shape.may_be("boolean"):
        writer.complaints.append(f"a condition must be true or false, but this is {code.shape.words}")
    return writer.complaints


def render_condition(condition: Expression, reader: Resolver) -> ConditionCode:
    """A condition for a Choice state. A Choice has no Catch, so an error becomes a result of its own."""
    writer = Writer(reader, total=True)
    code = writer.value(condition)
    if code.shape.only("boolean") and not code.fails:
        return ConditionCode(_with_prelude(code, writer), "", "")
    verdict = prelude(writer.called, raises=False)
    start = f"({verdict}; $r := {code.text}; " if verdict else f"($r := {code.text}; "
    message = jsonata.string("the condition is neither true nor false: it is ")
    why = f"$type($r) = 'function' ? $r() : {message} & $type($r)"
    return ConditionCode(
        f"{start}$type($r) = 'boolean' ? $r : false)", f"{start}$type($r) != 'boolean')", f"{start}{why})"
    )


def field(code: Code, writer: Writer) -> str:
    """Code as a field value."""
    return jsonata.expression(_with_prelude(code, writer))


def _with_prelude(code: Code, writer: Writer) -> str:
    functions = prelude(writer.called, raises=not writer.total)
    return f"({functions}; {code.text})" if functions else code.text


def _escape_text(text: str) -> str:
    """A text as a field value; one that looks like code becomes code that gives the text."""
    bare = text.strip()
    looks_like_code = bare.startswith("{%") or bare.endswith("%}")
    return jsonata.expression(jsonata.string(text)) if looks_like_code else text


def text_of(parts: Parts, writer: Writer) -> Code:
    """The concatenated text of the parts."""
    codes = [_part(part, writer) for part in parts if part != ""]
    if not codes:
        return Code('""', STRING)
    return writer.apply(lambda *texts: " & ".join(texts), STRING, *codes)


def _part(part: Part, writer: Writer) -> Code:
    match part:
        case str():
            return Code(jsonata.string(part), STRING)
        case If():
            return _conditional(part, writer)
        case For():
            return _loop(part, writer)
        case _:
            return writer.text(part)


def _conditional(part: If, writer: Writer) -> Code:
    text = text_of(part.otherwise, writer).text
    for test, body in reversed(part.branches):
        condition = writer.truth(test)
        if not condition.shape.may_be("boolean"):
            writer.complaints.append("a condition is true or false")
        text = f"({condition.text} ? {text_of(body, writer).text} : {text})"
    return Code(text, STRING, fails=True)


def _loop(part: For, writer: Writer) -> Code:
    """The concatenated texts of the items; the list is evaluated once."""
    items = writer.value(part.items)
    if not items.shape.may_be("array"):
        writer.complaints.append(f"a loop needs an array, but this is {items.shape.words}")
    outer = writer.reader
    item, index, items_name = f"$v_{part.name}", f"$i_{part.name}", f"$l_{part.name}"
    position = {
        "index": f"({index} + 1)",
        "index0": index,
        "first": f"({index} = 0)",
        "last": f"({index} = $count({items_name}) - 1)",
    }
    reader = outer.naming(part.name, Code(item, items.shape.item or ANYTHING))
    for name, shape in LOOP.items():
        reader = reader.naming(f"loop.{name}", Code(position[name], shape))
    writer.reader = reader
    body = text_of(part.body, writer).text
    writer.reader = outer
    loop_code = f"$reduce({items_name}, function($t_{part.name}, {item}, {index}) {{$t_{part.name} & {body}}}, '')"
    if part.otherwise:
        loop_code = f"($count({items_name}) = 0 ? {text_of(part.otherwise, writer).text} : {loop_code})"
    writer.called["of_list"] = None
    return Code(f"$of_list({items.text}, 'a loop', function({items_name}) {{{loop_code}}})", STRING, fails=True)
