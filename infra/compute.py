"""Compute: where steps run.

The tasks function runs the short steps; jobs wait at an activity for workers. The machines' role may invoke the
function, needs no permission for the activity, and may write to the latches. A worker's permissions are a managed
policy, to be attached to the worker's own identity.
"""

import json

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.encryption import key_statements, of_bucket
from infra.fleets import Fleets
from infra.function import Functions, allow
from infra.job_backends import JobBackends
from infra.job_roles import object_statements, secret_statements
from infra.latches import Latches
from infra.registry import Registry
from infra.settings import Settings

TASK_SECONDS = 900
SYNC_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"


class ComputeServices(Construct):
    """The artefacts bucket, the tasks function, the machines' role, the workers' policy."""

    def __init__(
        self, scope: Construct, name: str, *, settings: Settings, functions: Functions, registry: Registry
    ) -> None:
        super().__init__(scope, name)
        self._settings = settings
        self.artifacts = self._bucket()
        self.tasks = functions.make(
            self,
            "tasks",
            timeout=TASK_SECONDS,
            environment={
                "REGISTRY_TABLE": registry.table.table_name,
                "CHANNELS": json.dumps(settings.channels),
                "ALLOWED_HOSTS": json.dumps(settings.allowed_hosts),
                "SNAPSHOT_SECONDS": str(settings.snapshot_seconds),
                "ENDPOINT_PREFIX": settings.prefix,
            },
        )
        self._grant_tasks(registry)
        Fleets(self, "Fleets", settings=settings, tasks=self.tasks)
        if settings.tasks_subnets:
            self._attach_to_vpc(self.tasks)
        self.machine_role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        self.tasks.grant_invoke(self.machine_role)
        self.latches = Latches(self, "Latches", settings=settings).table
        states = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        self.machine_arn_prefix = f"{states}:stateMachine:{settings.prefix}"
        self.activity_arn_prefix = f"{states}:activity:{settings.prefix}"
        self.execution_arn_prefix = f"{states}:execution:{settings.prefix}"
        self._grant_machines()
        self.worker_policy = self._worker_policy()
        self.job_backends = self._make_job_backends() if settings.runs_service_jobs else None

    def _make_job_backends(self) -> JobBackends:
        return JobBackends(
            self, "Heavy", settings=self._settings, artifacts=self.artifacts, machine_role=self.machine_role
        )

    def _bucket(self) -> s3.Bucket:
        local = self._settings.local
        return s3.Bucket(
            self,
            "Artifacts",
            **of_bucket(self, self._settings),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=not local,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
            ],
            removal_policy=RemovalPolicy.DESTROY if local else RemovalPolicy.RETAIN,
        )

    def _attach_to_vpc(self, function: lambda_.Function) -> None:
        """Put a function into the VPC, where the replicas are; by ids, since a look-up would call AWS at synthesis."""
        settings = self._settings
        vpc_config = {"SubnetIds": [*settings.tasks_subnets], "SecurityGroupIds": [*settings.tasks_security_groups]}
        function.node.default_child.add_property_override("VpcConfig", vpc_config)  # type: ignore[union-attr]  # a function has a child
        policy = "service-role/AWSLambdaVPCAccessExecutionRole"
        function.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(policy))  # type: ignore[union-attr]  # and a role

    def _grant_tasks(self, registry: Registry) -> None:
        allow(self.tasks, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on=[registry.table.table_arn])
        # Composite alarms are described only to callers who may ask for all.
        allow(self.tasks, "cloudwatch:DescribeAlarms", on=["*"])
        # A task token permits answering its one task; the action knows no resource.
        allow(self.tasks, "states:SendTaskSuccess", on=["*"])
        clusters = self.artifacts.arn_for_objects("clusters/*")
        allow(self.tasks, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=[clusters])
        # Without it, S3 answers 403 for a missing object, which looks like a missing permission.
        allow(self.tasks, "s3:ListBucket", on=[self.artifacts.bucket_arn])
        channels = self._settings.channels.values()
        topics = sorted(each["topic_arn"] for each in channels if each["kind"] == "sns")
        secrets = sorted(each["secret_id"] for each in channels if "secret_id" in each)
        senders = sorted(each["from"] for each in channels if each["kind"] == "email")
        if topics:
            allow(self.tasks, "sns:Publish", on=topics)
        if senders:
            # SES also checks the identity of a recipient that the account has verified, as its sandbox requires, and
            # the configuration set of the sender. So the condition names the senders, and the resources are open.
            ses = f"arn:{Aws.PARTITION}:ses:{Aws.REGION}:{Aws.ACCOUNT_ID}"
            condition = {"StringEquals": {"ses:FromAddress": sorted(senders)}}
            allow(self.tasks, "ses:SendEmail", on=[f"{ses}:identity/*", f"{ses}:configuration-set/*"], when=condition)
        if secrets:
            prefix = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}:secret:"
            allow(self.tasks, "secretsmanager:GetSecretValue", on=[f"{prefix}{each}-??????" for each in secrets])

    def _grant_machines(self) -> None:
        # The rule that Step Functions creates to learn of the end of what a step has started.
        rule = f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:rule/{SYNC_RULE}"
        grants = (
            (["dynamodb:UpdateItem", "dynamodb:GetItem"], self.latches.table_arn),
            # A task token permits answering its one task; the action knows no resource.
            (["states:SendTaskSuccess"], "*"),
            (["states:StartExecution"], f"{self.machine_arn_prefix}*"),
            # The last action: for redriven loops whose items are executions.
            (
                ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
                f"{self.execution_arn_prefix}*",
            ),
            (["events:PutTargets", "events:PutRule", "events:DescribeRule"], rule),
        )
        for actions, resource in grants:
            self.machine_role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        for statement in key_statements(self._settings):
            self.machine_role.add_to_policy(statement)

    def _worker_policy(self) -> iam.ManagedPolicy:
        replies = ["states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"]
        return iam.ManagedPolicy(
            self,
            "WorkerPolicy",
            description="Permissions of a machine that runs aftertrain worker or an inference replica",
            statements=[
                iam.PolicyStatement(actions=["states:GetActivityTask"], resources=[f"{self.activity_arn_prefix}*"]),
                # A task token permits answering its one task; these actions know no resource.
                iam.PolicyStatement(actions=replies, resources=["*"]),
                *object_statements(self._settings, self.artifacts),
                *secret_statements(self._settings),
            ],
        )
