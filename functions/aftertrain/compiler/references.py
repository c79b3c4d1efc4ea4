"""The texts of a definition -> templates and conditions, their references, and their mistakes.

    "{{ steps.evaluate.output.accuracy }}"  ->  Template((Path("steps", ("evaluate", "output", "accuracy")),))
    "{{ steps.evalaute.output.accuracy }}"  ->  Template((Unknown(),))  and AT304 there is no step 'evalaute'

A mistaken part counts as unknown from then on, so that other mistakes beside and after it are found too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.render.template import Value
from aftertrain.expressions.demand import ABOUT
from aftertrain.expressions.template import TemplateError, parse_condition, parse_template
from aftertrain.expressions.tree import Expression, Literal, Path, Template, Unknown, fold, paths, replace_mistaken
from aftertrain.model.definition import Parameter

Read = TypeVar("Read", bound=Template | Expression)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The readable names: steps of the same graph, parameters, and in an `on_failure` step the failure.

    `others`: the steps of the other graph. `choosers`: the conditionals that may choose each step. `vague`: parameters
    of unknown type.
    """

    steps: Collection[str]
    parameters: Mapping[str, Parameter]
    failure: bool = False
    others: Collection[str] = ()
    choosers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vague: Collection[str] = ()


@dataclass(slots=True)
class ReferenceReader:
    """Reads the texts of one part and collects their mistakes; `loops`: the names of loop items there."""

    known: KnownNames
    loops: tuple[str, ...] = ()
    paths: list[Path] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def value(self, value: Any, where: Place) -> Value:
        """A value with its texts parsed as templates."""
        match value:
            case str():
                return self._template(value, where)
            case dict():
                return {key: self.value(item, (*where, key)) for key, item in value.items()}
            case list():
                return [self.value(item, (*where, index)) for index, item in enumerate(value)]
            case _:
                return value  # type: ignore[no-any-return]  # a number, a boolean or null

    def condition(self, text: str | bool | None, where: Place) -> Expression | None:
        """A condition; constant parts are removed."""
        if not isinstance(text, str):
            return None if text is None else Literal(text)
        try:
            condition = parse_condition(text)
        except TemplateError as error:
            self.diagnostics.append(Diagnostic("AT303", where, error.message))
            return Unknown()
        return fold(self._mask_mistakes(condition, where))

    def _template(self, text: str, where: Place) -> Template:
        try:
            template = parse_template(text, self.loops)
        except TemplateError as error:
            self.diagnostics.append(Diagnostic("AT303", where, error.message))
            return Template((Unknown(),))
        return self._mask_mistakes(template, where)

    def _mask_mistakes(self, node: Read, where: Place) -> Read:
        """The same node, with mistaken parts replaced by unknowns."""
        reads = list(paths(node.parts if isinstance(node, Template) else node))
        mistakes = {path: list(_mistakes(path, where, self.known)) for path in dict.fromkeys(reads)}
        mistaken = {path for path, complaints in mistakes.items() if complaints or self._is_vague(path)}
        self.paths += [path for path in reads if path not in mistaken]
        if not mistaken:
            return node
        self.diagnostics += [complaint for complaints in mistakes.values() for complaint in complaints]
        sound: Read = replace_mistaken(node, mistaken.__contains__)
        return sound

    def _is_vague(self, path: Path) -> bool:
        return bool(self.known.vague) and path.root == "params" and path.segments[:1][0] in self.known.vague


def _mistakes(path: Path, where: Place, readable: KnownNames) -> Iterator[Diagnostic]:
    first = str(path.segments[0]) if path.segments else ""
    if path.root == "params" and first not in readable.parameters:
        hint = did_you_mean(first, readable.parameters, "declare it under `parameters`")
        yield Diagnostic("AT306", where, f"{path}: the pipeline has no parameter {first!r}", hint)
    if path.root == "failure" and not readable.failure:
        yield Diagnostic("AT307", where, f"{path}: only steps under `on_failure` can read the failure")
    if path.root == "steps":
        yield from _step_mistakes(path, first, where, readable)


def _step_mistakes(path: Path, first: str, where: Place, readable: KnownNames) -> Iterator[Diagnostic]:
    fields = path.segments[1:]
    if first not in readable.steps:
        message = f"{path}: there is no step {first!r}"
        hint = did_you_mean(first, readable.steps)
        if first in readable.others:
            message = f"{path}: the steps under `steps` and those under `on_failure` cannot read each other"
            hint = "read failure.error and failure.cause" if readable.failure else "read the outputs of `steps` only"
        yield Diagnostic("AT304", where, message, hint)
    elif not fields or fields[0] not in (*ABOUT, "output", "outputs") or (fields[0] in ABOUT and len(fields) > 1):
        hint = f"write steps.{first}.output.FIELD or steps.{first}.status"
        yield Diagnostic("AT307", where, f"{path}: a step has output, status, error and cause", hint)
