"""The network that jobs run in: subnets that nobody can come into, and nothing in it that costs while no job runs.

Jobs have addresses of their own for what they fetch from outside, such as their image; there is no gateway that is paid
by the hour. What they read from S3 goes through an endpoint, which costs nothing.
"""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class Network(Construct):
    """A VPC with one group that lets everything out and nothing in.

    `zones`: those that it is in; without any, two, for no more are known before a stack has an account.
    """

    def __init__(self, scope: Construct, name: str, zones: tuple[str, ...]) -> None:
        super().__init__(scope, name)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=[*zones] or None,  # some GPUs are in few zones, and a zone costs nothing
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="jobs", subnet_type=ec2.SubnetType.PUBLIC)],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        )
        self.vpc.add_flow_log("Refused", traffic_type=ec2.FlowLogTrafficType.REJECT)
        self.group = ec2.SecurityGroup(self, "Jobs", vpc=self.vpc, description="Jobs: out, and nothing in")
