"""Intake: events come in, and none is lost on the way.

The webhook records and starts. What it could not start goes to a queue; what never got there the sweeper finds every
minute. What the queue gives up on lies in the dead-letter queue and raises an alarm; the sweeper goes on all the same.
"""

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.compute import Compute
from infra.function import Functions, allow
from infra.ledger import Ledger
from infra.registry import Registry
from infra.settings import Settings

WEBHOOK_SECONDS = 9  # senders hang up after 10
REDRIVE_SECONDS = 60
TRIES = 5


class Intake(Construct):
    """The webhook and everything that stands behind its acknowledgement."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        functions: Functions,
        api: apigateway.HttpApi,
        registry: Registry,
        ledger: Ledger,
        compute: Compute,
    ) -> None:
        super().__init__(scope, name)
        self.dead_letters = sqs.Queue(
            self, "DeadLetters", retention_period=Duration.days(14), enforce_ssl=not settings.local
        )
        self.redrives = sqs.Queue(
            self,
            "Redrives",
            visibility_timeout=Duration.seconds(6 * REDRIVE_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=TRIES),
            enforce_ssl=not settings.local,
        )
        environment = {
            "LEDGER_TABLE": ledger.table.table_name,
            "REGISTRY_TABLE": registry.table.table_name,
            "REDRIVE_QUEUE_URL": self.redrives.queue_url,
            "SNAPSHOT_SECONDS": str(settings.snapshot_seconds),
        }
        ledger_arn, machines = ledger.table.table_arn, [f"{compute.machine_arn_prefix}*"]

        self.webhook = functions.make(self, "webhook", timeout=WEBHOOK_SECONDS, memory=1024, environment=environment)
        allow(self.webhook, "dynamodb:GetItem", on=[registry.table.table_arn])
        allow(self.webhook, "dynamodb:PutItem", "dynamodb:UpdateItem", on=[ledger_arn])
        allow(self.webhook, "states:StartExecution", on=machines)
        allow(self.webhook, "sqs:SendMessage", on=[self.redrives.queue_arn])
        api.add_routes(
            path="/events/{source}",
            methods=[apigateway.HttpMethod.POST],
            integration=HttpLambdaIntegration("Webhook", self.webhook),
        )

        self.redrive = functions.make(self, "redrive", timeout=REDRIVE_SECONDS, environment=environment)
        allow(self.redrive, "dynamodb:GetItem", "dynamodb:UpdateItem", on=[ledger_arn])
        allow(self.redrive, "states:StartExecution", on=machines)
        self.redrive.add_event_source(
            event_sources.SqsEventSource(self.redrives, batch_size=10, report_batch_item_failures=True)
        )

        self.sweep = functions.make(self, "sweep", timeout=60, environment=environment)
        allow(self.sweep, "dynamodb:Query", on=[f"{ledger_arn}/index/due"])
        allow(self.sweep, "dynamodb:UpdateItem", on=[ledger_arn])
        allow(self.sweep, "sqs:SendMessage", on=[self.redrives.queue_arn])
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(self.sweep)],
        )
