"""A template as a tree.

    "{{ event.tags | join(',') }} scored {{ steps.evaluate.output.accuracy * 100 }}"
    ->  Template((Filter("join", Path("event", ("tags",)), (Literal(","),)), " scored ",
                  Arithmetic("*", Path("steps", ("evaluate", "output", "accuracy")), Literal(100))))

Nodes only: `template` reads them from text, `shapes` describes their values, the compiler turns them into JSONata.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any
from typing import Literal as OneOf

ROOTS = ("event", "params", "steps", "failure")
SYMBOL = {"==": "=", "!=": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}


@dataclass(frozen=True, slots=True)
class Path:
    """A read: `event.model_name`, `steps.evaluate.output.accuracy`, `item.id`.

    `root` is one of ROOTS, or the name that a loop gives to its items.
    """

    root: str
    segments: tuple[str | int, ...]

    def __str__(self) -> str:
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.segments)
        return f"{self.root}{text}"

    @property
    def step(self) -> str:
        """The step that a path into `steps` reads."""
        return str(self.segments[0])


@dataclass(frozen=True, slots=True)
class Unknown:
    """Replaces a mistake, so that the rest can be checked: it may be anything."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: a string, a number, true, false or none."""

    value: str | int | float | bool | None

    def __str__(self) -> str:
        return json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of expressions."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Index:
    """An item of an array or a field of an object, by a computed key."""

    operand: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values and one of + - * / // %; `+` also joins two texts."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Concat:
    """The concatenated texts of two values."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared by one of == != > >= < <= or `in`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` of two values, as in Python: the deciding operand is the value."""

    operator: OneOf["and", "or"]
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Not:
    """Whether a value counts as false."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Choose:
    """One value if a condition holds, else the other."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter with its arguments; named ones are in their positions."""

    name: str
    operand: "Expression"
    arguments: "tuple[Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class Test:
    """A test, such as `x is defined`."""

    name: str
    operand: "Expression"
    arguments: "tuple[Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class If:
    """One of several texts; the last one applies if no condition holds."""

    branches: "tuple[tuple[Expression, Parts], ...]"
    otherwise: "Parts"


@dataclass(frozen=True, slots=True)
class For:
    """A text for each item of an array, or another text if the array is empty."""

    name: str
    items: "Expression"
    body: "Parts"
    otherwise: "Parts"


Expression = (
    Path | Unknown | Literal | ListOf | Index | Arithmetic | Concat | Compare | Logic | Not | Choose | Filter | Test
)  # fmt: skip
Part = str | Expression | If | For
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions and blocks."""

    parts: Parts

    @property
    def lone(self) -> Expression | None:
        """The expression, if the template is nothing else."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str | If | For):
            return self.parts[0]
        return None

    @property
    def text(self) -> str | None:
        """The text, if the template contains no expression."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None


ALWAYS, NEVER = Literal(value=True), Literal(value=False)


def paths(node: Any) -> Iterator[Path]:
    """Every read of a node, left to right, except the items of its own loops."""
    match node:
        case str():
            return
        case Path():
            yield node
        case For(name=name, items=items, body=body, otherwise=otherwise):
            yield from paths(items)
            yield from (path for path in paths(body) if path.root not in (name, "loop"))
            yield from paths(otherwise)
        case tuple() | list():
            for item in node:
                if not isinstance(item, str):  # most parts are texts
                    yield from paths(item)
        case dict():
            yield from paths(tuple(node.values()))
        case _ if is_dataclass(node):
            for field in fields(node):
                yield from paths(getattr(node, field.name))


def is_uncertain(node: Any) -> bool:
    """Whether a node, or one of several, contains a mistake."""
    match node:
        case Unknown():
            return True
        case tuple() | list():
            return any(map(is_uncertain, node))
        case _ if is_dataclass(node):
            return any(is_uncertain(getattr(node, field.name)) for field in fields(node))
        case _:
            return False


def replace_mistaken(node: Any, mistaken: Callable[[Path], bool]) -> Any:
    """The same node or value, with mistaken paths replaced by unknowns."""
    match node:
        case Path():
            return Unknown() if mistaken(node) else node
        case tuple():
            return tuple(replace_mistaken(item, mistaken) for item in node)
        case list():
            return [replace_mistaken(item, mistaken) for item in node]
        case dict():
            return {name: replace_mistaken(item, mistaken) for name, item in node.items()}
        case _ if is_dataclass(node) and not isinstance(node, type):
            return type(node)(*(replace_mistaken(getattr(node, field.name), mistaken) for field in fields(node)))
        case _:
            return node


def loops(node: Any) -> Iterator[For]:
    """The outermost loops of a node, or of several."""
    match node:
        case For():
            yield node
        case tuple() | list():
            for item in node:
                yield from loops(item)
        case If(branches=branches, otherwise=otherwise):
            for _, body in branches:
                yield from loops(body)
            yield from loops(otherwise)


def fold(node: Expression) -> Expression:
    """The condition without its constant parts: `1 == 2 or event.go` becomes `event.go`."""
    match node:
        case Not(operand=operand):
            inner = fold(operand)
            return Literal(not inner.value) if isinstance(inner, Literal) and isinstance(inner.value, bool) else node
        case Compare(operator="==" | "!=" as operator, left=Literal(value=left), right=Literal(value=right)):
            same = isinstance(left, bool) is isinstance(right, bool) and left == right  # to Python, true equals 1
            return Literal(same is (operator == "=="))
        case Logic(operator=operator, left=left, right=right):
            first = fold(left)
            if isinstance(first, Literal) and isinstance(first.value, bool):
                return first if first.value is (operator == "or") else fold(right)
            return node
        case _:
            return node
