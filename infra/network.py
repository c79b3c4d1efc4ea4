"""The network that jobs run in: subnets that nobody can come into, and nothing in it that costs while no job runs.

Jobs have addresses of their own for what they fetch from outside, such as their image; there is no gateway that is paid
by the hour. What they read from S3 goes through an endpoint, which costs nothing.
"""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.retention import log_retention
from infra.settings import Settings


class Network(Construct):
    """A VPC with one group that lets everything out and nothing in.

    `zones` of the settings: those that it is in; without any, two, for no more are known before a stack has an account.
    """

    def __init__(self, scope: Construct, name: str, settings: Settings) -> None:
        super().__init__(scope, name)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=[*settings.zones] or None,  # some GPUs are in few zones, and a zone costs nothing
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
        self.group = ec2.SecurityGroup(self, "Jobs", vpc=self.vpc, description="Jobs: out, and nothing in")
