"""The one place where loggers and metrics are made. Service, namespace and level come from the environment."""

from collections.abc import Iterable

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from aftertrain.ingest.verdict import Verdict

WATCHED = ("stale", "incomplete", "paused", "skipped", "replaced", "failed")

logger = Logger()
metrics = Metrics()


def count(name: str, value: int = 1) -> None:
    """Add to a count; zero counts too, for a metric that is never written cannot be told from one that is broken."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Count what policies decided, by its word."""
    for verdict in verdicts:
        if verdict.verdict in WATCHED:
            count(f"Events{verdict.verdict.title()}")
