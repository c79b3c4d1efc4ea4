"""The mistakes in a definition: all at once, each with a stable code, a path and a hint.

pipelines/x.yaml:9:13: AT203 there is no action 'model_evalute' action: model_evalute ^ hint: did you mean
'model_evaluate'?
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aftertrain.errors import AuthorError

CODES = {
    "AT101": "the text is neither YAML nor JSON",
    "AT102": "a value has the wrong shape",
    "AT103": "there is no such key",
    "AT104": "a key stands twice",
    "AT201": "two of a kind have ids or names that are the same, or differ only in `-` and `_`",
    "AT202": "a name hides another one",
    "AT203": "there is no such action",
    "AT204": "the action has no such param",
    "AT205": "the action needs a param that is missing",
    "AT206": "a param has the wrong shape",
    "AT207": "a trigger's filter cannot be read",
    "AT208": "a secret is written in plain text",
    "AT209": "a value in a URL is not encoded",
    "AT210": "an action does not go together with what stands beside it",
    "AT211": "a job asks for what cannot be had where it runs",
    "AT212": "a parameter's default, or what a trigger gives it, is not of its type, or is missing",
    "AT301": "`depends_on` names a step that does not exist",
    "AT302": "steps depend on each other in a circle",
    "AT303": "a template cannot be read",
    "AT304": "a template reads a step that does not exist",
    "AT305": "a template reads a field that cannot be there",
    "AT306": "a template reads a parameter that the pipeline does not have",
    "AT307": "a template reads what there is not of a step or of a failure",
    "AT308": "a template gives a param a value of the wrong type",
    "AT309": "an expression can never have a value",
    "AT310": "a condition is neither true nor false",
    "AT311": "a template reads an output that may be missing",
    "AT312": "`foreach` goes over what is no array",
    "AT313": "a step runs a pipeline that there is not, or gives it what it does not take",
    "AT402": "a step can never run",
    "AT501": "the state machine would be refused",
    "AT502": "an execution's history could become too long",
    "AT503": "outputs could become larger than a state hands on",
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


def did_you_mean(name: str, candidates: Iterable[str], fallback: str = "") -> str:
    """A hint that suggests similar names, or lists the known ones."""
    names = list(candidates)
    matches = difflib.get_close_matches(name, names, n=1)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return fallback or (f"there is {', '.join(sorted(names))}" if names else "")


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
