"""Template text -> typed tree, by jinja2's own parser.

    "Deployed {{ event.model_name }}"   ->  Template(("Deployed ", Path("event", ("model_name",))))
    "{{ steps.evaluate.output.accuracy >= 0.9 }}"  ->  Template((Compare(">=", Path(…), Literal(0.9)),))

Jinja's syntax, and so far this much of it: paths, literals, comparisons, `and`, `or`, `not`. Whatever else parses is
refused with its name, never half understood. A text that is one expression with nothing but blanks around it keeps the
expression's type; everything else is text.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import get_args

from jinja2 import Environment, TemplateSyntaxError, nodes

from aftertrain.errors import AuthorError

Root = OneOf["event", "params", "steps"]
ROOTS: tuple[Root, ...] = get_args(Root)

_OPERATORS = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<="}
_NAMES = {
    "true": True,
    "false": False,
    "none": None,
    "True": True,
    "False": False,
    "None": None,
    "null": None,
}
_ENVIRONMENT = Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701 - it parses and never renders


class TemplateError(AuthorError):
    """A template that is none, or that says more than is supported."""


@dataclass(frozen=True, slots=True)
class Path:
    """A value that is read: `event.model_name`, `params.x`, `steps.evaluate.output.accuracy`."""

    root: Root
    segments: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.root, *self.segments))


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands there: a string, a number, true, false or none."""

    value: str | int | float | bool | None

    def __str__(self) -> str:
        return json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared by one of == != > >= < <=."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` of two conditions."""

    operator: OneOf["and", "or"]
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    operand: "Expression"


Expression = Path | Literal | Compare | Logic | Not


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it."""

    parts: tuple[str | Expression, ...]

    @property
    def lone(self) -> Expression | None:
        """The expression, where the template is nothing else."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str):
            return self.parts[0]
        return None

    @property
    def text(self) -> str | None:
        """The text, where the template has no expression in it."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None

    def paths(self) -> Iterator[Path]:
        """Every value that the template reads."""
        for part in self.parts:
            if not isinstance(part, str):
                yield from paths(part)


def paths(expression: Expression) -> Iterator[Path]:
    """Every value that an expression reads, left to right."""
    match expression:
        case Path():
            yield expression
        case Compare(left=left, right=right) | Logic(left=left, right=right):
            yield from paths(left)
            yield from paths(right)
        case Not(operand=operand):
            yield from paths(operand)
        case Literal():
            return


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        TemplateError: it does not parse, or uses what is not supported.
    """
    try:
        return _template(text)
    except RecursionError:
        raise TemplateError("the expression is nested too deep") from None


def _template(text: str) -> Template:
    body = _parse(text).body
    parts: list[str | Expression] = []
    for statement in body:
        if not isinstance(statement, nodes.Output):
            raise _unsupported(statement)
        parts += [part.data if isinstance(part, nodes.TemplateData) else _expression(part) for part in statement.nodes]
    expressions = [part for part in parts if not isinstance(part, str)]
    blank = all(not part.strip() for part in parts if isinstance(part, str))
    return Template(tuple(expressions)) if len(expressions) == 1 and blank else Template(tuple(parts))


def parse_condition(text: str) -> Expression:
    """Read a condition: an expression, bare or in braces.

    Raises:
        TemplateError: it does not parse, or is no single expression.
    """
    lone = parse_template(text if "{{" in text else f"{{{{ {text} }}}}").lone
    if lone is None:
        raise TemplateError(f"a condition is one expression, such as steps.evaluate.output.accuracy >= 0.9: {text!r}")
    if isinstance(lone, Literal) and not isinstance(lone.value, bool):
        raise TemplateError(f"a condition is true or false; {lone} is neither")
    return lone


def _parse(text: str) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"not a template: {error.message}") from None


def _expression(node: nodes.Node) -> Expression:
    match node:
        case nodes.Const(value=str() | int() | float() | bool() | None as value):
            return Literal(value)
        case nodes.Name(name=name) if name in _NAMES:
            return Literal(_NAMES[name])
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            return _path(node)
        case nodes.Compare(expr=left, ops=[nodes.Operand(op=op, expr=right)]) if op in _OPERATORS:
            return Compare(_OPERATORS[op], _expression(left), _expression(right))
        case nodes.And(left=left, right=right):
            return Logic("and", _expression(left), _expression(right))
        case nodes.Or(left=left, right=right):
            return Logic("or", _expression(left), _expression(right))
        case nodes.Not(node=operand):
            return Not(_expression(operand))
        case nodes.Neg(node=nodes.Const(value=int() | float() as value)):
            return Literal(-value)
        case _:
            raise _unsupported(node)


def _path(node: nodes.Node) -> Path:
    segments: list[str] = []
    while not isinstance(node, nodes.Name):
        match node:
            case nodes.Getattr(node=inner, attr=attribute):
                segments.append(attribute)
            case nodes.Getitem(node=inner, arg=nodes.Const(value=str() as key)):
                segments.append(key)
            case _:
                raise _unsupported(node)
        node = inner
    if node.name not in ROOTS:
        raise TemplateError(f"{node.name!r} is not known here: a path starts with event, params or steps")
    if not segments:
        raise TemplateError(f"{node.name!r} alone is no value: name a field of it, such as {node.name}.name")
    return Path(node.name, tuple(reversed(segments)))


def _unsupported(node: nodes.Node) -> TemplateError:
    what = f"the filter {node.name!r}" if isinstance(node, nodes.Filter) else type(node).__name__.lower()
    return TemplateError(
        f"{what} is not supported in templates yet: write a path such as event.model_name, a literal, "
        "a comparison, and, or, not"
    )
