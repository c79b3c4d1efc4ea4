"""The actions' models -> the reference of actions: params with type, default and meaning, and outputs."""

import json
from inspect import getdoc, getmodule
from typing import Any

from docs.pages.markdown import code, table
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from aftertrain.actions.action import Action
from aftertrain.actions.catalogue import ACTIONS
from aftertrain.model.attribute_docs import attribute_docs

RUNS = {
    "task": "A task: a short Lambda call.",
    "job": "A job: a program on the step's backend.",
    "wait": "A wait: the state machine waits, and nothing runs.",
    "question": "A question: the step waits for a person.",
    "pipeline": "Another pipeline's execution.",
    "deployment": "A deployment: the step ends when the fleet has changed.",
}
INTRO = """# Actions

An action is the work of a step. Every param may be a [template](templates.md). `compute` applies
to jobs; see [Jobs and where they run](../concepts/jobs.md).
"""


def page() -> str:
    """The whole page."""
    rows = [(f"[`{name}`](#{name})", _summary(action), action.runs) for name, action in ACTIONS.items()]
    lines = [INTRO, *table(("action", "what it does", "runs as"), rows)]
    for action in ACTIONS.values():
        lines += ["", *_section(action)]
    return "\n".join(lines) + "\n"


def _summary(action: Action) -> str:
    module = getmodule(action.params)
    assert module is not None
    text = (getdoc(module) or "").split("\n\n")[0]
    return " ".join(text.split())


def _section(action: Action) -> list[str]:
    limit = "" if action.runs == "wait" else f" Default time limit: {_time(action)}."
    lines = [f"## {action.name}", "", _summary(action), "", f"{RUNS[action.runs]}{limit}"]
    if action.params.model_fields:
        lines += [
            "",
            _sentence(action.params),
            "",
            *table(("param", "type", "default", "meaning"), _rows(action.params)),
        ]
    if action.outputs.model_fields:
        outputs = [(name, kind, meaning) for name, kind, _, meaning in _rows(action.outputs)]
        lines += ["", _sentence(action.outputs), "", *table(("output", "type", "meaning"), outputs)]
    return lines


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((getdoc(model) or "").split())


def _time(action: Action) -> str:
    hours = action.timeout_seconds / 3600
    return f"{hours:g} hours" if hours >= 1 else f"{action.timeout_seconds} seconds"


def _rows(model: type[BaseModel]) -> list[tuple[str, str, str, str]]:
    schema, texts = model.model_json_schema(), attribute_docs(model)
    return [
        (code(name), type_words(schema["properties"][name], schema), _default(field), texts[name])
        for name, field in model.model_fields.items()
    ]


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "none" if value in (None, [], {}, "", PydanticUndefined) else code(json.dumps(value))


def type_words(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """A JSON Schema as words: `string`, `array of string`, `one of a, b`."""
    if "$ref" in schema:
        return type_words(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "enum" in schema:
        return "one of " + ", ".join(code(str(value)) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(type_words(option, root) for option in schema["anyOf"] if option.get("type") != "null")
    if schema.get("type") == "array":
        return f"array of {type_words(schema['items'], root)}" if schema.get("items") else "array"
    kinds = schema.get("type", "any value")
    return (" or ".join(kinds) if isinstance(kinds, list) else str(kinds)) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{word} {schema[name]:g}" for name, word in words.items() if name in schema]
    return f" ({', '.join(bounds)})" if bounds else ""
