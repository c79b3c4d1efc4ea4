"""Params -> values that could change the structure of another language: URLs, and code for a shell or an interpreter.

    url: "https://x/{{ event.name }}"                    ->  AT209, write {{ event.name | urlencode }}
    command: [sh, -c, "score {{ event.key }}"]           ->  AT213, pass it as an argument of its own
    command: [sh, -c, "score {{ event.key | shquote }}"] ->  fine: the value is one quoted word

What an event says is data. In a text that a program reads as code, `$(…)` in an object's key would run.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from aftertrain.compiler.diagnostics import Diagnostic, Place
from aftertrain.compiler.render.describe import describe
from aftertrain.compiler.render.resolver import Resolver
from aftertrain.compiler.render.template import Value
from aftertrain.expressions.tree import (
    Choose,
    Expression,
    Filter,
    For,
    If,
    Index,
    Literal,
    Parts,
    Path,
    Template,
    is_uncertain,
)

_NUMBERS = frozenset({"integer", "number", "boolean"})
_NUMERIC_FILTERS = ("int", "float", "length", "round", "abs")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How a program takes code: after an option, or as its first argument.

    `quotes`: whether `shquote` is right in its code. `anywhere`: whether its name means the program wherever it stands;
    names such as `watch` are also ordinary arguments.
    """

    options: re.Pattern[str] | None
    quotes: bool = False
    anywhere: bool = False


