"""A trigger with its filters ready to run; and, when somebody asks, why an event does not fire it.

str(why_not(event, watch))  ->  '`key` REGEXP "^final/" is false for \\'tmp/x\\''
"""

from typing import NamedTuple

from aftertrain.expressions.miss import Miss
from aftertrain.expressions.pattern import Pattern, compile_pattern
from aftertrain.expressions.where import Where, compile_where
from aftertrain.model.event import Event
from aftertrain.model.trigger import Trigger, matches_type


class Watch(NamedTuple):
    """A trigger with its filters ready to run."""

    trigger: Trigger
    filters: tuple[Where | Pattern, ...]


def watch_of(trigger: Trigger) -> Watch:
    """Compile a trigger's filters. Raises: AuthorError"""
    matches_type(trigger.event_type, "")
    filters: list[Where | Pattern] = []
    if trigger.where is not None:
        filters.append(compile_where(trigger.where))
    if trigger.filter is not None:
        filters.append(compile_pattern(trigger.filter))
    return Watch(trigger, tuple(filters))


def why_not(event: Event, watch: Watch) -> Miss | None:
    """What the event does not pass of a trigger's filters, the first; None if it passes all."""
    return next((why for item in watch.filters if (why := item.failure(event)) is not None), None)
