"""WHERE clause -> tokens with their places.

`key` REGEXP "^final/"   ->   name(key) word(REGEXP) string(^final/) end
"""

import re
from typing import Literal, NamedTuple

from aftertrain.errors import AuthorError

TokenKind = Literal["name", "word", "string", "number", "operator", "punctuation", "end"]

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | `(?P<name>[^`]*)`
  | "(?P<string>(?:\\"|[^"])*)"
  | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
  | (?P<operator>!=|>=|<=|=|>|<)
  | (?P<punctuation>[(),])
  | (?P<word>[A-Za-z][A-Za-z-]*)
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token: its kind, its value without quotes, and the offsets of its text."""

    kind: TokenKind
    value: str
    start: int
    end: int


class FilterSyntaxError(AuthorError):
    """A WHERE clause that is none; `line` and `column` count from 1."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        before = text[:offset]
        self.line = before.count("\n") + 1
        self.column = offset - (before.rfind("\n") + 1) + 1
        excerpt = text.split("\n")[self.line - 1]
        location = f"where, line {self.line}, column {self.column}"
        super().__init__(f"{location}: {message}\n  {excerpt}\n  {' ' * (self.column - 1)}^", field="where")


def tokenize(text: str) -> list[Token]:
    """Split a clause; the last token is of kind `end`.

    Raises:
        FilterSyntaxError: at the first character that starts no token.
    """
    tokens: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise FilterSyntaxError(_complaint(text[offset]), text, offset)
        if match.lastgroup != "blank":
            tokens.append(_token(match))
        offset = match.end()
    return [*tokens, Token("end", "", len(text), len(text))]


def _token(match: re.Match[str]) -> Token:
    kind: TokenKind = match.lastgroup  # type: ignore[assignment]  # the groups are named after the kinds
    value = match[kind].replace('\\"', '"') if kind == "string" else match[kind]
    return Token(kind, value, match.start(), match.end())


def _complaint(character: str) -> str:
    match character:
        case '"':
            return 'expected the closing " of this string'
        case "`":
            return "expected the closing ` of this field"
        case "'":
            return 'expected a string in double quotes: "text"'
        case _:
            return f"expected a field, an operator or a value; found {character}"
