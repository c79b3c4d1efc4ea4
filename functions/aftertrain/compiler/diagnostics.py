"""The mistakes in a definition: all at once, each with a stable code, a path and a hint.

pipelines/x.yaml:9:13: AT203 there is no action 'model_evalute'
action: model_evalute
^
hint: did you mean 'model_evaluate'?
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aftertrain.errors import AuthorError

CODES = {
    "AT101": "the text is neither YAML nor JSON",
    "AT102": "a value has the wrong type or form",
    "AT103": "an unknown key",
    "AT104": "a duplicate key",
    "AT201": "duplicate ids or names, also if they differ only in `-` and `_`",
    "AT202": "a name hides another one",
    "AT203": "an unknown action",
    "AT204": "an unknown param",
    "AT205": "a required param is missing",
    "AT206": "a param has the wrong type or form",
    "AT207": "a trigger's filter cannot be read",
    "AT208": "a secret is written in plain text",
    "AT209": "a value in a URL is not encoded",
    "AT210": "a field does not fit the step's action",
    "AT211": "a job asks for compute that its backend does not have",
    "AT212": "a parameter's default or a trigger's param is missing or has the wrong type",
    "AT213": "a value becomes part of a program's code",
    "AT301": "`depends_on` names a step that does not exist",
    "AT302": "steps depend on each other in a cycle",
    "AT303": "a template cannot be read",
    "AT304": "a template reads a step that does not exist",
    "AT305": "a template reads a field that cannot exist",
    "AT306": "a template reads an undeclared parameter",
    "AT307": "a template reads an unknown attribute of a step or of the failure",
    "AT308": "a template gives a param a value of the wrong type",
    "AT309": "an expression can never have a value",
    "AT310": "a condition is neither true nor false",
    "AT311": "a template reads an output that may be missing",
    "AT312": "the items of `foreach` are not an array",
    "AT313": "a step runs an unknown pipeline, or gives it params that it does not take",
    "AT402": "a step can never run",
    "AT501": "Step Functions would refuse the state machine",
    "AT502": "an execution's history can exceed the limit of Step Functions",
    "AT503": "outputs can exceed the size that a state can pass on",
}

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A position in the text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake. `where`: its path in the definition. `mark`: its position, if there is a text."""

    code: str
    where: Place
    message: str
    hint: str = ""
    mark: Mark | None = None

    @property
    def path(self) -> str:
        """`("steps", 0, "action")` -> `steps[0].action`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.where)
        return text.removeprefix(".")

    def item(self) -> dict[str, Any]:
        """The form in which the API answers with it."""
        return {
            "code": self.code,
            "where": self.path,
            "message": self.message,
            "hint": self.hint,
            "line": self.mark.line if self.mark else None,
            "column": self.mark.column if self.mark else None,
        }


class CompileError(AuthorError):
    """A definition with mistakes; `diagnostics` has them all, in the order of the text."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=_in_text_order))
        count = len(self.diagnostics)
        super().__init__(f"the pipeline has {count} mistake{'s' if count > 1 else ''}: {self.diagnostics[0].message}")


def _in_text_order(diagnostic: Diagnostic) -> tuple[int, int, str, str]:
    mark = diagnostic.mark or Mark(0, 0)
    return mark.line, mark.column, diagnostic.path, diagnostic.code


def did_you_mean(name: str, candidates: Iterable[str], fallback: str = "", similarity: float = 0.6) -> str:
    """A hint that suggests a name of at least this similarity, 0 to 1, or lists the known ones."""
    names = list(candidates)
    matches = difflib.get_close_matches(name, names, n=1, cutoff=similarity)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return fallback or (f"known: {', '.join(sorted(names))}" if names else "")


def render(diagnostic: Diagnostic, file: str, text: str | None) -> str:
    """A diagnostic for a terminal, with the line and a caret below the position."""
    mark = diagnostic.mark
    if mark is None or text is None:
        lines = [f"{file}: {diagnostic.code} {diagnostic.message}"]
        lines += [f"  at {diagnostic.path}"] if diagnostic.path else []
    else:
        source = text.splitlines()[mark.line - 1] if mark.line <= len(text.splitlines()) else ""
        lines = [f"{file}:{mark.line}:{mark.column}: {diagnostic.code} {diagnostic.message}"]
        lines += [f"    {source}", f"    {' ' * (mark.column - 1)}^"]
    return "\n".join([*lines, *([f"  hint: {diagnostic.hint}"] if diagnostic.hint else [])])
