"""Text or value -> Definition, or the mistakes in its shape.

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
from aftertrain.compiler.repair import repair
from aftertrain.model.definition import (
    Compute,
    Definition,
    Foreach,
    Parameter,
    PipelineSettings,
    Retry,
    Step,
    TriggerSpec,
)
from aftertrain.model.written import Written

MAX_DEPTH = 32
_UNION_MEMBERS = ("str", "bool", "list[any]")  # pydantic adds these to the path of a value with several types
# Codes about names, which may be wrong where a name was repaired.
_STEP_NAME_CODES, _PARAMETER_NAME_CODES = ("AT301", "AT304"), ("AT212", "AT306")
NO_MERGE = "YAML's merge keys are not supported: write the merged keys out"

_MODELS: dict[str, type[Written]] = {
    "parameters": Parameter,
    "steps": Step,
    "on_failure": Step,
    "foreach": Foreach,
    "compute": Compute,
    "triggers": TriggerSpec,
    "settings": PipelineSettings,
    "retry": Retry,
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A definition, the repaired mistakes in its shape, and the positions of its parts."""

    definition: Definition
    document: Document
    repaired: tuple[Diagnostic, ...] = ()

    @property
    def vague(self) -> frozenset[str]:
        """The parameters of which only the name is known."""
        paths = (mistake.where for mistake in self.repaired if mistake.where[:1] == ("parameters",))
        return frozenset(self.definition.parameters[int(where[1])].name for where in paths)

    def with_these(self, diagnostics: list[Diagnostic]) -> list[Diagnostic]:
        """All diagnostics with positions, without those that follow from a repair."""
        repaired_paths = {mistake.where for mistake in self.repaired}
        remaining = [
            mistake
            for mistake in diagnostics
            if not repaired_paths & {mistake.where[:end] for end in range(len(mistake.where) + 1)}
            and not any(self._follows_from(mistake, where) for where in repaired_paths)
        ]
        return [replace(mistake, mark=_mark(mistake, self.document)) for mistake in (*self.repaired, *remaining)]

    def _follows_from(self, mistake: Diagnostic, where: Place) -> bool:
        """Whether a diagnostic may exist only because of a repair at `where`."""
        match where:
            case (*_, "on_failure"):
                return mistake.code == "AT402"
            case (("steps" | "on_failure"), _, "id"):
                return mistake.code in _STEP_NAME_CODES and self._mentions(mistake, where)
            case ("parameters", index, *_):
                return mistake.code in _PARAMETER_NAME_CODES and self._mentions(mistake, ("parameters", index, "name"))
            case _:
                return False

    def _mentions(self, mistake: Diagnostic, where: Place) -> bool:
        """Whether a diagnostic may be about the name written at `where`."""
        value = self.document.value
        for part in where:
            if isinstance(value, list) and isinstance(part, int):
                value = value[part]
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return not isinstance(value, str) or repr(value) in mistake.message


def parse(source: str | dict[str, Any]) -> Parsed:
    """Read a definition from YAML or JSON text, or from a value.

    Raises:
        CompileError: with every mistake in its shape, if the shape is beyond repair.
    """
    document = read_document(source) if isinstance(source, str) else Document(value=source)
    if document.diagnostics:
        raise CompileError(document.diagnostics)
    if not isinstance(document.value, dict):
        raise CompileError(
            [Diagnostic("AT102", (), "a definition must be an object with steps", mark=document.mark(()))]
        )
    problems = list(_check_json(document.value, (), document))
    if problems:
        raise CompileError(problems)
    return _read(document)


def _read(document: Document) -> Parsed:
    value, mistakes = document.value, list[Diagnostic]()
    while True:
        try:
            return Parsed(Definition.model_validate(value), document, tuple(mistakes))
        except ValidationError as error:
            details = error.errors()
        new = [_diagnostic(detail, document) for detail in reversed(details)]
        mistakes += {
            mistake.where: mistake for mistake in new
        }.values()  # once, even where a value may have several types
        value = repair(value, details)
        if value is None:
            raise CompileError(mistakes)


def _check_json(value: Any, where: Place, document: Document) -> Iterator[Diagnostic]:
    """Values that JSON cannot hold (infinities, lone surrogates, dates), and nesting that is too deep."""
    problem = _problem(value) if len(where) <= MAX_DEPTH else f"it is nested deeper than {MAX_DEPTH} levels"
    if problem is not None:
        yield Diagnostic("AT102", where, f"{_last_name(where)}: {problem}", mark=document.mark(where))
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str) and (problem := _problem(key)) is not None:
                yield Diagnostic("AT102", where, f"the key {key!r}: {problem}", mark=document.mark(where))
            else:
                yield from _check_json(item, (*where, str(key)), document)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check_json(item, (*where, index), document)


def _problem(value: Any) -> str | None:
    match value:
        case float() if not math.isfinite(value):
            return f"{value} is not a JSON number"
        case str() if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return "this is a lone surrogate, which is no character"
        case None | bool() | int() | float() | str() | list() | dict():
            return None
        case _:
            return f"a value of type {type(value).__name__} is not JSON"


def _mark(diagnostic: Diagnostic, document: Document) -> Mark | None:
    """The position of an unknown key, or else of the value."""
    if diagnostic.code in ("AT103", "AT204"):
        return document.places.keys.get(diagnostic.where)
    return diagnostic.mark or document.mark(diagnostic.where)


def _diagnostic(detail: ErrorDetails, document: Document) -> Diagnostic:
    where: Place = detail["loc"]
    if detail["type"] == "extra_forbidden":
        name = str(where[-1])
        hint = did_you_mean(name, _sibling_keys(where)) if name != "<<" else NO_MERGE
        return Diagnostic("AT103", where, f"unknown key {name!r}", hint, document.places.keys.get(where))
    where = tuple(part for part in where if part not in _UNION_MEMBERS)
    text = detail["msg"].removeprefix("Value error, ")
    message = text[0].lower() + text[1:]
    return Diagnostic("AT102", where, f"{_last_name(where)}: {message}", mark=document.mark(where))


def _sibling_keys(where: Place) -> list[str]:
    owner = next((str(part) for part in reversed(where[:-1]) if isinstance(part, str)), "")
    return [field.alias or name for name, field in _MODELS.get(owner, Definition).model_fields.items()]


def _last_name(where: Place) -> str:
    return next((str(part) for part in reversed(where) if isinstance(part, str)), "the definition")
