"""The one place where loggers and metrics are made. Service, namespace and level come from the environment."""

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

logger = Logger()
metrics = Metrics()


def count(name: str, value: int = 1) -> None:
    """Add to a count; one of nothing is not written."""
    if value:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
