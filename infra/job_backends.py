"""Where jobs run besides workers: Batch and SageMaker, by the setting `backends`, with the machines' permissions.

A stage that names neither has none of these resources.
"""

import json
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.batch import BatchQueues
from infra.encryption import disk_statements
from infra.function import allow
from infra.job_roles import object_statements, secret_statements
from infra.network import Network
from infra.sagemaker import SageMakerJobs
from infra.settings import Settings

BATCH_RULE = "StepFunctionsGetEventsForBatchJobsRule"
SAGEMAKER_RULES = tuple(f"StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in ("Processing", "Training"))
SAGEMAKER_JOBS = tuple(
    f"sagemaker:{verb}{kind}Job" for kind in ("Processing", "Training") for verb in ("Create", "Describe", "Stop")
)


class JobBackends(Construct):
    """Batch and SageMaker, and their facts for the compiler."""

    def __init__(
        self, scope: Construct, name: str, *, settings: Settings, artifacts: s3.Bucket, machine_role: iam.Role
    ) -> None:
        super().__init__(scope, name)
        self._settings, self._machine_role = settings, machine_role
        self._arn = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        self.batch: BatchQueues | None = None
        self.sagemaker: SageMakerJobs | None = None
        statements = [*object_statements(settings, artifacts), *secret_statements(settings)]
        network = Network(self, "Network", settings)
        self._allow(["s3:GetObject", "s3:PutObject"], artifacts.arn_for_objects("executions/*"))
        if "batch" in settings.backends:
            self.batch = self._make_batch(network, statements)
        if "sagemaker" in settings.backends:
            self.sagemaker = self._make_sagemaker(network, statements)

    def _make_batch(self, network: Network, statements: list[iam.PolicyStatement]) -> BatchQueues:
        self.job_role = iam.Role(self, "JobRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        for statement in statements:
            self.job_role.add_to_policy(statement)
        buckets = json.dumps(self._settings.bucket_access)
        batch = BatchQueues(
            self, "Batch", settings=self._settings, network=network, role=self.job_role, buckets=buckets
        )
        self._allow(["batch:SubmitJob"], f"{batch.queue_prefix}*", f"{batch.definition_prefix}*")
        job = f"arn:{Aws.PARTITION}:batch:{self._arn}:job/*"
        self._allow(["batch:TerminateJob", "batch:TagResource"], job)
        # These know no resource, or `.sync` needs them for any resource.
        self._allow(["batch:DescribeJobs", "batch:ListJobs"], "*")
        self._allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], self._rule(BATCH_RULE))
        return batch

    def _make_sagemaker(self, network: Network, statements: list[iam.PolicyStatement]) -> SageMakerJobs:
        statements = [*statements, *disk_statements(self._settings)]
        sagemaker = SageMakerJobs(self, "SageMaker", network=network, statements=statements)
        jobs = [f"arn:{Aws.PARTITION}:sagemaker:{self._arn}:{kind}-job/*" for kind in ("processing", "training")]
        self._allow([*SAGEMAKER_JOBS, "sagemaker:AddTags"], *jobs)
        # These know no resource, or `.sync` needs them for any resource.
        self._allow(["sagemaker:ListProcessingJobs", "sagemaker:ListTrainingJobs", "sagemaker:ListTags"], "*")
        self._allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], *map(self._rule, SAGEMAKER_RULES))
        sagemaker.role.grant_pass_role(self._machine_role.grant_principal)
        return sagemaker

    def _rule(self, name: str) -> str:
        return f"arn:{Aws.PARTITION}:events:{self._arn}:rule/{name}"

    def _allow(self, actions: list[str], *resources: str) -> None:
        self._machine_role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[*resources]))

    def let_define_jobs(self, function: lambda_.Function) -> None:
        """For users' own images: job definitions derived from the stage's, with its roles."""
        if self.batch is None:
            return
        # Describing knows no resource.
        allow(function, "batch:DescribeJobDefinitions", on=["*"])
        allow(function, "batch:RegisterJobDefinition", on=[f"{self.batch.definition_prefix}*"])
        for role in (self.job_role, self.batch.execution_role):
            role.grant_pass_role(function.grant_principal)

    def let_end_jobs(self, function: lambda_.Function) -> None:
        """For the orphaned jobs of ended executions. Listing knows no resource."""
        if self.batch is not None:
            allow(function, "batch:ListJobs", on=["*"])
            allow(function, "batch:TerminateJob", on=[f"arn:{Aws.PARTITION}:batch:{self._arn}:job/*"])
        if self.sagemaker is not None:
            allow(function, "sagemaker:ListProcessingJobs", "sagemaker:ListTrainingJobs", on=["*"])
            for kind in ("Processing", "Training"):
                jobs = f"arn:{Aws.PARTITION}:sagemaker:{self._arn}:{kind.lower()}-job/*"
                allow(function, f"sagemaker:Stop{kind}Job", on=[jobs])

    def environment(self) -> dict[str, str]:
        """The environment of the control function, as `aftertrain.aws.compute_bindings` reads it."""
        bindings: dict[str, Any] = {}
        if self.batch is not None:
            bindings["batch"] = {
                "queue_prefix": self.batch.queue_prefix,
                "definition_prefix": self.batch.definition_prefix,
                "job_definition": f"{self.batch.definition_prefix}job",
            }
        if self.sagemaker is not None:
            bindings["sagemaker"] = {
                "role": self.sagemaker.role.role_arn,
                "image": self._settings.job_image,
                "vpc": self.sagemaker.vpc,
                "network_isolation": self._settings.network_isolation,
                "buckets": self._settings.bucket_access,
                "kms_key": self._settings.kms_key,
            }
        return {"JOB_BACKENDS": Stack.of(self).to_json_string(bindings)}
