"""Control: the API that people and tools configure the system with, behind IAM, and the status of executions.

Machines are made at run time, one per pipeline, by the control function, which may pass on the machines' role only.
"""

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.compute import Compute
from infra.function import Functions, allow
from infra.ledger import Ledger
from infra.registry import Registry
from infra.settings import Settings

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Control(Construct):
    """The control function on `/v1/…`, and the status function behind an EventBridge rule."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        functions: Functions,
        api: apigateway.HttpApi,
        webhook_url: str,
        registry: Registry,
        ledger: Ledger,
        compute: Compute,
    ) -> None:
        super().__init__(scope, name)
        self._settings = settings
        self.control = functions.make(
            self,
            "control",
            timeout=29,
            memory=1024,
            environment={
                "REGISTRY_TABLE": registry.table.table_name,
                "LEDGER_TABLE": ledger.table.table_name,
                "MACHINE_ROLE_ARN": compute.machine_role.role_arn,
                "MACHINE_ARN_PREFIX": compute.machine_arn_prefix,
                "ACTIVITY_ARN_PREFIX": compute.activity_arn_prefix,
                "NAME_PREFIX": settings.prefix,
                "TASKS_FUNCTION_ARN": compute.tasks.function_arn,
                "ARTIFACTS_URI": f"s3://{compute.artifacts.bucket_name}",
                "WEBHOOK_URL": webhook_url,
            },
        )
        self._grant(registry, ledger, compute)
        api.add_routes(
            path="/v1/{proxy+}",
            methods=[apigateway.HttpMethod(method) for method in METHODS],
            integration=HttpLambdaIntegration("Control", self.control),
            authorizer=HttpIamAuthorizer(),
        )
        self.status = functions.make(self, "status", timeout=30, environment={"LEDGER_TABLE": ledger.table.table_name})
        allow(self.status, "dynamodb:PutItem", on=[ledger.table.table_arn])
        events.Rule(
            self,
            "StatusChanges",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [{"prefix": compute.machine_arn_prefix}]},
            ),
            targets=[targets.LambdaFunction(self.status)],
        )

    def _grant(self, registry: Registry, ledger: Ledger, compute: Compute) -> None:
        table = [registry.table.table_arn]
        allow(
            self.control,
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
            on=table,
        )
        allow(self.control, "dynamodb:GetItem", on=[ledger.table.table_arn])
        allow(self.control, "dynamodb:Query", on=[f"{ledger.table.table_arn}/index/by_*"])
        publish = ("CreateStateMachine", "UpdateStateMachine", "PublishStateMachineVersion")
        machines = [f"{compute.machine_arn_prefix}*"]
        allow(self.control, *(f"states:{action}" for action in publish), on=machines)
        # The emulator asks for this one action without a resource.
        activities = "*" if self._settings.local else f"{compute.activity_arn_prefix}*"
        allow(self.control, "states:CreateActivity", on=[activities])
        allow(self.control, "states:GetExecutionHistory", on=[f"{compute.execution_arn_prefix}*"])
        compute.machine_role.grant_pass_role(self.control.grant_principal)
