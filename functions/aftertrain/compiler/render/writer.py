"""Expression -> code with its shape.

    Arithmetic("*", Path("steps", ("e", "output", "accuracy")), Literal(100))  ->  Code("($out_e.accuracy * 100)", …)
    Arithmetic("*", Path("event", ("n",)), Literal(100))  ->  Code('$calculate($there(….n, "event.n"), 100, "*")', …)

What the types prove needs no check at run time. `total` is for places where nothing may raise: failures are values
there (see `functions`), and a value that may fail is checked before use.
"""

from collections.abc import Callable

from aftertrain.asl import jsonata
from aftertrain.compiler.render import filters
from aftertrain.compiler.render.describe import describe
from aftertrain.compiler.render.resolver import Code, Resolver
from aftertrain.expressions.shapes import ANYTHING, BOOLEAN, NUMBER, NUMBERS, STRING, Shape, either, shape_of_value
from aftertrain.expressions.tree import (
    SYMBOL,
    Arithmetic,
    Choose,
    Compare,
    Concat,
    Expression,
    Filter,
    Index,
    ListOf,
    Literal,
    Logic,
    Not,
    Path,
    Test,
    Unknown,
)

ORDER = ("<", "<=", ">", ">=")
SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})


class Writer:
    """Writes expressions; `called`: the functions they need. `complaints`: their mistakes."""

    def __init__(self, reader: Resolver, *, total: bool = False) -> None:
        self.reader = reader
        self.total = total
        self.called: dict[str, None] = {}
        self.complaints: list[str] = []
        self._variable_count = 0

    def value(self, node: Expression) -> Code:
        """Code that gives a value or fails; it never gives nothing."""
        return self._ensure_present(self.raw(node), node)

    def _ensure_present(self, code: Code, node: Expression) -> Code:
        if code.shape.there:
            return code
        return Code(self._require(code.text, describe(node)), code.shape.surely(), fails=True)

    def raw(self, node: Expression) -> Code:  # noqa: C901 - one case per kind of node
        """Code that gives nothing if what it reads is missing."""
        match node:
            case Path():
                return self._note_get(self.reader.read(node))
            case Index(operand=operand, key=key):
                return self._index(self._container(operand), self.value(key))
            case Unknown():
                return Code("null", ANYTHING)
            case Literal(value=value):
                return Code(jsonata.literal(value), shape_of_value(value))
            case ListOf(items=items):
                return self._list([self.value(item) for item in items])
            case Arithmetic():
                return self._arithmetic(node)
            case Concat(left=left, right=right):
                return self.apply(lambda a, b: f"({a} & {b})", STRING, self.text(left), self.text(right))
            case Compare():
                return self._compare(node)
            case Logic():
                return self._logic(node)
            case Not(operand=operand):
                return self.apply(lambda a: f"$not({a})", BOOLEAN, self.truth(operand))
            case Choose(condition=condition, then=then, otherwise=otherwise):
                return self._choose(self.truth(condition), self.value(then), self.value(otherwise))
            case Filter():
                return filters.write(node, self)
            case Test():
                return filters.test(node, self)

    def text(self, node: Expression) -> Code:
        """A value as text, in JSON's form; arrays and objects have none."""
        code = self.raw(node)
        if code.shape.kinds == STRING.kinds:
            return self._ensure_present(code, node)
        if code.shape.kinds <= SCALARS:
            return self.apply(lambda a: f"$string({a})", STRING, self._ensure_present(code, node))
        if code.shape.kinds.isdisjoint(SCALARS):
            self.complaints.append(f"{describe(node)} is {code.shape.words}, which has no text: use join or tojson")
        return self.call("text", STRING, code, more=(jsonata.string(describe(node)),))

    def truth(self, node: Expression) -> Code:
        """Whether a value counts as true: empty, zero and null do not, as in Python."""
        code = self.value(node)
        if code.shape.only("boolean"):
            return code
        self.called["truth"] = None
        return self.apply(lambda a: f"$truth({a})", BOOLEAN, code)

    def apply(self, write: Callable[..., str], shape: Shape, *codes: Code, fails: bool = False) -> Code:
        """Code that uses other code; where failures are values, operands that may fail are checked first."""
        failing = any(code.fails for code in codes)
        if not (self.total and failing):
            return Code(write(*[code.text for code in codes]), shape, fails or failing)
        texts: list[str] = []
        opening, closing = "", ""
        for code in codes:
            if code.fails:
                self._variable_count += 1
                name = f"$x{self._variable_count}"
                opening += f"({name} := {code.text}; $type({name}) = 'function' ? {name} : "
                closing += ")"
                texts.append(name)
            else:
                texts.append(code.text)
        return Code(f"{opening}{write(*texts)}{closing}", shape, fails=True)

    def call(self, function: str, shape: Shape, *codes: Code, more: tuple[str, ...] = (), fails: bool = True) -> Code:
        """A call of one of our functions; `more`: arguments that are code already."""
        self.called[function] = None
        return self.apply(lambda *a: f"${function}({', '.join((*a, *more))})", shape, *codes, fails=fails)

    def _require(self, text: str, name: str) -> str:
        """A check that the value exists; short and without a function where the text appears in the console."""
        if not self.total and "(" not in text:
            return f"($exists({text}) ? {text} : $error({jsonata.string(f'{name} is not there')}))"
        self.called["there"] = None
        return f"$there({text}, {jsonata.string(name)})"

    def _note_get(self, code: Code) -> Code:
        if "$get(" in code.text:
            self.called["get"] = None
        return code

    def _container(self, node: Expression) -> Code:
        """The object of a key lookup: a missing object gives nothing, and the error names the whole path."""
        return self.raw(node) if isinstance(node, Path | Index) else self.value(node)

    def _index(self, operand: Code, key: Code) -> Code:
        code = self.call("get", ANYTHING, operand, key, fails=False)
        return Code(code.text, Shape(there=False), code.fails)

    def _list(self, items: list[Code]) -> Code:
        """A list; a nested list is written as `[[1]]`, since JSONata flattens any other form."""
        shape = Shape(frozenset({"array"}))
        if all(item.shape.kinds <= SCALARS for item in items):
            return self.apply(lambda *a: f"[{', '.join(a)}]", shape, *items)
        self.called["box"] = None
        result = Code("[]", shape)
        for item in items:
            result = self.apply(lambda a, b: f"$append({a}, $box({b}))", shape, result, item)
        return result

    def _arithmetic(self, node: Arithmetic) -> Code:
        left, right = self.value(node.left), self.value(node.right)
        operator = node.operator
        numeric = left.shape.numeric and right.shape.numeric
        self._check_numbers(node, left, right)
        if numeric and operator in "+-*":
            return self.apply(lambda a, b: f"({a} {operator} {b})", NUMBER, left, right)
        if operator == "+":
            if left.shape.only("string") and right.shape.only("string"):
                return self.apply(lambda a, b: f"({a} & {b})", STRING, left, right)
            return self.call("add", either(NUMBER, STRING), left, right)
        if numeric and operator == "/" and isinstance(node.right, Literal) and node.right.value:
            return self.apply(lambda a, b: f"({a} / {b})", NUMBER, left, right)
        return self.call("calculate", NUMBER, left, right, more=(jsonata.string(operator),))

    def _check_numbers(self, node: Arithmetic, left: Code, right: Code) -> None:
        allowed = ("number", "integer", "string") if node.operator == "+" else ("number", "integer")
        for operand, code in ((node.left, left), (node.right, right)):
            if not code.shape.may_be(*allowed):
                self.complaints.append(f"{describe(operand)} is {code.shape.words}; {node.operator} takes numbers")
                return
        numbers = left.shape.may_be("number", "integer") and right.shape.may_be("number", "integer")
        if not numbers and not (left.shape.may_be("string") and right.shape.may_be("string")):
            self.complaints.append(
                f"{describe(node.left)} is {left.shape.words} and {describe(node.right)} is {right.shape.words}: "
                "+ adds two numbers or two texts"
            )

    def _compare(self, node: Compare) -> Code:
        left, right = self.value(node.left), self.value(node.right)
        operator = node.operator
        if operator == "in":
            if not right.shape.may_be("array", "string", "object"):
                self.complaints.append(f"`in` searches an array, a text or an object, not {right.shape.words}")
            return self.call("has", BOOLEAN, left, right)
        if operator not in ORDER:
            self._check_equal(node, left.shape, right.shape)
            return self.apply(lambda a, b: f"({a} {SYMBOL[operator]} {b})", BOOLEAN, left, right)
        texts = left.shape.only("string") and right.shape.only("string")
        if texts or (left.shape.numeric and right.shape.numeric):
            return self.apply(lambda a, b: f"({a} {operator} {b})", BOOLEAN, left, right)
        for operand, other in ((node.left, right), (node.right, left)):
            self._check_default(operand, other.shape, operator)
        alike = any(left.shape.may_be(*kinds) and right.shape.may_be(*kinds) for kinds in (("string",), NUMBERS))
        if not alike:
            self.complaints.append(
                f"{describe(node.left)} is {left.shape.words} and {describe(node.right)} is {right.shape.words}: "
                f"{operator} compares two numbers or two texts"
            )
        return self.call("compare", BOOLEAN, left, right, more=(jsonata.string(operator),))

    def _check_default(self, operand: Expression, other: Shape, operator: str) -> None:
        """Report a `default` that cannot be compared with the other side, although the value itself can."""
        if not isinstance(operand, Filter) or operand.name != "default":
            return
        fallback = self.value(operand.arguments[0]).shape
        alike = any(fallback.may_be(*kinds) and other.may_be(*kinds) for kinds in (("string",), NUMBERS))
        if not alike:
            self.complaints.append(
                f"the default of {describe(operand.operand)} is {fallback.words}, and the other side is {other.words}: "
                f"{operator} compares two numbers or two texts"
            )

    def _check_equal(self, node: Compare, left: Shape, right: Shape) -> None:
        for shape, operand in ((left, node.right), (right, node.left)):
            if shape.choices and isinstance(operand, Literal) and operand.value not in shape.choices:
                choices = ", ".join(map(str, shape.choices))
                self.complaints.append(f"{describe(operand)} can never be equal: it is one of {choices}")
                return
        if not (left.kinds & right.kinds or (left.may_be("number") and right.may_be("number", "integer"))):
            self.complaints.append(
                f"{describe(node.left)} is {left.words} and {describe(node.right)} is {right.words}: "
                "they can never be equal"
            )

    def _logic(self, node: Logic) -> Code:
        """The deciding operand is the value; the right one is evaluated only if the left one does not decide."""
        left, right = self.value(node.left), self.value(node.right)
        if left.shape.only("boolean") and right.shape.only("boolean") and not (self.total and right.fails):
            return self.apply(lambda a: f"({a} {node.operator} {right.text})", BOOLEAN, left, fails=right.fails)
        self._variable_count += 1
        name = f"$x{self._variable_count}"
        self.called["truth"] = None
        arms = f"{right.text} : {name}" if node.operator == "and" else f"{name} : {right.text}"
        shape = either(left.shape, right.shape)
        return self.apply(
            lambda a: f"({name} := {a}; $truth({name}) ? {arms})", shape, left, fails=right.fails or left.fails
        )

    def _choose(self, condition: Code, then: Code, otherwise: Code) -> Code:
        return self.apply(
            lambda a: f"({a} ? {then.text} : {otherwise.text})",
            either(then.shape, otherwise.shape),
            condition,
            fails=then.fails or otherwise.fails,
        )
