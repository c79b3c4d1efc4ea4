"""What a template says, as a tree.

    "{{ event.tags | join(',') }} scored {{ steps.evaluate.output.accuracy * 100 }}"
    ->  Template((Filter("join", Path("event", ("tags",)), (Literal(","),)), " scored ",
                  Arithmetic("*", Path("steps", ("evaluate", "output", "accuracy")), Literal(100))))

Nodes only; `template` reads them from text, `shapes` says what they evaluate to, the compiler turns them into JSONata.
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
    """A value that is read: `event.model_name`, `steps.evaluate.output.accuracy`, `item.id`.

    `root` is one of ROOTS, or the name that a loop gives to its items.
    """

    root: str
    segments: tuple[str | int, ...]

    def __str__(self) -> str:
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.segments)
        return f"{self.root}{text}"

    @property
    def step(self) -> str:
        """The step that is read, for a path into `steps`."""
        return str(self.segments[0])


@dataclass(frozen=True, slots=True)
class Unknown:
    """What stands for a mistake, so that what is around it can be looked at: it may be anything."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands there: a string, a number, true, false or none."""

    value: str | int | float | bool | None

    def __str__(self) -> str:
        return json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that is written out."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Index:
    """An item of an array or a field of an object, by a key that is computed."""

    operand: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values and one of + - * / // %; with `+`, two texts are one."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Concat:
    """The texts of two values, one after the other."""

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
    """`and` or `or` of two values, as Python has it: the value is that of the operand that decided."""

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
    """A filter with its arguments, those that were named in their places."""

    name: str
    operand: "Expression"
    arguments: "tuple[Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class Test:
    """`x is defined` and its like."""

    name: str
    operand: "Expression"
    arguments: "tuple[Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class If:
    """One of several texts; the last one stands if no condition holds."""

    branches: "tuple[tuple[Expression, Parts], ...]"
    otherwise: "Parts"


@dataclass(frozen=True, slots=True)
class For:
    """A text for each item of an array, or another one if there is no item."""

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
    """A text with expressions and blocks in it."""

    parts: Parts

    @property
    def lone(self) -> Expression | None:
        """The expression, where the template is nothing else."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str | If | For):
            return self.parts[0]
        return None

    @property
    def text(self) -> str | None:
        """The text, where the template has no expression in it."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None


ALWAYS, NEVER = Literal(value=True), Literal(value=False)


def demanded_paths(node: Any) -> Iterator[Path]:
    """Every value that has to be there: without what `default` and `is defined` make up for."""
    match node:
        case Filter(name="default", operand=Path() | Index() as operand, arguments=arguments):
            yield from demanded_paths((*_keys(operand), arguments))
        case Test(name="defined", operand=Path()):
            return
        case Path():
            yield node
        case tuple() | list():
            for item in node:
                yield from demanded_paths(item)
        case dict():
            yield from demanded_paths(tuple(node.values()))
        case _ if is_dataclass(node):
            for field in fields(node):
                yield from demanded_paths(getattr(node, field.name))


def _keys(node: Expression) -> Iterator[Expression]:
    """The computed keys of a path, which have to be there whatever is at it."""
    while isinstance(node, Index):
        yield node.key
        node = node.operand
    if not isinstance(node, Path):
        yield node


def paths(node: Any) -> Iterator[Path]:
    """Every value that a node reads, left to right, apart from the items of its own loops."""
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
                if not isinstance(item, str):  # which most of them are
                    yield from paths(item)
        case dict():
            yield from paths(tuple(node.values()))
        case _ if is_dataclass(node):
            for field in fields(node):
                yield from paths(getattr(node, field.name))


def is_uncertain(node: Any) -> bool:
    """Whether a mistake stands in a node, or in one of several."""
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
    """The same node, or value with nodes in it, with the paths unknown that are mistaken."""
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
    """The same condition, without what is certain whatever is read: `1 == 2 or event.go` is `event.go`."""
    match node:
        case Not(operand=operand):
            inner = fold(operand)
            return Literal(not inner.value) if isinstance(inner, Literal) and isinstance(inner.value, bool) else node
        case Compare(operator="==" | "!=" as operator, left=Literal(value=left), right=Literal(value=right)):
            same = isinstance(left, bool) is isinstance(right, bool) and left == right  # to Python, true is 1
            return Literal(same is (operator == "=="))
        case Logic(operator=operator, left=left, right=right):
            first = fold(left)
            if isinstance(first, Literal) and isinstance(first.value, bool):
                return first if first.value is (operator == "or") else fold(right)
            return node
        case _:
            return node
