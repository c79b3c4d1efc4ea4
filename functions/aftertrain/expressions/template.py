"""Template text -> tree, by jinja2's own parser.

    "Deployed {{ event.model_name }}"   ->  Template(("Deployed ", Path("event", ("model_name",))))
    "{{ steps.evaluate.output.accuracy >= 0.9 }}"  ->  Template((Compare(">=", Path(…), Literal(0.9)),))

Syntax that jinja2 accepts and this module does not support is refused with an alternative, never half understood. A
text that is a single expression, apart from blanks, keeps the expression's type; everything else is text.

Most templates contain only dotted paths; those are read without jinja2, which takes ten times as long.
"""

import math
import re
import sys
from collections.abc import Sequence

from jinja2 import Environment, TemplateSyntaxError, nodes

from aftertrain.errors import AuthorError
from aftertrain.expressions import tree
from aftertrain.expressions.signatures import FILTERS, TESTS, Signature
from aftertrain.expressions.tree import Expression, Literal, Part, Parts, Path, Template

_NAMES = {"true": True, "false": False, "none": None, "True": True, "False": False, "None": None, "null": None}
_ENVIRONMENT = Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701 - it parses and never renders
LOOP = (("index",), ("index0",), ("first",), ("last",))
_PLAIN = re.compile(rf"\{{\{{\s*((?:{'|'.join(tree.ROOTS)})(?:\.[a-zA-Z_]\w*)+)\s*\}}\}}", re.ASCII)
# A step's id with hyphens. Without a step's name, `steps.pull - data` is no value, so nothing else can be meant.
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_HYPHENS = re.compile(rf"{_TEXT}|(?<![\w.])steps\.([A-Za-z]\w*(?:-\w+)+)(?=\s*[.\[])", re.ASCII)
_COMMENTS = re.compile(r"^\s*(?:\{#.*?#\}\s*)*", re.DOTALL)
_COMPARISONS = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in"}
_ARITHMETIC: dict[type[nodes.BinExpr], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}
_SUGGESTIONS: dict[type[nodes.Node], str] = {
    nodes.Call: "methods cannot be called: write a filter, such as {{ event.name | upper }}",
    nodes.Dict: "objects cannot be written in a template: write the object in YAML, with templates as its values",
    nodes.Tuple: "tuples cannot be written in a template: write a list, such as ['a', 'b']",
    nodes.Slice: "slices cannot be written: read one item, such as {{ event.tags[0] }}, or use first or last",
    nodes.Assign: "{% set %} is not supported: write the expression where it is needed, or use a set_output step",
    nodes.AssignBlock: "{% set %} is not supported: write the expression where it is needed, or use a set_output step",
    nodes.Macro: "macros are not supported: repeat the text, or use a transform step",
    nodes.Include: "a template cannot include another one: write the text here",
    nodes.Import: "a template cannot import another one: write the text here",
    nodes.FromImport: "a template cannot import another one: write the text here",
    nodes.Extends: "a template cannot extend another one: write the text here",
    nodes.Block: "blocks are not supported: write the text here",
    nodes.FilterBlock: "{% filter %} is not supported: filter each value, such as {{ event.name | upper }}",
}


class TemplateError(AuthorError):
    """A text that is no template, or uses unsupported syntax."""


def parse_template(text: str, loops: Sequence[str] = ()) -> Template:
    """Read a template; `loops`: the item names of enclosing loops.

    Raises:
        TemplateError: the text does not parse, or uses unsupported syntax.
    """
    if "{" not in text:
        return Template((text,))
    try:
        return _to_template(_plain_parts(text) or _TemplateReader(tuple(loops)).template(text))
    except RecursionError:
        raise TemplateError("the expression is nested too deeply") from None


