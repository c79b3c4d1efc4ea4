"""Filters and tests -> code. One function each, found by its name.

Filter("upper", Path("event", ("name",)))  ->  $of_text($there(…), "upper", function($v) {$uppercase($v)})
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aftertrain.asl import jsonata
from aftertrain.compiler.render.describe import describe
from aftertrain.compiler.render.resolver import Code
from aftertrain.expressions.shapes import ANYTHING, BOOLEAN, INTEGER, NUMBER, STRING, Shape, either
from aftertrain.expressions.tree import ALWAYS, Expression, Filter, Literal, Path, Test, Unknown

if TYPE_CHECKING:  # avoids an import cycle with the writer
    from aftertrain.compiler.render.writer import Writer

ARRAY = Shape(frozenset({"array"}))
SIZED = Shape(frozenset({"string", "array", "object"}))
NUMERIC = Shape(frozenset({"string", "number", "integer"}))
_WORDS = {
    STRING: "a text",
    ARRAY: "an array",
    NUMBER: "a number",
    SIZED: "a text, an array or an object",
    NUMERIC: "a number or a text",
}


def write(node: Filter, writer: Writer) -> Code:
    """A filter's value."""
    return _FILTERS[node.name](node, writer)


def test(node: Test, writer: Writer) -> Code:
    """A test's truth value."""
    if node.name == "defined":
        return writer.apply(lambda a: f"$exists({a})", BOOLEAN, writer.raw(node.operand))
    value = writer.value(node.operand)
    if node.name in ("divisibleby", "odd", "even"):
        _must_be(NUMBER, f"is {node.name}", node.operand, value, writer)
    if node.name == "divisibleby":
        divisor = writer.value(node.arguments[0])
        remainder = writer.call("calculate", NUMBER, value, divisor, more=(jsonata.string("%"),))
        return writer.apply(lambda a: f"({a} = 0)", BOOLEAN, remainder)
    if node.name in ("odd", "even"):
        remainder = writer.call("calculate", NUMBER, value, Code("2", INTEGER), more=(jsonata.string("%"),))
        return writer.apply(lambda a: f"({a} = {int(node.name == 'odd')})", BOOLEAN, remainder)
    if node.name in ("true", "false"):
        return writer.apply(lambda a: f"({a} = {node.name})", BOOLEAN, value)
    kind = {"none": "null", "mapping": "object"}.get(node.name, node.name)
    return writer.apply(lambda a: f"($type({a}) = '{kind}')", BOOLEAN, value)


def _default(node: Filter, writer: Writer) -> Code:
    """The only filter that accepts a missing value."""
    raw, fallback = writer.raw(node.operand), writer.value(node.arguments[0])
    empty_too = node.arguments[1] == ALWAYS
    if not isinstance(node.operand, Path | Unknown) and raw.shape.there and not empty_too:
        writer.complaints.append("default has no effect here: write it directly after the path that may be missing")
    if raw.shape.there and not empty_too:
        return raw
    writer.called |= {"truth": None} if empty_too else {}

    def build_code(value: str) -> str:
        present = f"$exists({value})"
        return f"({f'({present} ? $truth({value}) : false)' if empty_too else present} ? {value} : {fallback.text})"

    present = Shape(raw.shape.kinds, raw.shape.fields, raw.shape.item)
    return writer.apply(build_code, either(present, fallback.shape), raw, fails=fallback.fails)


def _must_be(accepted: Shape, name: str, operand: Expression, value: Code, writer: Writer) -> None:
    """Report a value that can have none of the accepted kinds."""
    if value.shape.kinds.isdisjoint(accepted.kinds):
        writer.complaints.append(f"{name} takes {_WORDS[accepted]}, but {describe(operand)} is {value.shape.words}")


def _operand(accepted: Shape, name: str, node: Filter, writer: Writer) -> Code:
    value = writer.value(node.operand)
    _must_be(accepted, name, node.operand, value, writer)
    return value


def _typed_filter(kind: str, name: str, code: str, shape: Shape, node: Filter, writer: Writer) -> Code:
    """A filter that accepts values of one kind; `code` reads the value as $v."""
    value = _operand({"text": STRING, "list": ARRAY, "number": NUMBER}[kind], name, node, writer)
    extra = (jsonata.string(name), f"function($v) {{{code}}}")
    return writer.call(f"of_{kind}", shape, value, more=extra)


def _text(code: str) -> Callable[[Filter, Writer], Code]:
    return lambda node, writer: _typed_filter("text", node.name, code, STRING, node, writer)


