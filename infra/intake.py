"""Intake: events come in, and none is lost on the way.

The webhook records events and starts executions. A failed start goes to a queue; the sweeper finds every minute what
never reached the queue. What the queue gives up on goes to the dead-letter queue and raises an alarm, and the sweeper
continues all the same. Events of the account's own bus have a queue of their own, because EventBridge would retry a
function only three times.
"""

import json

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.encryption import bucket_key_statements, of_queue
from infra.foundation import Foundation
from infra.function import allow

WEBHOOK_SECONDS = 9  # senders hang up after 10
REDRIVE_SECONDS = 60
TRIES = 5
ACCOUNT_TRIES = 240  # six minutes apart: a day


class Intake(Construct):
    """The webhook and everything behind its acknowledgement."""

    def __init__(self, scope: Construct, name: str, *, foundation: Foundation) -> None:
        super().__init__(scope, name)
        self._foundation = foundation
        self._ledger = foundation.ledger.table.table_arn
        self._machines = f"{foundation.compute.machine_arn_prefix}*"
        self._tls_only = not foundation.settings.local
        self.redrives, self.dead_letters = self._queue("Redrives", "DeadLetters", TRIES)
        self.account_dead_letters: sqs.Queue | None = None
        self.webhook = self._webhook()
        self.redrive = self._redrive()
        self.sweep = self._sweep()
        self._let_tasks_emit()
        if foundation.settings.account_events:
            self._take_account_events()

    def _queue(self, name: str, dead: str, attempts: int) -> tuple[sqs.Queue, sqs.Queue]:
        """A queue and its dead-letter queue."""
        common = {"enforce_ssl": self._tls_only, **of_queue(self, self._foundation.settings)}
        dead_letters = sqs.Queue(self, dead, retention_period=Duration.days(14), **common)
        queue = sqs.Queue(
            self,
            name,
            visibility_timeout=Duration.seconds(6 * REDRIVE_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=attempts),
            **common,
        )
        return queue, dead_letters

    def _webhook(self) -> lambda_.Function:
        function = self._function("webhook", WEBHOOK_SECONDS, memory=1769)  # one whole processor
        allow(function, "dynamodb:GetItem", on=[self._foundation.registry.table.table_arn])
        self._let_record_and_start(function)
        self._foundation.api.add_routes(
            path="/events/{source}",
            methods=[apigateway.HttpMethod.POST, apigateway.HttpMethod.OPTIONS],
            integration=HttpLambdaIntegration("Webhook", function),
        )
        return function

    def _redrive(self) -> lambda_.Function:
        # A waiting event goes back into its queue, which Lambda would stop as a loop.
        function = self._function("redrive", REDRIVE_SECONDS, loops=True)
        allow(function, "dynamodb:GetItem", on=[self._foundation.registry.table.table_arn])
        self._let_record_and_start(function)
        self._let_read_buckets(function)
        source = event_sources.SqsEventSource(self.redrives, batch_size=10, report_batch_item_failures=True)
        function.add_event_source(source)
        return function

    def _sweep(self) -> lambda_.Function:
        function = self._function("sweep", 60)
        allow(function, "dynamodb:Query", on=[f"{self._ledger}/index/due"])
        allow(function, "dynamodb:UpdateItem", on=[self._ledger])
        allow(function, "sqs:SendMessage", on=[self.redrives.queue_arn])
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(function)],
        )
        return function

    def _take_account_events(self) -> None:
        """Take events of the account's bus; S3's only from the model buckets, since the bus has all buckets'."""
        function = self._function("account_events", REDRIVE_SECONDS)
        queue, self.account_dead_letters = self._queue("AccountEvents", "AccountDeadLetters", ACCOUNT_TRIES)
        function.add_event_source(event_sources.SqsEventSource(queue, batch_size=1))
        self._let_record_and_start(function)
        allow(function, "dynamodb:GetItem", on=[self._foundation.registry.table.table_arn])
        settings = self._foundation.settings
        services = [service for service in settings.account_events if service != "aws.s3"]
        patterns = {"Services": events.EventPattern(source=services)} if services else {}
        if "aws.s3" in settings.account_events:
            buckets = {"bucket": {"name": list(settings.model_buckets)}}
            patterns["Buckets"] = events.EventPattern(source=["aws.s3"], detail=buckets)
        for name, pattern in patterns.items():
            events.Rule(self, name, event_pattern=pattern, targets=[targets.SqsQueue(queue)])

    def _let_record_and_start(self, function: lambda_.Function) -> None:
        allow(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=[self._ledger])
        allow(function, "states:StartExecution", on=[self._machines])
        executions = [f"{self._foundation.compute.execution_arn_prefix}*"]
        allow(function, "states:DescribeExecution", "states:StopExecution", on=executions)
        allow(function, "sqs:SendMessage", on=[self.redrives.queue_arn])

    def _let_read_buckets(self, function: lambda_.Function) -> None:
        """For policies that ask how new an object is, or which objects belong to it."""
        settings = self._foundation.settings
        for bucket in settings.model_buckets:
            allow(function, "s3:GetObject", on=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*"])
            # Without it, S3 answers 403 for a missing object, which looks like a missing permission.
            allow(function, "s3:ListBucket", on=[f"arn:{Aws.PARTITION}:s3:::{bucket}"])
        for statement in bucket_key_statements(settings):
            function.add_to_role_policy(statement)
        secrets = sorted({each["secret"] for each in settings.bucket_access.values()})
        if secrets:
            prefix = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}:secret:"
            allow(function, "secretsmanager:GetSecretValue", on=[f"{prefix}{each}-??????" for each in secrets])

    def _let_tasks_emit(self) -> None:
        """Steps may emit events, which are recorded, matched and started like a sender's."""
        tasks = self._foundation.compute.tasks
        tasks.add_environment("LEDGER_TABLE", self._foundation.ledger.table.table_name)
        tasks.add_environment("REDRIVE_QUEUE_URL", self.redrives.queue_url)
        self._let_record_and_start(tasks)

    def _function(self, name: str, timeout: int, memory: int = 512, *, loops: bool = False) -> lambda_.Function:
        environment = {
            "LEDGER_TABLE": self._foundation.ledger.table.table_name,
            "REGISTRY_TABLE": self._foundation.registry.table.table_name,
            "REDRIVE_QUEUE_URL": self.redrives.queue_url,
            "SNAPSHOT_SECONDS": str(self._foundation.settings.snapshot_seconds),
            "BUCKET_ACCESS": json.dumps(self._foundation.settings.bucket_access),
        }
        return self._foundation.functions.make(
            self, name, timeout=timeout, memory=memory, environment=environment, loops=loops
        )