def _plain_parts(text: str) -> Parts | None:
    """The parts of a text with only dotted paths; None if it contains more, or text that jinja2 would change."""
    pieces = _PLAIN.split(text)
    if "\r" in text or any("{" in piece for piece in pieces[::2]):
        return None
    return tuple(_parse_path(piece) if index % 2 else piece for index, piece in enumerate(pieces) if piece)


def _parse_path(text: str) -> Path:
    root, *segments = text.split(".")
    return Path(root, tuple(segments))


def _to_template(parts: Parts) -> Template:
    """A template; a single expression with blanks around it becomes the expression."""
    lone = Template(tuple(part for part in parts if not isinstance(part, str) or part.strip()))
    return lone if lone.lone is not None else Template(parts)


def parse_condition(text: str, loops: Sequence[str] = ()) -> Expression:
    """Read a condition: an expression, with or without braces.

    Raises:
        TemplateError: the text does not parse, or is no single expression.
    """
    try:
        lone = parse_template(in_braces(text), loops).lone
    except TemplateError:
        if "{{" not in text or in_braces(text) == text:
            raise
        lone = None  # braces inside it
    if lone is None:
        raise TemplateError(
            f"a condition must be one expression, such as steps.evaluate.output.accuracy >= 0.9: {text!r}"
        )
    return lone


def in_braces(text: str) -> str:
    """A condition as a template, whether it has braces or not."""
    return text if _COMMENTS.sub("", text).startswith(("{{", "{%")) else f"{{{{ {text} }}}}"


def _name_steps(code: re.Match[str]) -> str:
    """The code with `steps.pull-data.output` written as `steps['pull-data'].output`."""
    return _HYPHENS.sub(lambda match: f"steps['{match[1]}']" if match[1] else match[0], code[0])


