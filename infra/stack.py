"""The stack: its constructs and how they connect."""

from pathlib import Path

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import Construct

from infra.alarms import Alarms
from infra.approvals import ApprovalPage
from infra.compute import ComputeServices
from infra.control import Control
from infra.foundation import Foundation
from infra.function import Functions
from infra.intake import Intake
from infra.ledger import Ledger
from infra.registry import Registry
from infra.settings import Settings


class AftertrainStack(Stack):
    """Everything of one stage."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, bundle: Path, **options: object) -> None:
        super().__init__(scope, name, **options)  # type: ignore[arg-type]  # jsii's keyword arguments are not typed
        foundation = self._foundation(settings, Functions(settings, bundle))
        intake = Intake(self, "Intake", foundation=foundation)
        control = Control(self, "Control", foundation=foundation, intake=intake)
        ApprovalPage(self, "Approvals", foundation=foundation)
        Alarms(
            self,
            "Alarms",
            settings=settings,
            api=foundation.api,
            intake=intake,
            control=control,
            activity_arn_prefix=foundation.compute.activity_arn_prefix,
        )
        self._outputs(foundation)

    def _foundation(self, settings: Settings, functions: Functions) -> Foundation:
        api = apigateway.HttpApi(self, "Api", api_name=f"{settings.prefix}api", create_default_stage=False)
        self._stage(api, settings)
        registry = Registry(self, "Registry", settings=settings)
        ledger = Ledger(self, "Ledger", settings=settings)
        compute = ComputeServices(self, "Compute", settings=settings, functions=functions, registry=registry)
        return Foundation(settings, functions, api, self._api_url(api, settings), registry, ledger, compute)

    def _outputs(self, foundation: Foundation) -> None:
        compute = foundation.compute
        CfnOutput(self, "WebhookUrl", value=foundation.webhook_url, description="POST events to WebhookUrl/SOURCE")
        CfnOutput(self, "ApiUrl", value=foundation.api_url, description="AFTERTRAIN_API_URL of the SDK and the CLI")
        CfnOutput(self, "ArtifactsBucket", value=compute.artifacts.bucket_name)
        CfnOutput(self, "ActivityArn", value=f"{compute.activity_arn_prefix}default", description="for the worker")
        CfnOutput(self, "WorkerPolicyArn", value=compute.worker_policy.managed_policy_arn)

    def _stage(self, api: apigateway.HttpApi, settings: Settings) -> None:
        apigateway.HttpStage(
            self,
            "Stage",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=settings.throttle_rate, burst_limit=settings.throttle_burst
            ),
        )

    def _api_url(self, api: apigateway.HttpApi, settings: Settings) -> str:
        """The API's address; an emulator serves every API below its one address."""
        if settings.endpoint is not None:
            return f"{settings.endpoint}/_aws/execute-api/{api.api_id}/$default"
        return f"https://{api.api_id}.execute-api.{self.region}.{self.url_suffix}"
