"""AWS Batch for jobs: a queue for each kind of machine, with and without spot capacity first.

    gpu_types: ["L4"]  ->  queues cpu, cpu-spot, l4, l4-spot, each with environments of no machine until a job waits

Every environment scales down to zero. A queue `…-spot` tries spot capacity first and on-demand capacity second. Kinds
of job share a queue fairly.
"""

from aws_cdk import Aws, Duration, RemovalPolicy, Size
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from aftertrain.model.instances import FAMILIES
from infra.job_roles import let_pull_images
from infra.network import Network
from infra.retention import log_retention
from infra.settings import Settings

# A job that fits no machine of its queue, or wants more processors than an environment may have, would wait
# until its execution ends, and block all jobs behind it.
_NEVER_FITS = [
    batch.JobStateTimeLimitAction(max_time=Duration.minutes(10), reason=reason)
    for reason in (
        batch.JobStateTimeLimitActionsReason.JOB_RESOURCE_REQUIREMENT,
        batch.JobStateTimeLimitActionsReason.COMPUTE_ENVIRONMENT_MAX_RESOURCE,
    )
]


# How long running jobs may go on when an update replaces the machines; five days are the most that Batch allows.
UPDATE_TIMEOUT = Duration.hours(120)


def _image(kind: str) -> batch.EcsMachineImageType:
    """AWS' own image for machines of a kind; without it, the service decides, and has changed its mind before."""
    return batch.EcsMachineImageType.ECS_AL2023 if kind == "cpu" else batch.EcsMachineImageType.ECS_AL2023_NVIDIA


class BatchQueues(Construct):
    """Environments, queues, and the job definition of the stage's image."""

    def __init__(
        self, scope: Construct, name: str, *, settings: Settings, network: Network, role: iam.Role, buckets: str
    ) -> None:
        super().__init__(scope, name)
        self._settings, self._network = settings, network
        self._template = self._launch_template()
        self._instance_role = self._instances()
        self._fairness = batch.FairshareSchedulingPolicy(self, "Fairness")
        arn = f"arn:{Aws.PARTITION}:batch:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        self.queue_prefix = f"{arn}:job-queue/{settings.prefix}"
        self.definition_prefix = f"{arn}:job-definition/{settings.prefix}"
        for kind in ("cpu", *(gpu_type.lower() for gpu_type in settings.gpu_types)):
            self._queues(kind)
        self.execution_role = iam.Role(
            self, "ExecutionRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")
        )
        self.definition = self._definition(role, buckets)

    def _queues(self, kind: str) -> None:
        on_demand, spot = (self._environment(kind, spot=each) for each in (False, True))
        orders = {kind: [on_demand], f"{kind}-spot": [spot, on_demand]}
        for name, environments in orders.items():
            batch.JobQueue(
                self,
                f"Queue-{name}",
                job_queue_name=f"{self._settings.prefix}{name}",
                scheduling_policy=self._fairness,
                job_state_time_limit_actions=_NEVER_FITS,
                compute_environments=[
                    batch.OrderedComputeEnvironment(compute_environment=each, order=order)
                    for order, each in enumerate(environments, 1)
                ],
            )

    def _environment(self, kind: str, *, spot: bool) -> batch.ManagedEc2EcsComputeEnvironment:
        families = [family for family, gpu in FAMILIES.items() if (gpu or "cpu").lower() == kind]
        environment = batch.ManagedEc2EcsComputeEnvironment(
            self,
            f"{kind}-{'spot' if spot else 'on-demand'}",
            vpc=self._network.vpc,
            vpc_subnets=self._network.selection,
            security_groups=[self._network.group],
            instance_classes=[ec2.InstanceClass[instance_class.upper()] for instance_class in families],
            use_optimal_instance_classes=False,
            instance_role=self._instance_role,
            launch_template=self._template,
            minv_cpus=0,
            maxv_cpus=self._settings.max_vcpus,
            spot=spot,
            images=[batch.EcsMachineImage(image_type=_image(kind))],
            update_to_latest_image_version=True,
            update_timeout=UPDATE_TIMEOUT,
            terminate_on_update=False,
        )
        # By its number: otherwise an environment keeps the template's first version.
        version = self._template.latest_version_number
        environment.node.default_child.add_property_override("ComputeResources.LaunchTemplate.Version", version)  # type: ignore[union-attr]  # an environment has a child
        return environment

    def _launch_template(self) -> ec2.LaunchTemplate:
        disk = ec2.BlockDeviceVolume.ebs(
            self._settings.job_disk_gib, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3
        )
        return ec2.LaunchTemplate(
            self,
            "Machines",
            require_imdsv2=True,
            block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=disk)],
        )

    def _instances(self) -> iam.Role:
        policy = "service-role/AmazonEC2ContainerServiceforEC2Role"
        return iam.Role(
            self,
            "InstanceRole",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(policy)],
        )

    def _definition(self, role: iam.Role, buckets: str) -> batch.EcsJobDefinition:
        retention = log_retention(self._settings)
        group = logs.LogGroup(self, "Logs", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        group.grant_write(self.execution_role)
        let_pull_images(self.execution_role)
        container = batch.EcsEc2ContainerDefinition(
            self,
            "Container",
            image=ecs.ContainerImage.from_registry(self._settings.job_image),
            cpu=1,
            memory=Size.gibibytes(2),
            job_role=role,
            execution_role=self.execution_role,
            environment={"AFTERTRAIN_BUCKETS": buckets, "AWS_DEFAULT_REGION": Aws.REGION},
            logging=ecs.LogDriver.aws_logs(stream_prefix="job", log_group=group),
        )
        return batch.EcsJobDefinition(
            self,
            "Job",
            job_definition_name=f"{self._settings.prefix}job",
            container=container,
            propagate_tags=True,
            scheduling_priority=0,
        )
