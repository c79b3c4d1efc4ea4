"""A path -> the code that reads it, and its shape.

    Path("steps", ("evaluate", "output", "accuracy"))  ->  Code("$out_evaluate.accuracy", Shape({"number"}))

A read may find nothing; `shape.there` says whether it can. `Resolver` holds the names that a compiler phase knows.
While types are checked, no step has a variable yet, so a stand-in is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from aftertrain.asl import jsonata
from aftertrain.compiler.diagnostics import did_you_mean
from aftertrain.expressions.lookup import full_path
from aftertrain.expressions.shapes import BOOLEAN, INTEGER, STRING, UNKNOWN, Shape, of, shape_of_value
from aftertrain.expressions.tree import Path
from aftertrain.model.definition import Parameter

PARAMETER_KINDS: dict[str, tuple[str, ...]] = {
    "string": ("string",),
    "integer": ("integer",),
    "float": ("number", "integer"),
    "boolean": ("boolean",),
    "array": ("array",),
    "object": ("object",),
}
LOOP = {"index": INTEGER, "index0": INTEGER, "first": BOOLEAN, "last": BOOLEAN}
STATUS = Shape(frozenset({"string"}), choices=("succeeded", "failed", "skipped"))
ENVELOPE = dict.fromkeys(("event_type", "event_id", "timestamp", "source", "subject"), STRING)
_OBJECT = frozenset({"object"})
FAILURE = {"error": STRING, "cause": STRING}


class Code(NamedTuple):
    """An expression's code. `fails`: evaluating it may fail."""

    text: str
    shape: Shape
    fails: bool = False


@dataclass(frozen=True, slots=True)
class StepCode:
    """The code of a step's record and output; `record` has `status`, `error` and `cause`.

    Without `record`, the step surely succeeded. `there`: whether the output surely exists.
    """

    output: str
    shape: Shape
    record: str | None = None
    there: bool = True


@dataclass(frozen=True, slots=True)
class Resolver:
    """The readable names: parameters, steps, the event's known fields, and loop items."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, StepCode]
    event: Mapping[str, Shape] | None = None
    names: Mapping[str, Code] = field(default_factory=dict)
    event_text: str = f"{jsonata.INPUT}.event"
    params_text: str = f"{jsonata.INPUT}.params"

    def naming(self, name: str, code: Code) -> "Resolver":
        """The same resolver with one more name."""
        return replace(self, names={**self.names, name: code})

    def read(self, path: Path) -> Code:
        """The code; what it reads may be missing."""
        match path.root:
            case "event":
                return self._event(path)
            case "params":
                return self._parameter(path)
            case "steps":
                return self._step(path)
            case "failure":
                return _read_below(Code("$failure", Shape(frozenset({"object"}), FAILURE)), path.segments)
            case "loop":
                return self.names[f"loop.{path.segments[0]}"]
            case _:
                return _read_below(self.names[path.root], path.segments)

    def _event(self, path: Path) -> Code:
        first, *rest = full_path(tuple(map(str, path.segments[:1])))
        segments = (*rest, *path.segments[1:])
        if first in ENVELOPE:
            return _read_below(Code(jsonata.field(self.event_text, first), ENVELOPE[first]), segments)
        return _read_below(Code(jsonata.field(self.event_text, first), Shape(_OBJECT, self.event)), segments)

    def _parameter(self, path: Path) -> Code:
        name = str(path.segments[0])
        parameter = self.parameters[name]
        value_code = jsonata.field(self.params_text, name)
        shape = of(*PARAMETER_KINDS[parameter.type], there=False)
        if parameter.has_default:
            default = parameter.default
            text = f"($exists({value_code}) ? {value_code} : {constant(default)})"
            base = Code(text, replace(shape, kinds=shape.kinds | shape_of_value(default).kinds, there=True))
        else:
            base = Code(value_code, shape)
        return _read_below(base, path.segments[1:])

    def _step(self, path: Path) -> Code:
        step, attribute, *names = path.segments
        step_code = self.steps[str(step)]
        if attribute in ("output", "outputs"):
            shape = step_code.shape if step_code.there else step_code.shape.maybe()
            return _read_below(Code(step_code.output, shape), tuple(names))
        if attribute == "status" and step_code.record is None:
            return Code(jsonata.string("succeeded"), STATUS)
        shape = STATUS if attribute == "status" else STRING.maybe()
        return Code(f"{step_code.record or '{}'}.{attribute}", shape)


def constant(value: Any) -> str:
    """Any JSON value as code."""
    match value:
        case dict():
            return jsonata.record({name: constant(item) for name, item in value.items()})
        case list():
            return f"[{', '.join(map(constant, value))}]"
        case _:
            return jsonata.literal(value)


def _read_below(base: Code, segments: tuple[str | int, ...]) -> Code:
    """A read below a value; only a known object is read without a check."""
    text, shape, _ = base
    for key in segments:
        if isinstance(key, str) and shape.kinds <= _OBJECT:
            text = jsonata.field(text, key)
        else:
            text = f"$get({text}, {jsonata.literal(key)})"
        shape = _shape_below(shape, key)
    return Code(text, shape)


def _shape_below(shape: Shape, key: str | int) -> Shape:
    if isinstance(key, int):
        return (shape.item or UNKNOWN).maybe()
    if shape.fields is None or key not in shape.fields:
        return UNKNOWN
    below = shape.fields[key]
    surely = shape.there and shape.kinds <= {"object"}
    return below if surely else below.maybe()


def shape_at(shape: Shape, segments: tuple[str | int, ...]) -> Shape:
    """The shape of a value below another one."""
    for key in segments:
        shape = _shape_below(shape, key)
    return shape


def misread(shape: Shape, path: Path, start: int) -> tuple[str, str] | None:
    """What is wrong with a read below a known shape, as a message and a hint; None if nothing."""
    for position, key in enumerate(path.segments[start:], start):
        if isinstance(key, int) and not shape.may_be("array"):
            return f"{path}: there is no item {key} in {shape.words}", ""
        if isinstance(key, str):
            if not shape.may_be("object"):
                kind = Path(path.root, path.segments[:position])
                return f"{path}: {kind} is {shape.words}, which has no field {key!r}", ""
            if shape.fields is not None and key not in shape.fields:
                parent = Path(path.root, path.segments[:position])
                return f"{path}: {parent} has no field {key!r}", did_you_mean(key, shape.fields)
        shape = _shape_below(shape, key)
    return None
