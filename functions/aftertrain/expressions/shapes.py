"""What is known about a value before it exists.

    shape_of({"type": "object", "properties": {"accuracy": {"type": "number"}}, "required": ["accuracy"]})
    ->  Shape(kinds={"object"}, fields={"accuracy": Shape(kinds={"number"})})

`kinds` are JSON Schema's type names; a whole number is both `integer` and `number`. `there`: the value surely exists. A
shape with `fields` has exactly those; without, its fields are unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

KINDS = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
NUMBERS = frozenset({"integer", "number"})
MAX_BYTES = 262_144  # the most that a state can pass on; bounds every value without a bound of its own


@dataclass(frozen=True, slots=True)
class Shape:
    """The possible kinds of a value, the shapes of its parts, and its largest size as JSON in bytes."""

    kinds: frozenset[str] = KINDS
    fields: "Mapping[str, Shape] | None" = None
    item: "Shape | None" = None
    there: bool = True
    choices: tuple[Any, ...] = ()

    def only(self, *kinds: str) -> bool:
        """Whether the value surely exists and surely has one of these kinds."""
        return self.there and self.kinds <= set(kinds)

    def may_be(self, *kinds: str) -> bool:
        """Whether the value may have one of these kinds."""
        return bool(self.kinds & set(kinds))

    @property
    def numeric(self) -> bool:
        """Whether the value is surely a number."""
        return self.only(*NUMBERS)

    @property
    def words(self) -> str:
        """The kinds, as words for a sentence."""
        kinds = self.kinds - {"integer"} if "number" in self.kinds else self.kinds
        return " or ".join(sorted(kinds))

    def maybe(self) -> "Shape":
        """The same shape, but the value may be absent."""
        return self if not self.there else Shape(self.kinds, self.fields, self.item, False, self.choices)

    def surely(self) -> "Shape":
        """The same shape, and the value exists."""
        return self if self.there else Shape(self.kinds, self.fields, self.item, True, self.choices)


def of(*kinds: str, there: bool = True) -> Shape:
    """A value of one of these kinds."""
    return Shape(frozenset(kinds), there=there)


ANYTHING = Shape()
UNKNOWN = Shape(there=False)
STRING, BOOLEAN, NUMBER, INTEGER = of("string"), of("boolean"), of("number", "integer"), of("integer")


def either(first: Shape, second: Shape) -> Shape:
    """A value of either shape."""
    fields = first.fields if first.fields == second.fields else None
    item = first.item if first.item == second.item else None
    return Shape(first.kinds | second.kinds, fields, item, first.there and second.there)


def shape_of(schema: Mapping[str, Any], definitions: Mapping[str, Any] | None = None) -> Shape:
    """The shape that a JSON Schema describes; pydantic's schemas are read in full."""
    named_schemas = definitions if definitions is not None else schema.get("$defs", {})
    if "$ref" in schema:
        return shape_of(named_schemas[schema["$ref"].rsplit("/", 1)[-1]], named_schemas)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            shapes = [shape_of(option, named_schemas) for option in schema[keyword]]
            merged = shapes[0]
            for shape in shapes[1:]:
                merged = _merge(merged, shape)
            return merged
    choices = tuple(schema["enum"]) if "enum" in schema else (schema["const"],) if "const" in schema else ()
    return Shape(_kinds(schema, choices), _fields(schema, named_schemas), _item(schema, named_schemas), choices=choices)


def shape_of_value(value: Any) -> Shape:
    """The shape of a literal in a definition."""
    match value:
        case dict():
            return Shape(frozenset({"object"}), {str(name): shape_of_value(item) for name, item in value.items()})
        case list():
            items = [shape_of_value(item) for item in value]
            same = items[0] if items and all(item == items[0] for item in items) else None
            return Shape(frozenset({"array"}), item=same)
        case _:
            return of(*kinds_of(value))


def kinds_of(value: Any) -> frozenset[str]:
    """The kinds of a scalar, an array or an object."""
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer"})
        case float():
            return frozenset({"integer", "number"} if value.is_integer() else {"number"})
        case str():
            return frozenset({"string"})
        case list():
            return frozenset({"array"})
        case _:
            return frozenset({"object"})


def _merge(left: Shape, right: Shape) -> Shape:
    """Like `either`, but parts of only one side are kept: null has no fields to disagree about."""
    join = either(left, right)
    fields = left.fields if "object" not in right.kinds else right.fields if "object" not in left.kinds else join.fields
    item = left.item if "array" not in right.kinds else right.item if "array" not in left.kinds else join.item
    return replace(join, fields=fields, item=item)


def _kinds(schema: Mapping[str, Any], choices: tuple[Any, ...]) -> frozenset[str]:
    written = schema.get("type")
    if written is not None:
        kinds = {written} if isinstance(written, str) else set(written)
        return frozenset(kinds | {"integer"} if "number" in kinds else kinds)
    if choices:
        return frozenset().union(*map(kinds_of, choices))
    return KINDS


def _fields(schema: Mapping[str, Any], named_schemas: Mapping[str, Any]) -> dict[str, Shape] | None:
    if "properties" not in schema or schema.get("additionalProperties") is True:
        return None
    required = set(schema.get("required", ()))
    shapes = {name: shape_of(property_schema, named_schemas) for name, property_schema in schema["properties"].items()}
    return {name: shape if name in required else shape.maybe() for name, shape in shapes.items()}


def _item(schema: Mapping[str, Any], named_schemas: Mapping[str, Any]) -> Shape | None:
    items = schema.get("items")
    return shape_of(items, named_schemas) if isinstance(items, Mapping) else None