def _replace(node: Filter, writer: Writer) -> Code:
    old, new = (writer.text(argument) for argument in node.arguments)
    value = _note_call(writer, "replace_all", _note_call(writer, "of_text", _operand(STRING, "replace", node, writer)))

    def call(text: str, before: str, after: str) -> str:
        return f'$of_text({text}, "replace", function($v) {{$replace_all($v, {before}, {after})}})'

    return writer.apply(call, STRING, value, old, new, fails=True)


def _note_call(writer: Writer, function: str, code: Code) -> Code:
    writer.called[function] = None
    return code


def _join(node: Filter, writer: Writer) -> Code:
    separator = writer.text(node.arguments[0])
    value = _note_call(writer, "joined", _note_call(writer, "of_list", _operand(ARRAY, "join", node, writer)))
    return writer.apply(
        lambda v, d: f'$of_list({v}, "join", function($v) {{$joined($v, {d})}})', STRING, value, separator, fails=True
    )


def _length(node: Filter, writer: Writer) -> Code:
    return writer.call("length_of", INTEGER, _operand(SIZED, "length", node, writer))


def _round(node: Filter, writer: Writer) -> Code:
    digits, method = (argument.value if isinstance(argument, Literal) else None for argument in node.arguments)
    if not isinstance(digits, int) or isinstance(digits, bool) or method not in ("common", "ceil", "floor"):
        writer.complaints.append("round takes a number of digits, and one of common, ceil, floor")
    if method == "common":
        code = f"$round($v, {digits})"
    else:
        scale = f"$power(10, {digits})"
        code = f"${method}($v)" if digits == 0 else f"${method}($v * {scale}) / {scale}"
    return _typed_filter("number", "round", code, NUMBER, node, writer)


def _abs(node: Filter, writer: Writer) -> Code:
    return _typed_filter("number", "abs", "$abs($v)", NUMBER, node, writer)


def _number(node: Filter, writer: Writer) -> Code:
    """`int` and `float`: text that is no number is an error without a default, where Jinja gives 0."""
    value, default = writer.value(node.operand), node.arguments[0]
    shape = INTEGER if node.name == "int" else NUMBER
    writer.called |= {"to_number": None} | ({"whole": None} if node.name == "int" else {})
    result = "$whole($n)" if node.name == "int" else "$n"
    if default == Literal(None):
        _must_be(NUMERIC, node.name, node.operand, value, writer)
        writer.called["fail"] = None
        fail = "$fail" if writer.total else "$error"
        otherwise = f"{fail}({jsonata.string(f'{describe(node.operand)} is not a number')})"
    else:
        fallback = writer.value(default)
        otherwise, shape = fallback.text, either(shape, fallback.shape)
    return writer.apply(
        lambda v: f"($n := $to_number({v}); $exists($n) ? {result} : {otherwise})", shape, value, fails=True
    )


def _string(node: Filter, writer: Writer) -> Code:
    return writer.text(node.operand)


def _tojson(node: Filter, writer: Writer) -> Code:
    return writer.call("json", STRING, writer.value(node.operand), fails=False)


def _urlencode(node: Filter, writer: Writer) -> Code:
    return writer.apply(lambda a: f"$encodeUrlComponent({a})", STRING, writer.text(node.operand))


def _shquote(node: Filter, writer: Writer) -> Code:
    """One word of a POSIX shell: in single quotes, in which only a single quote means anything."""
    writer.called["replace_all"] = None
    quote, escaped = jsonata.string("'"), jsonata.string("'\"'\"'")
    return writer.apply(
        lambda a: f"({quote} & $replace_all({a}, {quote}, {escaped}) & {quote})", STRING, writer.text(node.operand)
    )


def _end(node: Filter, writer: Writer) -> Code:
    item = writer.value(node.operand).shape.item or ANYTHING
    index = 0 if node.name == "first" else -1
    writer.called["at_end"] = None
    return _typed_filter("list", node.name, f'$at_end($v, {index}, "{node.name}")', item, node, writer)


def _list(node: Filter, writer: Writer) -> Code:
    return _typed_filter("list", "list", "$v", ARRAY, node, writer)


def _key(attribute: object, *, case_sensitive: bool, writer: Writer) -> str:
    """A function that returns the key by which items compare."""
    code = "$v" if attribute is None else _attribute(attribute, writer)
    if case_sensitive:
        return f"function($v) {{{code}}}"
    writer.called["same"] = None
    return f"function($v) {{$same({code})}}"


