"""Template tree -> JSONata text.

    Template(("Model ", Path("event", ("model_name",))))
    ->  "Model " & $text($states.context.Execution.Input.event.data.model_name, "event.model_name")

A value that is not there is an error that names its path, never an empty text. Where a value is put into a text, only
scalars have one; `true` and `null` are written as JSON writes them.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.link import Value
from aftertrain.expressions.fields import full_path
from aftertrain.expressions.template import Compare, Expression, Literal, Logic, Not, Path, Template, paths
from aftertrain.model.definition import Parameter


@dataclass(frozen=True, slots=True)
class Reading:
    """What a step can read: the pipeline's parameters, and the variable in which each step's output is for it."""

    parameters: dict[str, Parameter]
    variables: dict[str, str]


_OPERATORS = {"==": "=", "!=": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_THERE = "$there := function($v, $p) {$exists($v) ? $v : $error($p & ' is not there')}"
_TEXT = (
    "$text := function($v, $p) {$exists($v) ? ($type($v) in ['object', 'array'] "
    "? $error($p & ' is an ' & $type($v) & ', which has no text') : $string($v)) : $error($p & ' is not there')}"
)


def render_value(value: Value, reading: Reading) -> Any:
    """A param's value as a state's field has it: templates become expressions, everything else stays."""
    match value:
        case Template():
            return render_template(value, reading)
        case dict():
            return {name: render_value(item, reading) for name, item in value.items()}
        case list():
            return [render_value(item, reading) for item in value]
        case _:
            return value


def render_template(template: Template, reading: Reading) -> Any:
    """A template's text as it stands, its one value in its own type, or an expression that makes a text."""
    if template.text is not None:
        return _plain(template.text)
    if template.lone is not None:
        return _lone(template.lone, reading)
    parts = [
        jsonata.string(part) if isinstance(part, str) else _as_text(part, reading)
        for part in template.parts
        if part != ""
    ]
    return jsonata.expression(f"({_TEXT}; {' & '.join(parts)})")


def _plain(text: str) -> str:
    """A text as a field has it; one that looks like code is written as code that gives the text."""
    return jsonata.expression(jsonata.string(text)) if text.startswith("{%") else text


def render_condition(condition: Expression, reading: Reading) -> tuple[str, str]:
    """A condition as code, twice: whether it can be decided ("" if it always can), and what it says.

    A Choice state has no Catch, so what would be an error in it has to be asked first.
    """
    checks = dict.fromkeys(_checks(condition, reading, boolean=True))
    return " and ".join(checks), _code(condition, reading)


def read(path: Path, reading: Reading) -> str:
    """The code that reads a path; it gives undefined where there is no value."""
    match path.root:
        case "event":
            return jsonata.path(f"{jsonata.INPUT}.event", full_path(path.segments))
        case "params":
            given = jsonata.path(f"{jsonata.INPUT}.params", path.segments)
            return _with_default(given, reading.parameters[path.segments[0]], path.segments)
        case "steps":
            step, _, *names = path.segments
            return jsonata.path(f"${reading.variables[step]}", tuple(names))


def _with_default(given: str, parameter: Parameter, segments: tuple[str, ...]) -> str:
    if not parameter.has_default or len(segments) > 1:
        return given
    return f"($exists({given}) ? {given} : {_json(parameter.default)})"


def _json(value: Any) -> str:
    match value:
        case dict():
            return jsonata.record({name: _json(item) for name, item in value.items()})
        case list():
            return f"[{', '.join(map(_json, value))}]"
        case _:
            return jsonata.literal(value)


def _lone(value: Expression, reading: Reading) -> Any:
    match value:
        case Literal(value=constant) if not isinstance(constant, str):
            return constant
        case Path():
            return jsonata.expression(f"({_THERE}; $there({read(value, reading)}, {jsonata.string(str(value))}))")
        case _:
            guards = "".join(
                f"$there({read(path, reading)}, {jsonata.string(str(path))}); " for path in dict.fromkeys(paths(value))
            )
            return jsonata.expression(f"({_THERE}; {guards}{_code(value, reading)})")


def _as_text(value: Expression, reading: Reading) -> str:
    match value:
        case Path():
            return f"$text({read(value, reading)}, {jsonata.string(str(value))})"
        case Literal(value=constant):
            return jsonata.string(constant if isinstance(constant, str) else jsonata.literal(constant))
        case _:
            return f'$text({_code(value, reading)}, "the condition")'


def _code(value: Expression, reading: Reading) -> str:
    match value:
        case Path():
            return read(value, reading)
        case Literal(value=constant):
            return jsonata.literal(constant)
        case Compare(operator=operator, left=left, right=right):
            return f"({_code(left, reading)} {_OPERATORS[operator]} {_code(right, reading)})"
        case Logic(operator=operator, left=left, right=right):
            return f"({_code(left, reading)} {operator} {_code(right, reading)})"
        case Not(operand=operand):
            return f"$not({_code(operand, reading)})"


def _checks(value: Expression, reading: Reading, *, boolean: bool) -> list[str]:
    """What must hold for a condition to have a verdict: values are there, and have types that go together."""
    match value:
        case Path():
            code = read(value, reading)
            return [f"$exists({code})", *([f"$type({code}) = 'boolean'"] if boolean else [])]
        case Literal():
            return []
        case Not(operand=operand):
            return _checks(operand, reading, boolean=True)
        case Logic(left=left, right=right):
            return _checks(left, reading, boolean=True) + _checks(right, reading, boolean=True)
        case Compare(operator=operator, left=left, right=right):
            there = _checks(left, reading, boolean=False) + _checks(right, reading, boolean=False)
            if operator in ("==", "!="):
                return there
            one, other = f"$type({_code(left, reading)})", f"$type({_code(right, reading)})"
            return [*there, f"{one} = {other}", f"{one} in ['number', 'string']"]
