"""Ledger: the table of what happened: events with their verdicts, and executions."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.encryption import of_table
from infra.settings import Settings

STRING, NUMBER = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER


class Ledger(Construct):
    """One table, three indexes.

    `due` is sparse and holds only unfinished events. `by_pipeline` holds executions; `by_time` holds executions and the
    events that fired a trigger.
    """

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=STRING),
            **of_table(self, settings),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=not settings.local,
            removal_policy=RemovalPolicy.DESTROY if settings.local else RemovalPolicy.RETAIN,
        )
        self._index("due", "due_shard", "due_at", NUMBER, dynamodb.ProjectionType.KEYS_ONLY)
        self._index("by_pipeline", "pipeline_id", "started_at", STRING, dynamodb.ProjectionType.ALL)
        self._index("by_time", "kind", "started_at", STRING, dynamodb.ProjectionType.ALL)

    def _index(
        self,
        name: str,
        key: str,
        order: str,
        order_type: dynamodb.AttributeType,
        projection: dynamodb.ProjectionType,
    ) -> None:
        self.table.add_global_secondary_index(
            index_name=name,
            partition_key=dynamodb.Attribute(name=key, type=STRING),
            sort_key=dynamodb.Attribute(name=order, type=order_type),
            projection_type=projection,
        )
