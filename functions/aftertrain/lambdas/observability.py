"""The one place where loggers and metrics are made. Service, namespace and level come from the environment."""

from collections.abc import Iterable

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from aftertrain.ingest.verdict import Verdict

WATCHED = ("stale", "incomplete", "paused", "skipped", "replaced", "failed")

logger = Logger()
metrics = Metrics()


def count(name: str, value: int = 1) -> None:
    """Add to a metric; zero counts too, since a metric that is never written looks like a broken one."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Count the decisions of policies by their outcome."""
    for verdict in verdicts:
        if verdict.verdict in WATCHED:
            count(f"Events{verdict.verdict.title()}")
