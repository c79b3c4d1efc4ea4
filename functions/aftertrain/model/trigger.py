"""Event type + filter -> pipeline: a trigger as the webhook holds it in memory.

Filters are kept as their authors wrote them; `aftertrain.ingest.snapshot` compiles them once per load.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from aftertrain.model.policy import Policies


class PipelineVersion(NamedTuple):
    """A pipeline's immutable version and the state machine version that runs it.

    `types`: the declared types of its parameters, as far as known, with a trailing `?` if null is valid.
    """

    pipeline_id: str
    version: int
    machine_arn: str
    types: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "PipelineVersion":
        """Read the form in which snapshot and ledger carry it."""
        return cls(item["pipeline_id"], item["version"], item["machine_arn"], item.get("types", {}))

    def item(self) -> dict[str, Any]:
        """The form that `from_item` reads."""
        item = {"pipeline_id": self.pipeline_id, "version": self.version, "machine_arn": self.machine_arn}
        return item | ({"types": dict(self.types)} if self.types else {})


_FIELDS = frozenset(["id", "event_type", "pipeline", "where", "filter", "params", "policies", "priority", "sources"])


class Trigger(NamedTuple):
    """Starts a pipeline for every event that it matches.

    `event_type` is a dotted name and may end in `.*`. `where` is a bucket WHERE clause, `filter` a JSON filter; an
    event must pass both, then `policies` decide. `sources`: the ids of the only senders that may fire it; without one,
    every sender may that can truthfully report the event (see `model.authority`).

    A disabled trigger is not in the snapshot.
    """

    id: str
    event_type: str
    pipeline: PipelineVersion
    where: str | None = None
    filter: dict[str, Any] | None = None
    params: Mapping[str, Any] = MappingProxyType({})
    policies: Policies = Policies()
    priority: int = 0
    sources: tuple[str, ...] = ()

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "Trigger":
        """Read the form in which the trigger snapshot carries it.

        Raises: KeyError if it lacks a field, or has one of a newer version: without it, the trigger would mean more.
        """
        if newer := item.keys() - _FIELDS:
            raise KeyError(f"unknown fields: {', '.join(sorted(newer))}")
        return cls(
            id=item["id"],
            event_type=item["event_type"],
            pipeline=PipelineVersion.from_item(item["pipeline"]),
            where=item["where"],
            filter=item["filter"],
            params=item["params"],
            policies=Policies.from_item(item.get("policies", {})),
            priority=item.get("priority", 0),
            sources=tuple(item.get("sources", ())),
        )

    def item(self) -> dict[str, Any]:
        """The form that `from_item` reads."""
        return {
            "id": self.id,
            "event_type": self.event_type,
            "pipeline": self.pipeline.item(),
            "where": self.where,
            "filter": self.filter,
            "params": dict(self.params),
            "policies": self.policies.item(),
            "priority": self.priority,
            **({"sources": list(self.sources)} if self.sources else {}),
        }


def matches_type(pattern: str, event_type: str) -> bool:
    """Whether an event type matches a trigger's: equal, or below a prefix that ends in `.*`.

    A read of an object matches only its own name. A pipeline reads the objects that it is about: it would start itself.
    """
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1]) and not is_read(event_type)
    return pattern == event_type


def is_read(event_type: str) -> bool:
    """Whether an event only says that an object was read."""
    return event_type.startswith("object.accessed")
