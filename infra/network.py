"""The network of jobs: subnets without inbound access, and no resource that costs while no job runs.

Jobs have public addresses for outbound downloads, such as their image; there is no gateway with an hourly price. An
endpoint, which is free, serves S3.
"""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.retention import log_retention
from infra.settings import Settings


class Network(Construct):
    """A VPC with one security group that allows all outbound and no inbound traffic.

    `zones` in the settings: its availability zones; by default two, since more are unknown before the stack has an
    account.
    """

    def __init__(self, scope: Construct, name: str, settings: Settings) -> None:
        super().__init__(scope, name)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=[*settings.zones] or None,  # some GPUs exist in few zones, and a zone is free
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="jobs", subnet_type=ec2.SubnetType.PUBLIC)],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        )
        refused = logs.LogGroup(
            self, "RefusedLogs", retention=log_retention(settings), removal_policy=RemovalPolicy.DESTROY
        )
        self.vpc.add_flow_log(
            "Refused",
            traffic_type=ec2.FlowLogTrafficType.REJECT,
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(refused),
        )
        self.group = ec2.SecurityGroup(self, "Jobs", vpc=self.vpc, description="Jobs: outbound traffic only")
