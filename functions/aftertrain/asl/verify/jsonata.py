"""JSONata text -> the variables it reads and the functions it calls, or why it does not parse.

    scan("($a := $b; $sum($a))")  ->  Scan(free={"b"}, called={"sum"}, dotted=…)

A recogniser for the language's grammar, by operator precedence; it evaluates nothing. It knows the operators, blocks,
functions, constructors and regular expressions of JSONata 2, as far as Step Functions accepts them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from string import ascii_letters, digits

# A text, a number, a name or variable with the fields below it, an operator; at last any single sign.
# Repetitions are possessive (`*+`), since no token begins inside another one.
_TOKEN = re.compile(
    r"""\s*+(
      [(){}\[\],;&]
    | function\b|\$?[A-Za-z_]\w*+(?:\.(?!function\b)[A-Za-z_]\w*+)*+
    | "[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'
    | \d++(?:\.\d+)?(?:[eE][-+]?\d+)?
    | `[^`]*`|\$\$|\$
    | :=|!=|<=|>=|~>|\.\.|\*\*
    | \Z|.
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
_REGEX = re.compile(r"\s*(/(?:[^/\\\n]|\\.)+/[im]*)")
# The first characters of names, numbers, texts and regular expressions; the last four alone are none of these.
_OPERANDS = frozenset(ascii_letters + digits + "_`\"'/")
_SIGNS = frozenset("`\"'/")
_POWER = {
    "[": 80, "(": 80, "{": 70, ".": 75, "^": 40, "*": 60, "/": 60, "%": 60, "+": 50, "-": 50, "&": 50,
    "=": 40, "!=": 40, "<": 40, ">": 40, "<=": 40, ">=": 40, "~>": 40, "in": 40, "and": 30, "or": 25,
    "?": 20, ":=": 10,
}  # fmt: skip
_BINARY = _POWER.keys() - {"(", "[", "{", "?", ":=", "^"}


class JsonataSyntaxError(Exception):
    """The text does not parse; the message says what was found where."""


@dataclass(slots=True)
class Scan:
    """`free`: variables from outside. `states`: the fields read of $states, such as `input` or `context`."""

    free: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)


def scan(text: str) -> Scan:
    """Read an expression.

    Raises:
        JsonataSyntaxError: the text does not parse.
    """
    reader = _Recogniser(_with_slashes(text) if "/" in text else _TOKEN.findall(text))
    reader.expression(0)
    if reader.current:
        raise reader.unexpected(0)
    return reader.result


def _with_slashes(text: str) -> list[str]:
    """A slash begins a comment, or a regular expression where it cannot divide."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        if comment := _COMMENT.match(text, position):
            position = comment.end()
            continue
        divides = bool(tokens) and (_is_operand(tokens[-1]) or tokens[-1][0] in "$)]}")
        match = (not divides and _REGEX.match(text, position)) or _TOKEN.match(text, position)
        assert match  # any sign is a token
        tokens.append(match[1])
        position = match.end()
    return tokens


def _is_operand(token: str) -> bool:
    return token[:1] in _OPERANDS and token not in _SIGNS


class _Recogniser:
    """Reads token by token: `current`, then `pending`, the last one first; `bound` are the names bound there."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.pending = ["", "", *reversed(tokens)]
        self.current = self.pending.pop()
        self.result = Scan()
        self.bound: frozenset[str] = frozenset()

    def expect(self, token: str) -> None:
        if self.current != token:
            raise self.unexpected(0, f"{token!r} is expected, not ")
        self.current = self.pending.pop()

    def unexpected(self, back: int, instead: str = "") -> JsonataSyntaxError:
        """The error for the token `back` positions ago, with the token before it."""
        read = self.tokens[: len(self.tokens) + 1 - len(self.pending) - back]
        actual = repr(token) if (token := "".join(self.tokens[len(read) : len(read) + 1])) else "the end"
        where = f"after {' '.join(read[-4:])!r}"
        return JsonataSyntaxError(f"{instead}{actual} {where}" if instead else f"{actual} is not expected {where}")

    def expression(self, power: int) -> None:
        piece, self.current, variable = self.current, self.pending.pop(), None
        if piece[:1] == "$":
            variable = self.variable(piece[1:])
        elif piece == "function":
            self.function()
        elif piece[:1] not in _OPERANDS or piece in _SIGNS:
            self.prefix(piece)
        while (strength := _POWER.get(self.current, -1)) > power:
            operator, self.current = self.current, self.pending.pop()
            if operator in _BINARY:
                self.expression(strength)
            else:
                self.postfix(operator, variable)
            variable = None

    def prefix(self, token: str) -> None:
        match token:
            case "-":
                self.expression(70)
            case "(":
                self.block()
            case "[":
                self.optional_list("]", self.element)
            case "{":
                self.optional_list("}", self.pair)
            case "*" | "**" | "%":
                pass
            case _:
                raise self.unexpected(1)

    def variable(self, path: str) -> str | None:
        """Note a variable, unless it is about to be bound, or called as one of JSONata's functions."""
        name, _, below = path.partition(".")
        if self.current == ":=" and not below:
            return name
        if name == "states" and (below or self.current == "."):
            self.result.states.add((below or self.pending[-1]).partition(".")[0])
        elif name not in self.bound:
            (self.result.called if self.current == "(" and not below else self.result.free).add(name)
        return None if below else name

    def postfix(self, operator: str, variable: str | None) -> None:
        match operator:
            case "(":
                self.optional_list(")", self.argument)
            case "[":
                if self.current != "]":
                    self.expression(0)
                self.expect("]")
            case "{":
                self.optional_list("}", self.pair)
            case "?":
                self.expression(0)
                if self.current == ":":
                    self.current = self.pending.pop()
                    self.expression(0)
            case ":=":
                if variable is None:
                    raise self.unexpected(2, "only a variable can be bound, not ")
                self.expression(_POWER[":="] - 1)
                self.bound |= {variable}
            case "^":
                self.expect("(")
                self.comma_list(")", self.term)

    def block(self) -> None:
        outside = self.bound
        while self.current != ")":
            self.expression(0)
            if self.current != ")":
                self.expect(";")
        self.current = self.pending.pop()
        self.bound = outside

    def optional_list(self, closing: str, parse_item: Callable[[], None]) -> None:
        """Items separated by commas, or none."""
        if self.current == closing:
            self.current = self.pending.pop()
        else:
            self.comma_list(closing, parse_item)

    def comma_list(self, closing: str, parse_item: Callable[[], None]) -> None:
        parse_item()
        while self.current == ",":
            self.current = self.pending.pop()
            parse_item()
        self.expect(closing)

    def argument(self) -> None:
        if self.current == "?":
            self.current = self.pending.pop()
        else:
            self.expression(0)

    def element(self) -> None:
        self.expression(0)
        if self.current == "..":
            self.current = self.pending.pop()
            self.expression(0)

    def term(self) -> None:
        if self.current in ("<", ">"):
            self.current = self.pending.pop()
        self.expression(0)

    def pair(self) -> None:
        self.expression(0)
        self.expect(":")
        self.expression(0)

    def function(self) -> None:
        self.expect("(")
        names: set[str] = set()
        self.optional_list(")", lambda: names.add(self.parameter()))
        self.expect("{")
        outside = self.bound
        self.bound |= names
        self.expression(0)
        self.bound = outside
        self.expect("}")

    def parameter(self) -> str:
        name = self.current
        if name[:1] != "$" or "." in name:
            raise self.unexpected(0)
        self.current = self.pending.pop()
        return name[1:]
