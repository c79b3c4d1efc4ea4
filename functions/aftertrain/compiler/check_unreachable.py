"""Graph -> steps that can never run, each with the reason.

    big:   condition: event.size > 1000                 deploy: depends_on: [big, small]
    small: condition: event.size <= 1000      ->        AT402 'deploy' never runs: it needs 'big' and 'small', which
                                                        exclude each other

Only what can be proved is reported: conditions that contradict themselves, each other, or what an output always is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from aftertrain.compiler.diagnostics import Diagnostic, Place
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.infer_shapes import ShapeEnvironment
from aftertrain.compiler.render.resolver import shape_at
from aftertrain.expressions.tree import NEVER, Compare, Expression, Literal, Logic, Not, Path, Test

_OPPOSITE = {"==": "!=", "!=": "==", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}
_MIRRORED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass(frozen=True, slots=True)
class Fact:
    """A comparison that must hold for a step to run, and the step whose condition demands it."""

    subject: Expression
    operator: str
    value: Any
    step: str


def check_unreachable(graph: Graph, shapes: ShapeEnvironment, step_paths: Mapping[str, Place]) -> Iterator[Diagnostic]:
    """The steps that can never run."""
    reasons: dict[str, str] = {}
    facts: dict[str, list[Fact]] = {}
    for step in graph.order:
        node = graph.nodes[step]
        needed = [fact for need in node.requires if _must_succeed(graph, need) for fact in facts.get(need, ())]
        facts[step] = list(dict.fromkeys([*needed, *_facts(node)]))
        reason = _reason(node, graph, shapes, reasons) or _contradiction(step, facts[step])
        if reason:
            reasons[step] = reason
    for step in graph.nodes:
        if step in reasons:
            step_id = step.partition(" ")[0]  # a second step with the same id has a suffix
            yield Diagnostic("AT402", step_paths[step], f"{step_id!r} never runs: {reasons[step]}")


def _must_succeed(graph: Graph, step: str) -> bool:
    return not graph.nodes[step].continues_on_failure


def _reason(node: Node, graph: Graph, shapes: ShapeEnvironment, reasons: Mapping[str, str]) -> str:
    for need in node.requires:
        if need in reasons:
            return f"it needs {need!r}, which never runs"
        if graph.nodes[need].action.name == "fail" and _must_succeed(graph, need):
            return f"it needs {need!r}, which always fails"
    if node.condition == NEVER:
        return "its condition is false"
    if node.condition is not None and node.facts(graph).known is None:
        return "its condition contradicts itself, or what it needs"
    for fact in _facts(node):
        if _excluded(fact, shapes):
            return f"its condition never holds, since {fact.subject} is always {_word(fact, shapes)}"
    return ""


def _facts(node: Node) -> list[Fact]:
    """The comparisons that the condition of a step demands."""
    return [] if node.condition is None else list(_demanded(node.condition, node.id, holds=True))


def _demanded(condition: Expression, step: str, *, holds: bool) -> Iterator[Fact]:
    match condition:
        case Not(operand=operand):
            yield from _demanded(operand, step, holds=not holds)
        case Logic(operator=operator, left=left, right=right) if (operator == "and") is holds:
            yield from _demanded(left, step, holds=holds)
            yield from _demanded(right, step, holds=holds)
        case Compare(operator=operator, left=left, right=Literal(value=value)) if operator in _OPPOSITE:
            yield Fact(left, operator if holds else _OPPOSITE[operator], value, step)
        case Compare(operator=operator, left=Literal(value=value), right=right) if operator in _OPPOSITE:
            mirrored = _MIRRORED[operator]
            yield Fact(right, mirrored if holds else _OPPOSITE[mirrored], value, step)
        case Path() | Test():
            yield Fact(condition, "==", holds, step)


def _contradiction(step: str, facts: list[Fact]) -> str:
    for first, second in combinations(facts, 2):
        if first.subject == second.subject and _exclude(first, second):
            if first.step == second.step == step:
                return "its condition contradicts itself"
            others = [repr(each) for each in dict.fromkeys((first.step, second.step)) if each != step]
            if len(others) == 1:
                return f"its condition contradicts that of {others[0]}, which it needs"
            return f"it needs {others[0]} and {others[1]}, which exclude each other"
    return ""


def _exclude(first: Fact, second: Fact) -> bool:
    """Whether two comparisons of one value cannot both hold."""
    if first.operator == "==":
        return not _holds(first.value, second.operator, second.value)
    if second.operator == "==":
        return not _holds(second.value, first.operator, first.value)
    bounds = {fact.operator[0]: fact for fact in (first, second)}
    if bounds.keys() != {"<", ">"} or not _ordered(first.value, second.value):
        return False
    least, most = bounds[">"], bounds["<"]
    open_ended = "=" not in least.operator or "=" not in most.operator
    return bool(least.value > most.value or (least.value == most.value and open_ended))


def _holds(value: Any, operator: str, other: Any) -> bool:
    same = isinstance(value, bool) is isinstance(other, bool) and value == other
    if operator in ("==", "!="):
        return same is (operator == "==")
    if not _ordered(value, other):
        return True  # a comparison that fails is told elsewhere
    return bool({">": value > other, ">=": value >= other, "<": value < other, "<=": value <= other}[operator])


def _ordered(first: Any, second: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (first, second))
    return numbers or (isinstance(first, str) and isinstance(second, str))


def _excluded(fact: Fact, shapes: ShapeEnvironment) -> bool:
    """Whether an output never has the value that a condition demands."""
    choices = _choices(fact, shapes)
    return fact.operator == "==" and bool(choices) and fact.value not in choices and isinstance(fact.value, bool)


def _choices(fact: Fact, shapes: ShapeEnvironment) -> tuple[Any, ...]:
    path = fact.subject
    if not isinstance(path, Path) or path.root != "steps" or path.segments[1:2] != ("output",):
        return ()
    return shape_at(shapes.outputs[path.step], path.segments[2:]).choices


def _word(fact: Fact, shapes: ShapeEnvironment) -> str:
    return " or ".join(str(Literal(choice)) for choice in _choices(fact, shapes))
