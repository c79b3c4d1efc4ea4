"""JSONata text -> the variables that it reads and the functions that it calls, or why it does not parse.

    scan("($a := $b; $sum($a))")  ->  Scan(free={"b"}, called={"sum"}, dotted=…)

A recogniser of the language's grammar, by operator precedence; nothing is evaluated. It knows the operators, blocks,
functions, constructors and regular expressions of JSONata 2, and no more than what Step Functions takes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_letters, digits

# A text, a number, a name or a variable with the fields below it, an operator; nothing at the end, else one sign.
_TOKEN = re.compile(
    r"""\s*(
      [(){}\[\],;&]
    | "(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'
    | \d+(?:\.\d+)?(?:[eE][-+]?\d+)?
    | function\b|`[^`]*`
    | \$?[A-Za-z_][A-Za-z0-9_]*(?:\.(?!function\b)[A-Za-z_][A-Za-z0-9_]*)*|\$\$|\$
    | :=|!=|<=|>=|~>|\.\.|\*\*
    | \Z|.
    )""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
_REGEX = re.compile(r"\s*(/(?:[^/\\\n]|\\.)+/[im]*)")
# What a name, a number, a text or a regular expression begins with; alone, the last four signs are none of these.
_OPERANDS = frozenset(ascii_letters + digits + "_`\"'/")
_SIGNS = frozenset("`\"'/")
_POWER = {
    "[": 80, "(": 80, "{": 70, ".": 75, "^": 40, "*": 60, "/": 60, "%": 60, "+": 50, "-": 50, "&": 50,
    "=": 40, "!=": 40, "<": 40, ">": 40, "<=": 40, ">=": 40, "~>": 40, "in": 40, "and": 30, "or": 25,
    "?": 20, "..": 20, ":=": 10,
}  # fmt: skip
_BINARY = _POWER.keys() - {"(", "[", "{", "?", ":=", "^"}


class JsonataSyntaxError(Exception):
    """It does not parse; the message says what was found where."""


@dataclass(slots=True)
class Scan:
    """`free`: variables that come from outside. `states`: what is read of $states, as `input` or `context`."""

    free: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)


def scan(text: str) -> Scan:
    """Read an expression.

    Raises:
        JsonataSyntaxError: it does not parse.
    """
    reader = _Reader(_with_slashes(text) if "/" in text else _TOKEN.findall(text))
    reader.expression(0)
    if reader.here:
        raise reader.unexpected(reader.position)
    return reader.found


def _with_slashes(text: str) -> list[str]:
    """A slash begins a comment, or a regular expression where it cannot divide."""
    found: list[str] = []
    position = 0
    while position < len(text):
        if comment := _COMMENT.match(text, position):
            position = comment.end()
            continue
        divides = bool(found) and (_is_operand(found[-1]) or found[-1][0] in "$)]}")
        match = (not divides and _REGEX.match(text, position)) or _TOKEN.match(text, position)
        assert match  # any sign is a token
        found.append(match[1])
        position = match.end()
    return found


def _is_operand(token: str) -> bool:
    return token[:1] in _OPERANDS and token not in _SIGNS


class _Reader:
    """A token at a time; `bound` are the names that blocks and functions around it bind."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = [*tokens, "", "", ""]
        self.position = 0
        self.here = self.tokens[0]
        self.found = Scan()
        self.bound: frozenset[str] = frozenset()

    def advance(self) -> None:
        self.position += 1
        self.here = self.tokens[self.position]

    def expect(self, token: str) -> None:
        if self.here != token:
            raise self.unexpected(self.position, f"{token!r} is expected, not ")
        self.advance()

    def unexpected(self, position: int, instead: str = "") -> JsonataSyntaxError:
        """What is wrong with a token, and what stands before it."""
        what = repr(self.tokens[position]) if self.tokens[position] else "the end"
        before = " ".join(self.tokens[max(0, position - 4) : position])
        return JsonataSyntaxError(f"{instead}{what}{'' if instead else ' is not expected'} after {before!r}")

    def expression(self, power: int) -> None:
        piece, variable = self.here, None
        self.advance()
        if piece[:1] == "$":
            variable = self.variable(piece[1:])
        elif piece == "function":
            self.function()
        elif not _is_operand(piece):
            self.opened(piece)
        while (strength := _POWER.get(self.here, -1)) > power:
            operator = self.here
            self.advance()
            if operator in _BINARY:
                self.expression(strength)
            else:
                self.applied(operator, variable)
            variable = None

    def opened(self, token: str) -> None:
        match token:
            case "-":
                self.expression(70)
            case "(":
                self.block()
            case "[":
                self.listed("]")
            case "{":
                self.fields()
            case "*" | "**" | "%":
                pass
            case _:
                raise self.unexpected(self.position - 1)

    def variable(self, path: str) -> str | None:
        """Note a variable, unless it is about to be bound, or called as one of JSONata's functions."""
        name, _, below = path.partition(".")
        if self.here == ":=" and not below:
            return name
        if name == "states" and (below or self.here == "."):
            self.found.states.add((below or self.tokens[self.position + 1]).partition(".")[0])
        elif name not in self.bound:
            (self.found.called if self.here == "(" and not below else self.found.free).add(name)
        return None if below else name

    def applied(self, operator: str, variable: str | None) -> None:
        match operator:
            case "(":
                self.listed(")")
            case "[":
                if self.here != "]":
                    self.expression(0)
                self.expect("]")
            case "{":
                self.fields()
            case "?":
                self.expression(0)
                if self.here == ":":
                    self.advance()
                    self.expression(0)
            case ":=":
                if variable is None:
                    raise JsonataSyntaxError(f"only a variable can be bound, not {self.tokens[self.position - 2]!r}")
                self.expression(_POWER[":="] - 1)
                self.bound |= {variable}
            case "^":
                self.expect("(")
                self.listed(")")

    def block(self) -> None:
        outside = self.bound
        while self.here != ")":
            self.expression(0)
            if self.here != ")":
                self.expect(";")
        self.advance()
        self.bound = outside

    def listed(self, closing: str) -> None:
        while self.here != closing:
            if self.here == "?":
                self.advance()
            else:
                if self.here in ("<", ">"):
                    self.advance()
                self.expression(0)
            if self.here != closing:
                self.expect(",")
        self.advance()

    def fields(self) -> None:
        while self.here != "}":
            self.expression(0)
            self.expect(":")
            self.expression(0)
            if self.here != "}":
                self.expect(",")
        self.advance()

    def function(self) -> None:
        self.expect("(")
        names: set[str] = set()
        while self.here != ")":
            if self.here[:1] != "$" or "." in self.here:
                raise self.unexpected(self.position)
            names.add(self.here[1:])
            self.advance()
            if self.here != ")":
                self.expect(",")
        self.advance()
        self.expect("{")
        outside = self.bound
        self.bound |= names
        self.expression(0)
        self.bound = outside
        self.expect("}")