_POSIX = Interpreter(re.compile(r"[-+][a-zA-Z]*c[a-zA-Z]*"), quotes=True, anywhere=True)
_SHELL = Interpreter(re.compile(r"-[a-zA-Z]*[cC][a-zA-Z]*|--command|/[cCkK]"), anywhere=True)
_COMMAND = Interpreter(re.compile(r"-[a-zA-Z]*c|--command"))
_SCRIPT = Interpreter(re.compile(r"-[a-zA-Z]*[eE]|-p|-pe|--eval|--print|--execute"))
_FIRST = Interpreter(None)
INTERPRETERS = {
    **dict.fromkeys(("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "rbash"), _POSIX),
    **dict.fromkeys(("fish", "csh", "tcsh", "pwsh", "powershell", "cmd", "cmd.exe", "nu", "xonsh"), _SHELL),
    **dict.fromkeys(("python", "pypy", "psql", "duckdb", "su", "runuser", "script", "flock"), _COMMAND),
    **dict.fromkeys(("perl", "ruby", "node", "deno", "bun", "lua", "Rscript", "julia", "mysql"), _SCRIPT),
    **dict.fromkeys(("eval", "ssh", "watch", "parallel", "awk", "gawk", "mawk", "sed", "jq"), _FIRST),
    "php": Interpreter(re.compile("-r")),
    "env": Interpreter(re.compile(r"-[a-z]*S|--split-string")),
}
_WRAPPERS = (
    "env",
    "exec",
    "nice",
    "nohup",
    "poetry",
    "run",
    "setsid",
    "stdbuf",
    "sudo",
    "time",
    "timeout",
    "uv",
    "xargs",
)
# `-euo pipefail`, `-W ignore`: the next word is the option's value.
_TAKES_VALUE = re.compile(r"[-+][a-zA-Z]*[oOWXIMr]|--rcfile|--init-file|--require|--import")


def check_embedding(
    params: dict[str, Value], model: type[BaseModel], where: Place, reader: Resolver
) -> Iterator[Diagnostic]:
    """Values that could change the structure of a URL or of a program's code."""
    for name in _params_of(model, "uri"):
        yield from _check_url(params.get(name), (*where, name))
    for name in _params_of(model, "command"):
        command = params.get(name)
        yield from _check_command(command if isinstance(command, list) else [], (*where, name), reader)


@cache
def _params_of(model: type[BaseModel], kind: str) -> tuple[str, ...]:
    """The params of an action that have this format."""
    properties = model.model_json_schema()["properties"]
    return tuple(name for name, schema in properties.items() if schema.get("format") == kind)


def _check_url(value: Value, where: Place) -> Iterator[Diagnostic]:
    """A value that is the whole URL is fine."""
    if isinstance(value, Template) and not _is_whole_url(value.lone):
        for part in dict.fromkeys(_inserted(value.parts, lambda part: _has_filter(part, "urlencode"))):
            hint = f"write {{{{ {_name(part)} | urlencode }}}}"
            yield Diagnostic("AT209", where, f"{_name(part)} can change the structure of the URL", hint)


def _is_whole_url(lone: Expression | None) -> bool:
    """Whether a URL is one complete value, or a default for it."""
    return isinstance(lone, Path) or (
        isinstance(lone, Filter) and lone.name == "default" and isinstance(lone.operand, Path)
    )


def _check_command(command: list[Value], where: Place, reader: Resolver) -> Iterator[Diagnostic]:
    """Values inside code; an argument of its own is data, whatever it contains."""
    for index, interpreter, code in _codes(command):
        for part in dict.fromkeys(_inserted(code.parts, lambda part: _is_number(part, reader))):
            quoted = interpreter.quotes and _has_filter(part, "shquote")
            if quoted and _stands_alone(code.parts, part):
                continue
            message, hint = _explain(part, quoted=quoted, quotes=interpreter.quotes)
            yield Diagnostic("AT213", (*where, index), message, hint)


def _explain(part: Expression, *, quoted: bool, quotes: bool) -> tuple[str, str]:
    name = _name(part)
    if quoted:
        message = (
            f"{name} is quoted, but stands where quotes do not protect it: inside quotes, a comment or a here-document"
        )
        return message, "write it outside of quotes, as a word of its own"
    hint = "pass it as an argument of its own, such as [sh, -c, 'score \"$1\"', sh, '{{ … }}'], or in `environment`"
    return f"{name} becomes part of a program's code: what it contains would run", (
        f"{hint}; in a shell, {{{{ {name} | shquote }}}} quotes it" if quotes else hint
    )


def _codes(command: list[Value]) -> Iterator[tuple[int, Interpreter, Template]]:
    """The words of a command that a program reads as code, each with its position."""
    reader = _CommandReader()
    for index, word in enumerate(command):
        if isinstance(word, Template) and reader.reads_code(word, index):
            assert reader.interpreter is not None
            yield index, reader.interpreter, word
            reader.interpreter, reader.expected = None, False


@dataclass(slots=True)
class _CommandReader:
    """Where in a command the reader is: behind which program, and whether its code comes next."""

    interpreter: Interpreter | None = None
    expected: bool = False
    skips: bool = False
    only_wrappers: bool = True

    def reads_code(self, word: Template, index: int) -> bool:
        """Whether a word is code; takes note of programs and options."""
        if self.skips:
            self.skips = False
            return False
        if self.interpreter is not None and (_attached(word, self.interpreter) or self._is_expected(word)):
            return True
        if word.text is not None:
            self._note(word.text)
        elif index == 0:
            self.interpreter = _POSIX  # a program that is not known until it runs may be a shell
        return False

    def _is_expected(self, word: Template) -> bool:
        return self.expected and not _option(word.text)

    def _note(self, text: str) -> None:
        if _option(text):
            options = None if self.interpreter is None else self.interpreter.options
            self.expected = self.expected or (options is not None and options.fullmatch(text) is not None)
            self.skips = self.interpreter is not None and _TAKES_VALUE.fullmatch(text) is not None
            return
        name = text.rpartition("/")[2]
        named = INTERPRETERS.get(name) or INTERPRETERS.get(re.sub(r"[\d.]+$", "", name))
        known = named is not None and (named.anywhere or self.only_wrappers)
        self.interpreter, self.expected = (named, named is _FIRST) if known else (None, False)
        self.only_wrappers = self.only_wrappers and (name in _WRAPPERS or "=" in text or text.isdecimal())


def _attached(word: Value, interpreter: Interpreter | None) -> bool:
    """Whether code is written behind its option, in one word: `-cprint(…)`, `--eval=…`."""
    if interpreter is None or interpreter.options is None or not isinstance(word, Template) or word.text is not None:
        return False
    begin = word.parts[0] if isinstance(word.parts[0], str) else ""
    option = interpreter.options.match(begin)
    return option is not None and bool(option[0])


def _option(text: str | None) -> bool:
    return text is not None and text[:1] in ("-", "+") and len(text) > 1


def _inserted(parts: Parts, harmless: Callable[[Expression], bool]) -> Iterator[Expression]:
    """The values in a text that are neither literals nor harmless."""
    for part in parts:
        match part:
            case str() | Literal():
                continue
            case If(branches=branches, otherwise=otherwise):
                for inner in (*(body for _, body in branches), otherwise):
                    yield from _inserted(inner, harmless)
            case For(body=body, otherwise=otherwise):
                yield from _inserted((*body, *otherwise), harmless)
            case Choose(then=then, otherwise=otherwise):
                yield from _inserted((then, otherwise), harmless)
            case _ if not is_uncertain(part) and not harmless(part):
                yield part


def _has_filter(part: Expression, name: str) -> bool:
    return isinstance(part, Filter) and part.name == name


def _is_number(part: Expression, reader: Resolver) -> bool:
    """Whether a value is surely a number or a boolean: a typed parameter, or the result of a filter that gives one."""
    if isinstance(part, Path) and part.root == "params" and len(part.segments) == 1:
        return reader.read(part).shape.kinds <= _NUMBERS
    return isinstance(part, Filter) and part.name in _NUMERIC_FILTERS


def _name(part: Expression) -> str:
    if isinstance(part, Filter) and part.name == "shquote":
        return _name(part.operand)
    return describe(part) if isinstance(part, Path | Index | Filter) else "(…)"


def _stands_alone(parts: Parts, quoted: Expression) -> bool:
    """Whether a quoted value stands outside of quotes, comments and here-documents, in every place."""
    before = ""
    for part in parts:
        if part == quoted and not _is_plain(before):
            return False
        before += part if isinstance(part, str) else "x"  # any other value is one quoted word, or a mistake of its own
    return not any(isinstance(part, If | For) and quoted in _inserted((part,), lambda _: False) for part in parts)


def _is_plain(shell: str) -> bool:
    """Whether a POSIX shell, having read this text, reads a quote as the beginning of a quoted word."""
    state, word_begins, position = "", True, 0
    while position < len(shell):
        character = shell[position]
        if state == "#":
            state = "" if character == "\n" else "#"
        elif state == "'":
            state = "" if character == "'" else "'"
        elif character == "\\":
            position += 1
            if position >= len(shell):
                return False
        elif state == '"':
            state = "" if character == '"' else '"'
        elif character in "'\"":
            state = character
        elif character == "#" and word_begins:
            state = "#"
        elif (shell.startswith("<<", position) and not shell.startswith("<<<", position)) or character == "`":
            return False
        word_begins = character in " \t\n;|&()"
        position += 1
    return state == "" and not shell.endswith("$")
