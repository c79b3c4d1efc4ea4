"""YAML or JSON text -> plain values, and the position of each.

    read_document("steps:\\n  - id: a")  ->  {"steps": [{"id": "a"}]}, marks[("steps", 0, "id")] = Mark(2, 9)

Only JSON's types exist: `on`, `12:30` and dates stay strings. A duplicate key is a mistake. JSON text takes a faster
parser; its positions are computed only if a diagnostic needs them.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

import yaml

from aftertrain.compiler.diagnostics import Diagnostic, Mark, Place

MAX_DEPTH = 100  # libyaml composes nodes by recursion in C, and a deep text would end the process
MAX_NODES = 20_000  # bounds aliases of aliases, which can grow exponentially


# libyaml is ten times faster; without it, PyYAML's own parser reads the same.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # PyYAML's build decides which class it is
    """YAML with JSON's scalars."""


_SCALARS = (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", list("-0123456789")),
)
_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


@dataclass(slots=True)
class Places:
    """The position of each value and each key in a text."""

    values: dict[Place, Mark] = field(default_factory=dict)
    keys: dict[Place, Mark] = field(default_factory=dict)


@dataclass
class Document:
    """The value, its text, and the mistakes found while reading."""

    value: Any = None
    text: str = ""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @cached_property
    def places(self) -> Places:
        """The position of each part of the value."""
        return _read_yaml(self.text).places

    def mark(self, where: Place) -> Mark | None:
        """The position of a part, or of the nearest enclosing part that has one."""
        values = self.places.values
        return next((values[where[:length]] for length in range(len(where), -1, -1) if where[:length] in values), None)


def read_document(text: str) -> Document:
    """Read a text; its mistakes are in the document's diagnostics."""
    try:
        document = Document(json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_reject_constant), text)
    except (ValueError, RecursionError):
        return _read_yaml(text)
    return document


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises: ValueError on a duplicate key; the YAML reader then finds its position."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a duplicate key")
    return mapping


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _read_yaml(text: str) -> Document:
    document = Document(text=text)
    document.places = Places()
    try:
        _read_into(document, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Mark(mark.line + 1, mark.column + 1) if mark else None
        document.diagnostics.append(Diagnostic("AT101", (), f"this is not YAML: {error.problem}", mark=position))
    except RecursionError:
        problem = "it is nested too deeply, or an alias contains itself"
        document.diagnostics.append(Diagnostic("AT101", (), f"this is not YAML: {problem}"))
    except (yaml.YAMLError, ValueError) as error:
        document.diagnostics.append(Diagnostic("AT101", (), f"this is not YAML: {error}"))
    return document


def _read_into(document: Document, text: str) -> None:
    _check_depth(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.value = _NodeReader(loader, document).read(node, ())
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """Refuse a text that is nested too deeply; events come from a parser that does not recurse.

    Raises: ValueError
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


class _NodeReader:
    """Walks YAML nodes and notes their positions."""

    def __init__(self, loader: _Loader, document: Document) -> None:
        self.loader, self.document = loader, document
        self.nodes = 0

    def read(self, node: yaml.Node, where: Place) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ValueError(f"it has more than {MAX_NODES} values")
        self.document.places.values[where] = _mark(node)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, where)
            case yaml.SequenceNode():
                return [self.read(item, (*where, index)) for index, item in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            return self.loader.construct_object(node)
        except (
            AttributeError,
            IndexError,
            KeyError,
            TypeError,
        ):  # PyYAML's errors for a tag that does not fit its text
            mark = _mark(node)
            self.document.diagnostics.append(
                Diagnostic("AT101", (), f"{node.value!r} does not have the type of its tag", mark=mark)
            )
            return None

    def _mapping(self, node: yaml.MappingNode, where: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                self.document.diagnostics.append(
                    Diagnostic("AT104", (*where, key), f"the key {key!r} is a duplicate", mark=_mark(key_node))
                )
            self.document.places.keys[(*where, key)] = _mark(key_node)
            result[key] = self.read(value_node, (*where, key))
        return result


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
