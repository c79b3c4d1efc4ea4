"""A source and a type -> whether that sender can truthfully report such an event.

    may_report(Source("trainer", "platform", "bearer"), "object.created")   ->  False
    may_report(Source("weights", "tigris", "bearer"), "object.created")     ->  True

A secret proves who sends, not that the sender saw what it reports. A training script may announce a model of its own,
but only a bucket knows what happened to an object. Types that no family lists can come from everybody.
"""

from collections.abc import Mapping

from aftertrain.model.source import Source, SourceKind

ACCOUNT = Source("aws", "eventbridge", "none")
PIPELINES = Source("pipelines", "platform", "none")
BUILT_IN: Mapping[str, Source] = {source.id: source for source in (ACCOUNT, PIPELINES)}

# By the first word of an event's type.
REPORTERS: Mapping[str, tuple[SourceKind, ...]] = {
    "object": ("tigris", "s3", "r2", "eventbridge"),
    "aws": ("eventbridge",),
    "job": ("eventbridge",),
    "github": ("github",),
    "mlflow": ("mlflow",),
    "wandb": ("wandb",),
}


def may_report(source: Source, event_type: str) -> bool:
    """Whether a trigger that names no source fires for this sender's event; a pipeline may report anything."""
    kinds = REPORTERS.get(event_type.partition(".")[0])
    return kinds is None or source.kind in kinds or source.id == PIPELINES.id


def source_of(source_id: str, sources: Mapping[str, Source]) -> Source:
    """A source by its id. One that was deleted counts as a sender of our own envelope, which may report the least."""
    return BUILT_IN.get(source_id) or sources.get(source_id) or Source(source_id, "platform", "none")


def true_source(claimed: str, source: Source, sources: Mapping[str, Source]) -> str:
    """The `source` of an event: what its envelope says, unless that is another sender's id."""
    impersonates = claimed != source.id and (claimed in sources or claimed in BUILT_IN)
    return source.id if impersonates else claimed
