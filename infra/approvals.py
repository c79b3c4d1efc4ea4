"""Approvals: the page behind the link in a question.

The page is open to everybody with the link: its key of 256 random bits permits one answer to one question.
"""

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.foundation import Foundation
from infra.function import allow


class ApprovalPage(Construct):
    """The approve function on `/approvals/{id}`."""

    def __init__(self, scope: Construct, name: str, *, foundation: Foundation) -> None:
        super().__init__(scope, name)
        table = foundation.registry.table
        environment = {"REGISTRY_TABLE": table.table_name}
        self.approve = foundation.functions.make(self, "approve", timeout=20, environment=environment)
        allow(self.approve, "dynamodb:GetItem", "dynamodb:PutItem", on=[table.table_arn])
        # A task token permits answering its one task; these actions know no resource.
        allow(self.approve, "states:SendTaskSuccess", "states:SendTaskFailure", on=["*"])
        foundation.api.add_routes(
            path="/approvals/{approval}",
            methods=[apigateway.HttpMethod.GET, apigateway.HttpMethod.POST],
            integration=HttpLambdaIntegration("Approve", self.approve),
        )
        foundation.compute.tasks.add_environment("APPROVALS_URL", f"{foundation.api_url}/approvals")
