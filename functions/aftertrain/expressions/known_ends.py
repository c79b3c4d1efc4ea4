"""A condition -> what is known about steps where it holds: the ends that they may have had.

    steps.a.status == 'succeeded' and not steps.b.status == 'skipped'
    ->  {"a": {"succeeded"}, "b": {"succeeded", "failed"}}

A step that surely succeeded has an output, and one that surely failed has an error. A step that is not mentioned may
have ended in any way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from aftertrain.expressions.tree import Choose, Compare, Expression, ListOf, Literal, Logic, Not, Path, Test

Ends = frozenset[str]
KnownEnds = Mapping[str, Ends]
ENDS: Ends = frozenset({"succeeded", "failed", "skipped"})
SUCCEEDED: Ends = frozenset({"succeeded"})
FAILED: Ends = frozenset({"failed"})


@dataclass(frozen=True)
class Facts:
    """What is known at one place: the ends of steps, and the conditions that hold or do not hold there."""

    given: KnownEnds = field(default_factory=dict)
    conditions: tuple[tuple[Expression, bool], ...] = ()

    def where(self, condition: Expression, *, holds: bool = True) -> "Facts":
        """The facts where one more condition holds, or does not hold."""
        return replace(self, conditions=(*self.conditions, (condition, holds)))

    @cached_property
    def known(self) -> KnownEnds | None:
        """The ends that follow; None if nothing is ever evaluated there."""
        known: KnownEnds | None = self.given
        for _ in range(2):  # what a later condition says may decide an earlier `or`
            for condition, holds in self.conditions:
                known = None if known is None else known_ends(condition, known, holds=holds)
        return known


def known_ends(condition: Expression, given: KnownEnds, *, holds: bool = True) -> KnownEnds | None:
    """What is known, besides what is given, where a condition holds, or where it does not; None if it can never be."""
    match condition:
        case Literal(value=bool() as value):
            return given if value is holds else None
        case Not(operand=operand):
            return known_ends(operand, given, holds=not holds)
        case Logic(operator=operator, left=left, right=right):
            decided = known_ends(left, given, holds=holds)
            if (operator == "and") is holds:
                return None if decided is None else known_ends(right, decided, holds=holds)
            undecided = known_ends(left, given, holds=not holds)
            return _either(decided, None if undecided is None else known_ends(right, undecided, holds=holds))
        case Choose(condition=chosen, then=then, otherwise=otherwise):
            first, second = known_ends(chosen, given), known_ends(chosen, given, holds=False)
            return _either(
                None if first is None else known_ends(then, first, holds=holds),
                None if second is None else known_ends(otherwise, second, holds=holds),
            )
        case Compare():
            return _compared(condition, given, holds)
        case Test(name="defined", operand=Path(root="steps", segments=segments)) if holds and len(segments) > 1:
            attribute = segments[1]
            ends = FAILED if attribute in ("error", "cause") else SUCCEEDED if attribute != "status" else ENDS
            return _narrowed(given, str(segments[0]), ends)
        case _:
            return given


def _narrowed(given: KnownEnds, step: str, ends: Ends) -> KnownEnds | None:
    left = given.get(step, ENDS) & ends
    return {**given, step: left} if left else None


def _either(first: KnownEnds | None, second: KnownEnds | None) -> KnownEnds | None:
    """What is known if at least one of them holds."""
    if first is None or second is None:
        return second if first is None else first
    return {step: first[step] | second[step] for step in first if step in second}


def _compared(node: Compare, given: KnownEnds, holds: bool) -> KnownEnds | None:
    """What a comparison of a status says, or of a condition with true or false."""
    left, right, equal = node.left, node.right, node.operator == "=="
    if node.operator in ("==", "!=") and isinstance(left, Literal):
        left, right = right, left
    match left, right:
        case Path(root="steps", segments=(step, "status")), Literal(value=value) if node.operator in ("==", "!="):
            if value not in ENDS:
                return given  # a mistake of its own, which is told elsewhere
            return _narrowed(given, str(step), _ends(frozenset({value}), inside=equal is holds))
        case Path(root="steps", segments=(step, "status")), ListOf(items=items) if node.operator == "in":
            if not all(isinstance(item, Literal) for item in items):
                return given
            values = frozenset(item.value for item in items if isinstance(item, Literal))
            return _narrowed(given, str(step), _ends(values, inside=holds))
        case ((Compare() | Logic() | Not() | Test()), Literal(value=bool() as value)) if node.operator in ("==", "!="):
            return known_ends(left, given, holds=(value is equal) is holds)
        case _:
            return given


def _ends(values: frozenset[object], *, inside: bool) -> Ends:
    return frozenset(end for end in ENDS if (end in values) is inside)
