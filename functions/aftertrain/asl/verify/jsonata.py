"""JSONata text -> the variables that it reads and the functions that it calls, or why it does not parse.

    scan("($a := $b; $sum($a))")  ->  Scan(free={"b"}, called={"sum"}, dotted=…)

A recogniser of the language's grammar, by operator precedence; nothing is evaluated. It knows the operators, blocks,
functions, constructors and regular expressions of JSONata 2, and no more than what Step Functions takes.
"""

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""(?:\s|/\*.*?\*/)*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    | (?P<name>`[^`]*`|[A-Za-z_][A-Za-z0-9_]*)
    | (?P<variable>\$[A-Za-z_][A-Za-z0-9_]*|\$\$|\$)
    | (?P<operator>:=|!=|<=|>=|~>|\.\.|\*\*|[-+*/%&=<>.\[\]{}(),;:?|^@\#!~])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\n]|\\.)+/[im]*")
_POWER = {
    "[": 80, "(": 80, "{": 70, ".": 75, "^": 40, "*": 60, "/": 60, "%": 60, "+": 50, "-": 50, "&": 50,
    "=": 40, "!=": 40, "<": 40, ">": 40, "<=": 40, ">=": 40, "~>": 40, "in": 40, "and": 30, "or": 25,
    "?": 20, "..": 20, ":=": 10,
}  # fmt: skip


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
    reader = _Reader(text)
    reader.expression(0)
    if reader.kind != "end":
        raise JsonataSyntaxError(f"{reader.token!r} is not expected at {reader.at}")
    return reader.found


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """Kind, text and place of each; a slash that cannot divide begins a regular expression."""
    found: list[tuple[str, str, int]] = []
    position, divides = 0, False
    while not (found and found[-1][0] == "end"):
        match = _TOKEN.match(text, position)
        if match is None:
            raise JsonataSyntaxError(f"{text[position:].strip()[:10]!r} is not expected at {position}")
        kind = str(match.lastgroup)
        start, position = match.start(kind), match.end()
        piece = match[kind] or "the end"
        if piece == "/" and not divides and (regex := _REGEX.match(text, start)):
            kind, piece, position = "string", regex.group(), regex.end()
        divides = kind in ("string", "number", "name", "variable") or piece in (")", "]", "}")
        found.append((kind, piece, start))
    return found


class _Reader:
    """A token at a time; `scopes` are the names that blocks and functions bind."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = -1
        self.found = Scan()
        self.scopes: list[set[str]] = [set()]
        self.advance()

    def advance(self) -> None:
        self.position = min(self.position + 1, len(self.tokens) - 1)
        self.kind, self.token, self.at = self.tokens[self.position]

    def expect(self, token: str) -> None:
        if self.token != token or self.kind == "string":
            raise JsonataSyntaxError(f"{token!r} is expected at {self.at}, not {self.token!r}")
        self.advance()

    def is_operator(self, *tokens: str) -> bool:
        return self.token in tokens and self.kind in ("operator", "name")

    def expression(self, power: int) -> None:
        variable = self.prefix()
        while self.kind in ("operator", "name") and _POWER.get(self.token, -1) > power:
            variable = self.infix(variable)

    def prefix(self) -> str | None:
        kind, token = self.kind, self.token
        self.advance()
        match kind, token:
            case (("string" | "number"), _):
                return None
            case "name", "function":
                self.function()
            case "name", _:
                return None
            case "variable", _:
                return self.variable(token[1:])
            case "operator", "-":
                self.expression(70)
            case "operator", "(":
                self.block()
            case "operator", "[":
                self.listed("]")
            case "operator", "{":
                self.fields()
            case "operator", ("*" | "**" | "%"):
                return None
            case _:
                raise JsonataSyntaxError(f"{token!r} is not expected at {self.at}")
        return None

    def variable(self, name: str) -> str:
        """Note a variable, unless it is about to be bound, or called as one of JSONata's functions."""
        if self.is_operator(":="):
            return name
        bound = any(name in scope for scope in self.scopes)
        if name == "states" and self.is_operator("."):
            self.found.states.add(self.tokens[self.position + 1][1])
        elif self.is_operator("(") and not bound:
            self.found.called.add(name)
        elif not bound:
            self.found.free.add(name)
        return name

    def infix(self, variable: str | None) -> str | None:
        operator = self.token
        self.advance()
        match operator:
            case "(":
                self.listed(")")
            case "[":
                if not self.is_operator("]"):
                    self.expression(0)
                self.expect("]")
            case "{":
                self.fields()
            case "?":
                self.expression(0)
                if self.is_operator(":"):
                    self.advance()
                    self.expression(0)
            case ":=":
                if variable is None:
                    raise JsonataSyntaxError(f"only a variable can be bound, at {self.at}")
                self.expression(_POWER[":="] - 1)
                self.scopes[-1].add(variable)
            case "^":
                self.expect("(")
                self.listed(")")
            case _:
                self.expression(_POWER[operator])
        return None

    def block(self) -> None:
        self.scopes.append(set())
        while not self.is_operator(")"):
            self.expression(0)
            if not self.is_operator(")"):
                self.expect(";")
        self.advance()
        self.scopes.pop()

    def listed(self, closing: str) -> None:
        while not self.is_operator(closing):
            if self.is_operator("?"):
                self.advance()
            else:
                if self.is_operator("<", ">"):
                    self.advance()
                self.expression(0)
            if not self.is_operator(closing):
                self.expect(",")
        self.advance()

    def fields(self) -> None:
        while not self.is_operator("}"):
            self.expression(0)
            self.expect(":")
            self.expression(0)
            if not self.is_operator("}"):
                self.expect(",")
        self.advance()

    def function(self) -> None:
        self.expect("(")
        names: set[str] = set()
        while not self.is_operator(")"):
            names.add(self.token[1:])
            self.advance()
            if not self.is_operator(")"):
                self.expect(",")
        self.advance()
        self.expect("{")
        self.scopes.append(names)
        self.expression(0)
        self.scopes.pop()
        self.expect("}")
