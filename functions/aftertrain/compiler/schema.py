"""The language -> a JSON Schema of definitions, for editors.

    definition_schema()["$defs"]["Step"]["allOf"][0]
    ->  {"if": {"properties": {"action": {"const": "log"}}}, "then": {"properties": {"params": {…}}}}

Every action contributes the schema of its params; a template may replace any value.
"""

from typing import Any

from pydantic import BaseModel

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.model.definition import Definition

_BOUNDS = {"enum", "pattern", "minLength", "maxLength"}
TEMPLATE = {"type": "string", "pattern": r"\{[{%]"}


def definition_schema() -> dict[str, Any]:
    """The schema of a whole definition, draft 2020-12."""
    schema = Definition.model_json_schema(by_alias=True)
    step = schema["$defs"]["Step"]
    step["properties"]["action"] = {"enum": sorted(ACTIONS), "title": "Action"}
    step["allOf"] = [_rule(name, schema["$defs"]) for name in sorted(ACTIONS)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Aftertrain pipeline",
        **{name: value for name, value in schema.items() if name != "title"},
    }


def _rule(action: str, definitions: dict[str, Any]) -> dict[str, Any]:
    params = _with_templates(_inline_schema(ACTIONS[action].params, definitions))
    needed = {"required": ["params"]} if params.get("required") else {}
    return {
        "if": {"properties": {"action": {"const": action}}, "required": ["action"]},
        "then": {"properties": {"params": params}, **needed},
    }


def _inline_schema(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """A model's schema; the schemas that it refers to join the shared definitions."""
    schema = model.model_json_schema()
    for name, value in schema.pop("$defs", {}).items():
        definitions[name] = _with_templates(value)
    return schema


def _with_templates(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with a template allowed for each value that does not accept any text."""
    properties = {name: _allow_template(value) for name, value in schema.get("properties", {}).items()}
    return schema | ({"properties": properties} if properties else {})


def _allow_template(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("type") == "string" and not _BOUNDS & set(value):
        return value
    return {"anyOf": [_allow_nested_templates(value), TEMPLATE]}


def _allow_nested_templates(value: dict[str, Any]) -> dict[str, Any]:
    """Allow templates for the values inside a list or a map too."""
    changed: dict[str, Any] = {
        name: _allow_template(value[name]) for name in ("items", "additionalProperties") if _is_schema(value, name)
    }
    if "anyOf" in value:
        changed["anyOf"] = [_allow_nested_templates(option) for option in value["anyOf"]]
    return value | changed


def _is_schema(value: dict[str, Any], name: str) -> bool:
    return isinstance(value.get(name), dict) and bool(value[name])
