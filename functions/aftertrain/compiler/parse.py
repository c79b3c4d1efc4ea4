"""Text or value -> Definition, or what is wrong with its shape.

parse("steps:\\n- {id: a, action: log, params: {message: hi}}")  ->  Parsed(definition=Definition(…), document=…)
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aftertrain.compiler.diagnostics import CompileError, Diagnostic, Mark, Place, did_you_mean
from aftertrain.compiler.document import Document, read_document
from aftertrain.compiler.repair import repaired
from aftertrain.model.definition import (
    Compute,
    Definition,
    Foreach,
    Parameter,
    Retry,
    Settings,
    Step,
    TriggerSpec,
)
from aftertrain.model.written import Written

MAX_DEPTH = 32
_OF_UNIONS = ("str", "bool", "list[any]")  # which pydantic puts into a place where there are several types
# What rests on a key of some step, and is not known where that was repaired.
RESTING: dict[str | int, tuple[str, ...]] = {
    "condition": ("AT311", "AT402"),
    "on_failure": ("AT311", "AT402"),
    "id": ("AT301", "AT304"),
}
NO_MERGE = "YAML's merge keys are not read: write out what is to be merged"

_MODELS: dict[str, type[Written]] = {
    "parameters": Parameter,
    "steps": Step,
    "on_failure": Step,
    "foreach": Foreach,
    "compute": Compute,
    "triggers": TriggerSpec,
    "settings": Settings,
    "retry": Retry,
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A definition, what was wrong with its shape and is repaired, and the text's places for later complaints."""

    definition: Definition
    document: Document
    repaired: tuple[Diagnostic, ...] = ()

    def with_these(self, diagnostics: list[Diagnostic]) -> list[Diagnostic]:
        """All diagnostics with their places in the text; nothing more is said of what was repaired."""
        places = {item.where for item in self.repaired}
        untold = {code for where in places for code in RESTING.get(where[-1] if where else "", ())}
        others = [
            item
            for item in diagnostics
            if item.code not in untold and not places & {item.where[:end] for end in range(len(item.where) + 1)}
        ]
        return [replace(item, mark=_mark(item, self.document)) for item in (*self.repaired, *others)]


def parse(source: str | dict[str, Any]) -> Parsed:
    """Read a definition from YAML or JSON text, or from a value that was read already.

    Raises:
        CompileError: with everything that is wrong with its shape, where it is beyond repair.
    """
    document = read_document(source) if isinstance(source, str) else Document(value=source)
    if document.diagnostics:
        raise CompileError(document.diagnostics)
    if not isinstance(document.value, dict):
        raise CompileError([Diagnostic("AT102", (), "a definition is an object: it has steps", mark=document.mark(()))])
    strange = list(_not_json(document.value, (), document))
    if strange:
        raise CompileError(strange)
    return _read(document)


def _read(document: Document) -> Parsed:
    value, found = document.value, list[Diagnostic]()
    while True:
        try:
            return Parsed(Definition.model_validate(value), document, tuple(found))
        except ValidationError as error:
            details = error.errors()
        said = [_diagnostic(detail, document) for detail in reversed(details)]
        found += {each.where: each for each in said}.values()  # once, where a value may be of several types
        value = repaired(value, details)
        if value is None:
            raise CompileError(found)


def _not_json(value: Any, where: Place, document: Document) -> Iterator[Diagnostic]:
    """What no JSON text can hold: numbers without end, halves of characters, dates; and what is nested too deep."""
    problem = _problem(value) if len(where) <= MAX_DEPTH else f"it is nested deeper than {MAX_DEPTH} levels"
    if problem is not None:
        yield Diagnostic("AT102", where, f"{_last_name(where)}: {problem}", mark=document.mark(where))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _not_json(item, (*where, str(key)), document)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_json(item, (*where, index), document)


def _problem(value: Any) -> str | None:
    match value:
        case float() if not math.isfinite(value):
            return f"{value} is no number that JSON has"
        case str() if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return "this is half of a surrogate pair"
        case None | bool() | int() | float() | str() | list() | dict():
            return None
        case _:
            return f"a value of type {type(value).__name__} is not one of JSON's"


def _mark(diagnostic: Diagnostic, document: Document) -> Mark | None:
    """Of a key that should not be there the key, of anything else the value."""
    if diagnostic.code in ("AT103", "AT204"):
        return document.places.keys.get(diagnostic.where)
    return diagnostic.mark or document.mark(diagnostic.where)


def _diagnostic(detail: ErrorDetails, document: Document) -> Diagnostic:
    where: Place = detail["loc"]
    if detail["type"] == "extra_forbidden":
        name = str(where[-1])
        hint = did_you_mean(name, _keys_beside(where)) if name != "<<" else NO_MERGE
        return Diagnostic("AT103", where, f"there is no key {name!r} here", hint, document.places.keys.get(where))
    where = tuple(part for part in where if part not in _OF_UNIONS)
    said = detail["msg"].removeprefix("Value error, ")
    message = said[0].lower() + said[1:]
    return Diagnostic("AT102", where, f"{_last_name(where)}: {message}", mark=document.mark(where))


def _keys_beside(where: Place) -> list[str]:
    owner = next((str(part) for part in reversed(where[:-1]) if isinstance(part, str)), "")
    return [field.alias or name for name, field in _MODELS.get(owner, Definition).model_fields.items()]


def _last_name(where: Place) -> str:
    return next((str(part) for part in reversed(where) if isinstance(part, str)), "the definition")