def _attribute(attribute: object, writer: Writer) -> str:
    """A field of $v, or a nested field, by a dotted name."""
    writer.called["get"] = None
    code = "$v"
    for name in str(attribute).split("."):
        code = f"$get({code}, {int(name) if name.isdecimal() else jsonata.string(name)})"
    return code


def _constants(node: Filter) -> list[object]:
    return [argument.value if isinstance(argument, Literal) else None for argument in node.arguments]


def _sort(node: Filter, writer: Writer) -> Code:
    down, case_sensitive, attribute = _constants(node)
    key = _key(attribute, case_sensitive=bool(case_sensitive), writer=writer)
    writer.called["sorted"] = None
    return _typed_filter("list", "sort", f"$sorted($v, {key}, {'true' if down else 'false'})", ARRAY, node, writer)


def _unique(node: Filter, writer: Writer) -> Code:
    key = _key(None, case_sensitive=bool(_constants(node)[0]), writer=writer)
    writer.called["unique_of"] = None
    return _typed_filter("list", "unique", f"$unique_of($v, {key})", ARRAY, node, writer)


def _map(node: Filter, writer: Writer) -> Code:
    (attribute,) = _constants(node)
    key = f"function($v) {{{_attribute(attribute, writer)}}}"
    writer.called["each_of"] = None
    name = jsonata.string(str(attribute))
    return _typed_filter("list", "map", f"$each_of($v, {key}, {name})", ARRAY, node, writer)


_PASS = {
    "defined": ("true", "$exists({0})"),
    "undefined": ("true", "$not($exists({0}))"),
    "none": ("$exists({0})", "$type({0}) = 'null'"),
    "true": ("$exists({0})", "{0} = true"),
    "false": ("$exists({0})", "{0} = false"),
    "truthy": ("$exists({0})", "$truth({0})"),
    "in": ("$exists({0}) and $type({1}) = 'array'", "$has({0}, {1})"),
    "==": ("$exists({0})", "{0} = {1}"),
    "!=": ("$exists({0})", "{0} != {1}"),
    **{
        operator: ("$type({0}) = $type({1}) and $type({0}) in ['number', 'string']", f"{{0}} {operator} {{1}}")
        for operator in (">", ">=", "<", "<=")
    },
}
_TESTS = {
    "eq": "==", "equalto": "==", "ne": "!=", "gt": ">", "greaterthan": ">", "ge": ">=", "lt": "<", "lessthan": "<",
    "le": "<=",
}  # fmt: skip


def _select(node: Filter, writer: Writer) -> Code:
    attribute, name, _ = _constants(node)
    test_name = "truthy" if name is None else _TESTS.get(str(name), str(name))
    if test_name not in _PASS:
        writer.complaints.append(f"{node.name} has no test {name!r}; its tests are {', '.join([*_TESTS, *_PASS])}")
        test_name = "truthy"
    writer.called |= dict.fromkeys(("selected", "truth", "has", "of_list"))
    field = _attribute(attribute, writer)
    ok, passing = (f"function($v) {{{text.format(field, '$w')}}}" for text in _PASS[test_name])
    if node.name == "rejectattr":
        passing = f"function($v) {{$not({_PASS[test_name][1].format(field, '$w')})}}"
    value, argument = _operand(ARRAY, node.name, node, writer), writer.value(node.arguments[2])
    call = f"function($v) {{$selected($v, {ok}, {passing}, {jsonata.string(str(attribute))})}}"
    return writer.apply(
        lambda a, b: f'($w := {b}; $of_list({a}, "{node.name}", {call}))', ARRAY, value, argument, fails=True
    )


_FILTERS: dict[str, Callable[[Filter, Writer], Code]] = {
    "default": _default,
    "upper": _text("$uppercase($v)"),
    "lower": _text("$lowercase($v)"),
    "trim": _text("$replace($v, /^\\s+|\\s+$/, '')"),
    "replace": _replace,
    "join": _join,
    "length": _length,
    "round": _round,
    "abs": _abs,
    "int": _number,
    "float": _number,
    "string": _string,
    "tojson": _tojson,
    "urlencode": _urlencode,
    "shquote": _shquote,
    "first": _end,
    "last": _end,
    "list": _list,
    "sort": _sort,
    "unique": _unique,
    "map": _map,
    "selectattr": _select,
    "rejectattr": _select,
}
