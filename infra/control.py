"""Control: the API for people and tools, behind IAM, and the status of executions.

The control function creates machines at run time, one per pipeline; it may pass on only the machines' role.
"""

import json

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.foundation import Foundation
from infra.function import allow
from infra.intake import Intake

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PUBLISH = ("states:CreateStateMachine", "states:UpdateStateMachine", "states:PublishStateMachineVersion")


class Control(Construct):
    """The control function on `/v1/…`, and the status function behind an EventBridge rule, which releases slots."""

    def __init__(self, scope: Construct, name: str, *, foundation: Foundation, intake: Intake) -> None:
        super().__init__(scope, name)
        self._foundation = foundation
        self._ledger = foundation.ledger.table
        self._redrives, self._dead_letters = intake.redrives, intake.dead_letters
        self.control = foundation.functions.make(
            self, "control", timeout=29, memory=1024, environment=self._environment()
        )
        self._grant()
        foundation.api.add_routes(
            path="/v1/{proxy+}",
            methods=[apigateway.HttpMethod(method) for method in METHODS],
            integration=HttpLambdaIntegration("Control", self.control),
            authorizer=HttpIamAuthorizer(),
        )
        self.status = self._status()

    def _environment(self) -> dict[str, str]:
        compute = self._foundation.compute
        return {
            "REGISTRY_TABLE": self._foundation.registry.table.table_name,
            "LEDGER_TABLE": self._ledger.table_name,
            "MACHINE_ROLE_ARN": compute.machine_role.role_arn,
            "MACHINE_ARN_PREFIX": compute.machine_arn_prefix,
            "ACTIVITY_ARN_PREFIX": compute.activity_arn_prefix,
            "NAME_PREFIX": self._foundation.settings.prefix,
            "TASKS_FUNCTION_ARN": compute.tasks.function_arn,
            "LATCH_TABLE": compute.latches.table_name,
            "ARTIFACTS_URI": f"s3://{compute.artifacts.bucket_name}",
            "WEBHOOK_URL": self._foundation.webhook_url,
            "REDRIVE_QUEUE_URL": self._redrives.queue_url,
            "DEAD_LETTERS_URL": self._dead_letters.queue_url,
            "SNAPSHOT_SECONDS": "0",
            **self._compute_environment(),
        }

    def _compute_environment(self) -> dict[str, str]:
        """The environment variables about job backends."""
        settings, backends = self._foundation.settings, self._foundation.compute.job_backends
        defaults = {"backend": settings.backends[0]}
        defaults |= {"gpu_type": settings.gpu_types[0]} if settings.gpu_types else {}
        return {
            "BACKENDS": json.dumps(settings.backends),
            "COMPUTE": json.dumps(defaults | settings.compute),
            "GPU_TYPES": json.dumps(settings.gpu_types),
            **(backends.environment() if backends is not None else {}),
        }

    def _grant(self) -> None:
        compute, table = self._foundation.compute, [self._foundation.registry.table.table_arn]
        allow(self.control, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem", on=table)
        replays = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Scan")
        allow(self.control, *replays, on=[self._ledger.table_arn])
        allow(self.control, "sqs:SendMessage", on=[self._redrives.queue_arn])
        allow(self.control, "sqs:ReceiveMessage", "sqs:DeleteMessage", on=[self._dead_letters.queue_arn])
        allow(self.control, "states:StartExecution", on=[f"{compute.machine_arn_prefix}*"])
        allow(self.control, "dynamodb:Query", on=[f"{self._ledger.table_arn}/index/by_*"])
        allow(self.control, *PUBLISH, on=[f"{compute.machine_arn_prefix}*"])
        # The emulator checks this one action without a resource.
        activities = "*" if self._foundation.settings.local else f"{compute.activity_arn_prefix}*"
        allow(self.control, "states:CreateActivity", on=[activities])
        # A task token permits answering its one task; these actions know no resource.
        allow(self.control, "states:SendTaskSuccess", "states:SendTaskFailure", on=["*"])
        executions = [f"{compute.execution_arn_prefix}*"]
        allow(self.control, "states:GetExecutionHistory", on=executions)
        allow(self.control, "states:DescribeExecution", "states:StopExecution", on=executions)
        progress_objects = compute.artifacts.arn_for_objects("executions/*/progress.json")
        allow(self.control, "s3:GetObject", on=[progress_objects])
        compute.machine_role.grant_pass_role(self.control.grant_principal)
        if compute.job_backends is not None:
            compute.job_backends.let_define_jobs(self.control)

    def _status(self) -> lambda_.Function:
        environment = {
            "LEDGER_TABLE": self._ledger.table_name,
            "REDRIVE_QUEUE_URL": self._redrives.queue_url,
            "REGISTRY_TABLE": self._foundation.registry.table.table_name,
            **self._compute_environment(),
        }
        function = self._foundation.functions.make(self, "status", timeout=30, environment=environment)
        allow(function, "dynamodb:GetItem", "dynamodb:PutItem", on=[self._ledger.table_arn])
        executions = [f"{self._foundation.compute.execution_arn_prefix}*"]
        allow(function, "states:DescribeExecution", "states:StopExecution", on=executions)
        allow(function, "sqs:SendMessage", on=[self._redrives.queue_arn])
        backends = self._foundation.compute.job_backends
        if backends is not None:
            allow(function, "dynamodb:GetItem", on=[self._foundation.registry.table.table_arn])
            backends.let_end_jobs(function)
        pattern = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"stateMachineArn": [{"prefix": self._foundation.compute.machine_arn_prefix}]},
        )
        events.Rule(self, "StatusChanges", event_pattern=pattern, targets=[targets.LambdaFunction(function)])
        return function
