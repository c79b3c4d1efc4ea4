"""Service fleets: what the tasks function may do there, and how it learns of changes.

Resources exist only for the kinds in the setting `fleets`; the regular health check exists if the settings ask for it.
"""

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import allow
from infra.settings import Settings

ENDPOINTS = (
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateModel",
    "sagemaker:DeleteEndpoint",
    "sagemaker:DeleteEndpointConfig",
    "sagemaker:DeleteModel",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DescribeEndpointConfig",
    "sagemaker:InvokeEndpoint",
    "sagemaker:UpdateEndpoint",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
)


class Fleets(Construct):
    """The permissions and rules of the stage's kinds."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, tasks: lambda_.Function) -> None:
        super().__init__(scope, name)
        self._settings, self._tasks = settings, tasks
        if "sagemaker-endpoint" in settings.fleets:
            self._endpoints()
        if "ecs" in settings.fleets:
            self._services()
        if settings.fleets:
            # A task token permits answering its one task; the action knows no resource.
            allow(tasks, "states:SendTaskFailure", on=["*"])
        if settings.fleet_roles:
            self._pass_roles()
        if settings.cluster_check_minutes:
            self._schedule_checks()

    def _pass_roles(self) -> None:
        services = ["sagemaker.amazonaws.com", "ecs-tasks.amazonaws.com"]
        self._tasks.add_to_role_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[*self._settings.fleet_roles],
                conditions={"StringEquals": {"iam:PassedToService": services}},
            )
        )

    def _endpoints(self) -> None:
        prefix = self._settings.prefix
        kinds = ("endpoint", "endpoint-config", "model")
        allow(self._tasks, *ENDPOINTS, on=[self._arn("sagemaker", f"{kind}/{prefix}*") for kind in kinds])
        # List actions know no resource.
        allow(self._tasks, "sagemaker:ListEndpointConfigs", "sagemaker:ListModels", on=["*"])
        pattern = events.EventPattern(
            source=["aws.sagemaker"],
            detail_type=["SageMaker Endpoint State Change"],
            detail={"EndpointName": [{"prefix": prefix}]},
        )
        self._rule("EndpointChanges", pattern, {"resource": events.EventField.from_path("$.detail.EndpointName")})

    def _services(self) -> None:
        allow(self._tasks, "ecs:DescribeServices", "ecs:UpdateService", on=[self._arn("ecs", "service/*")])
        # Task definitions know no resource.
        allow(self._tasks, "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", on=["*"])
        pattern = events.EventPattern(source=["aws.ecs"], detail_type=["ECS Deployment State Change"])
        payload = {"resource": events.EventField.from_path("$.resources[0]")}
        self._rule("ServiceChanges", pattern, payload)
        # Scaling creates no deployment; a service is steady when the desired number of tasks runs.
        steady = events.EventPattern(
            source=["aws.ecs"], detail_type=["ECS Service Action"], detail={"eventName": ["SERVICE_STEADY_STATE"]}
        )
        self._rule("SteadyServices", steady, payload)

    def _schedule_checks(self) -> None:
        interval = Duration.minutes(self._settings.cluster_check_minutes)
        events.Rule(
            self,
            "Looks",
            schedule=events.Schedule.rate(interval),
            targets=[
                targets.LambdaFunction(self._tasks, event=events.RuleTargetInput.from_object({"look_at": "clusters"}))
            ],
        )

    def _rule(self, name: str, pattern: events.EventPattern, payload: dict[str, str]) -> None:
        target = targets.LambdaFunction(self._tasks, event=events.RuleTargetInput.from_object(payload))
        events.Rule(self, name, event_pattern=pattern, targets=[target])

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"
