"""A trigger with compiled filters, and the reason why an event does not match it.

str(find_mismatch(event, compiled))  ->  '`key` REGEXP "^final/" is false for \\'tmp/x\\''
"""

from typing import NamedTuple

from aftertrain.expressions.budget import Budget
from aftertrain.expressions.mismatch import Mismatch
from aftertrain.expressions.pattern import Pattern, compile_pattern
from aftertrain.expressions.where import Where, compile_where
from aftertrain.model.authority import REPORTERS, may_report
from aftertrain.model.event import Event
from aftertrain.model.source import Source
from aftertrain.model.trigger import Trigger, matches_type


class CompiledTrigger(NamedTuple):
    """A trigger with its filters ready to run."""

    trigger: Trigger
    filters: tuple[Where | Pattern, ...]


def compile_trigger(trigger: Trigger) -> CompiledTrigger:
    """Compile a trigger's filters. Raises: AuthorError"""
    matches_type(trigger.event_type, "")
    filters: list[Where | Pattern] = []
    if trigger.where is not None:
        filters.append(compile_where(trigger.where))
    if trigger.filter is not None:
        filters.append(compile_pattern(trigger.filter))
    return CompiledTrigger(trigger, tuple(filters))


def find_mismatch(event: Event, compiled: CompiledTrigger, budget: Budget | None = None) -> Mismatch | None:
    """The first filter that the event does not pass; None if it passes all. Raises: OverBudgetError"""
    budget = budget or Budget()
    mismatches = (item.failure(event, budget) for item in compiled.filters)
    return next((mismatch for mismatch in mismatches if mismatch is not None), None)


def find_source_mismatch(event_type: str, trigger: Trigger, source: Source) -> Mismatch | None:
    """Why this sender may not fire the trigger; None if it may. A sender without an id is a sample of its kind."""
    actual = f"{source.id or 'a source'}, of kind {source.kind}"
    if trigger.sources:
        named = not source.id or source.id in trigger.sources
        return None if named else _source_mismatch(" or ".join(trigger.sources), actual)
    if may_report(source, event_type):
        return None
    kinds = REPORTERS[event_type.partition(".")[0]]
    return _source_mismatch(f"a source of kind {' or '.join(kinds)}, or `source` names it", actual)


def _source_mismatch(expected: str, actual: str) -> Mismatch:
    return Mismatch("source", expected, actual, f"the event comes from {actual}, not from {expected}")