class _TemplateReader:
    """Reads jinja2's nodes; `loops`: the item names of enclosing loops."""

    def __init__(self, loops: tuple[str, ...]) -> None:
        self.loops = loops

    def template(self, text: str) -> Parts:
        try:
            return self.parts(_ENVIRONMENT.parse(_CODE.sub(_name_steps, text)).body)
        except TemplateSyntaxError as error:
            raise TemplateError(f"not a template: {error.message}") from None
        except ValueError:  # Python refuses to read a number with that many digits
            raise TemplateError("not a template: it contains a number with thousands of digits") from None

    def parts(self, body: Sequence[nodes.Node]) -> Parts:
        return tuple(part for statement in body for part in self.statement(statement))

    def statement(self, node: nodes.Node) -> list[Part]:
        match node:
            case nodes.Output():
                return [
                    part.data if isinstance(part, nodes.TemplateData) else self.expression(part) for part in node.nodes
                ]
            case nodes.If():
                return [self.conditional(node)]
            case nodes.For():
                return [self.loop(node)]
            case _:
                raise _unsupported(node)

    def conditional(self, node: nodes.If) -> tree.If:
        arms = [(node.test, node.body), *((arm.test, arm.body) for arm in node.elif_)]
        branches = tuple((self.expression(test), self.parts(body)) for test, body in arms)
        return tree.If(branches, self.parts(node.else_))

    def loop(self, node: nodes.For) -> tree.For:
        if not isinstance(node.target, nodes.Name):
            raise TemplateError("a loop takes one name: write {% for item in event.items %} and read item.field")
        if node.test is not None or node.recursive:
            raise TemplateError("a loop supports neither `if` nor `recursive`: write {% if %} inside it")
        name = node.target.name
        if name in (*tree.ROOTS, *self.loops, *_NAMES, "loop"):
            raise TemplateError(f"the loop's name {name!r} hides another one: choose another name")
        items, otherwise = self.expression(node.iter), self.parts(node.else_)
        return tree.For(name, items, _TemplateReader((*self.loops, name, "loop")).parts(node.body), otherwise)

    def expression(self, node: nodes.Node) -> Expression:  # noqa: C901 - one case per kind of node
        match node:
            case nodes.Const(value=str() | int() | float() | bool() | None as value):
                return _literal(value)
            case nodes.Name(name=name) if name in _NAMES:
                return Literal(_NAMES[name])
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                return self.path(node)
            case nodes.List(items=items):
                return tree.ListOf(tuple(map(self.expression, items)))
            case nodes.Neg(node=nodes.Const(value=int() | float() as value)):
                return _literal(-value)
            case nodes.Neg(node=operand):
                return tree.Arithmetic("-", Literal(0), self.expression(operand))
            case nodes.Pos(node=operand):
                return tree.Arithmetic("+", Literal(0), self.expression(operand))
            case nodes.Concat(nodes=parts):
                return self.concatenation([self.expression(part) for part in parts])
            case nodes.BinExpr():
                return self.binary(node)
            case nodes.Compare():
                return self.comparison(node)
            case nodes.Not(node=operand):
                return tree.Not(self.expression(operand))
            case nodes.CondExpr(test=test, expr1=then, expr2=otherwise):
                if otherwise is None:
                    raise TemplateError("an inline `if` needs an `else`: without it there is no value if it is false")
                return tree.Choose(self.expression(test), self.expression(then), self.expression(otherwise))
            case nodes.Filter() | nodes.Test():
                return self.application(node)
            case _:
                raise _unsupported(node)

    def binary(self, node: nodes.BinExpr) -> Expression:
        if isinstance(node, nodes.Sub) and isinstance(node.left, nodes.Getattr):
            self.check_hyphen(node.left.attr, node.right)
        left, right = self.expression(node.left), self.expression(node.right)
        match node:
            case nodes.And():
                return tree.Logic("and", left, right)
            case nodes.Or():
                return tree.Logic("or", left, right)
            case _ if type(node) in _ARITHMETIC:
                return tree.Arithmetic(_ARITHMETIC[type(node)], left, right)
            case _:
                raise TemplateError(f"{node.operator!r} is not supported: write a product")

    def check_hyphen(self, name: str, right: nodes.Node) -> None:
        """Refuse `event.x-amz`, where `amz` is no value from which anything could be subtracted."""
        while isinstance(right, nodes.Getattr | nodes.Getitem | nodes.Filter | nodes.Test | nodes.BinExpr):
            right = right.left if isinstance(right, nodes.BinExpr) else right.node or nodes.Const(0)
        if isinstance(right, nodes.Name) and right.name not in (*tree.ROOTS, *self.loops, *_NAMES):
            written = f"['{name}-{right.name}']"
            raise TemplateError(f"unknown name {right.name!r}: a name with a hyphen is written in brackets: {written}")

    def concatenation(self, parts: list[Expression]) -> Expression:
        joined = parts[0]
        for part in parts[1:]:
            joined = tree.Concat(joined, part)
        return joined

    def comparison(self, node: nodes.Compare) -> Expression:
        left = self.expression(node.expr)
        links: list[Expression] = []
        for operand in node.ops:
            right = self.expression(operand.expr)
            if operand.op == "notin":
                links.append(tree.Not(tree.Compare("in", left, right)))
            else:
                links.append(tree.Compare(_COMPARISONS[operand.op], left, right))
            left = right
        joined = links[0]
        for link in links[1:]:
            joined = tree.Logic("and", joined, link)
        return joined

    def application(self, node: nodes.Filter | nodes.Test) -> Expression:
        signatures, kind = (FILTERS, "filter") if isinstance(node, nodes.Filter) else (TESTS, "test")
        signature = signatures.get(node.name)
        if signature is None:
            raise TemplateError(f"unknown {kind} {node.name!r}; known: {', '.join(sorted(signatures))}")
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise _unsupported(node)
        operand, arguments = self.expression(node.node), self.arguments(node, signature, kind)
        if isinstance(node, nodes.Filter):
            return tree.Filter(signature.name, operand, arguments)
        return _test(signature.name, operand, arguments)

    def arguments(self, node: nodes.Filter | nodes.Test, signature: Signature, kind: str) -> tuple[Expression, ...]:
        values = dict(zip(signature.arguments, map(self.expression, node.args), strict=False))
        values |= {str(pair.key): self.expression(pair.value) for pair in node.kwargs}
        takes = ", ".join(signature.arguments) or "no argument"
        if signature.by_name and node.args:
            raise TemplateError(f"the {kind} {node.name!r} takes {takes} by name: {node.name}({takes}='name')")
        if len(node.args) > len(signature.arguments) or set(values) - set(signature.arguments):
            raise TemplateError(f"the {kind} {node.name!r} takes {takes}")
        if missing := [name for name in signature.required if name not in values]:
            raise TemplateError(f"the {kind} {node.name!r} needs {missing[0]}; it takes {takes}")
        fixed = (name for name in signature.constant if name in values and not isinstance(values[name], Literal))
        if (name := next(fixed, None)) is not None:
            raise TemplateError(f"the {kind} {node.name!r} needs a literal {name}, not a computed one")
        return tuple(values.get(name, Literal(signature.defaults.get(name))) for name in signature.arguments)

    def path(self, node: nodes.Node) -> Expression:
        segments: list[str | int] = []
        while not isinstance(node, nodes.Name):
            match node:
                case nodes.Getattr(node=inner, attr=attribute):
                    segments.append(attribute)
                case nodes.Getitem(node=inner, arg=nodes.Const(value=str() | int() as key)) if key is not True:
                    segments.append(key)
                case nodes.Getitem(node=inner, arg=nodes.Neg(node=nodes.Const(value=int() as key))):
                    segments.append(-key)
                case nodes.Getitem(node=inner, arg=key) if not isinstance(key, nodes.Slice):
                    return self.suffixed(tree.Index(self.expression(inner), self.expression(key)), segments)
                case nodes.Getattr() | nodes.Getitem():
                    raise _unsupported(node.arg if isinstance(node, nodes.Getitem) else node)
                case _:
                    return self.suffixed(self.expression(node), segments)
            node = inner
        return self.rooted(node.name, tuple(reversed(segments)))

    def suffixed(self, inner: Expression, segments: list[str | int]) -> Expression:
        for key in reversed(segments):
            inner = tree.Index(inner, Literal(key))
        return inner

    def rooted(self, name: str, segments: tuple[str | int, ...]) -> Path:
        if name not in (*tree.ROOTS, *self.loops):
            roots = ", ".join([*tree.ROOTS[:3], *self.loops])
            raise TemplateError(f"unknown name {name!r}: a path starts with one of {roots}")
        if name == "loop" and segments not in LOOP:
            raise TemplateError("loop has index, index0, first and last")
        if not segments and name in tree.ROOTS:
            raise TemplateError(f"{name!r} alone is not a value: read a field of it, such as {name}.name")
        return Path(name, segments)


def _literal(value: str | int | float | bool | None) -> Literal:
    """A literal, if JSON has such a value."""
    if isinstance(value, float) and not math.isfinite(value):
        raise TemplateError(f"{value} is not a JSON number")
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise TemplateError("a number is too large for JSONata")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise TemplateError("a text contains a lone surrogate, which is no character")
    return Literal(value)


def _test(name: str, operand: Expression, arguments: tuple[Expression, ...]) -> Expression:
    """A test; if an operator means the same, the operator."""
    if name == "undefined":
        return tree.Not(tree.Test("defined", operand))
    if name in tree.SYMBOL or name == "in":
        return tree.Compare(name, operand, arguments[0])
    return tree.Test(name, operand, arguments)


def _unsupported(node: nodes.Node) -> TemplateError:
    suggestion = next((text for kind, text in _SUGGESTIONS.items() if isinstance(node, kind)), None)
    return TemplateError(
        suggestion
        or f"{type(node).__name__.lower()} is not supported in templates: docs/reference/templates.md lists what is"
    )
