"""The network of jobs: subnets without inbound access, and no resource that costs while no job runs.

    zones: ["us-east-1a", "us-east-1c"]  ->  10.0.0.0/20 in us-east-1a, 10.0.32.0/20 in us-east-1c

Each zone has a range of its own, so a change of `zones` adds and removes subnets and moves none: CloudFormation makes
the new subnet before it deletes the old one, and two ranges must not overlap. Jobs have public addresses for outbound
downloads, such as their image; there is no gateway with an hourly price. An endpoint, which is free, serves S3.
"""

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.retention import log_retention
from infra.settings import Settings

ANY = 2  # zones without a setting; more are unknown before the stack has an account
LETTERS = "abcdefghijklmn"  # the zones that have a range; the two ranges after them belong to unnamed zones


class Network(Construct):
    """A VPC with a subnet per zone, and one security group that allows all outbound and no inbound traffic."""

    def __init__(self, scope: Construct, name: str, settings: Settings) -> None:
        super().__init__(scope, name)
        addresses = ec2.IpAddresses.cidr("10.0.0.0/16")
        self.vpc = ec2.Vpc(self, "Jobs-Vpc", ip_addresses=addresses, subnet_configuration=[], nat_gateways=0)
        gateway = ec2.CfnInternetGateway(self, "Internet")
        attached = ec2.CfnVPCGatewayAttachment(
            self, "Attachment", vpc_id=self.vpc.vpc_id, internet_gateway_id=gateway.ref
        )
        self.subnets: list[ec2.ISubnet] = []
        for label, zone, number in _zones(settings):
            subnet = ec2.PublicSubnet(
                self,
                f"Subnet-{label}",
                vpc_id=self.vpc.vpc_id,
                availability_zone=zone,
                cidr_block=f"10.0.{16 * number}.0/20",
                map_public_ip_on_launch=True,
            )
            subnet.add_default_internet_route(gateway.ref, attached)
            self.subnets.append(subnet)
        self.selection = ec2.SubnetSelection(subnets=self.subnets)
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[self.selection])
        self._log_refused(settings)
        self.group = ec2.SecurityGroup(self, "Jobs", vpc=self.vpc, description="Jobs: outbound traffic only")

    def _log_refused(self, settings: Settings) -> None:
        refused = logs.LogGroup(
            self, "RefusedLogs", retention=log_retention(settings), removal_policy=RemovalPolicy.DESTROY
        )
        self.vpc.add_flow_log(
            "Refused",
            traffic_type=ec2.FlowLogTrafficType.REJECT,
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(refused),
        )


def _zones(settings: Settings) -> list[tuple[str, str, int]]:
    """A label, the zone and the number of its range, for each zone."""
    if settings.zones:  # some GPUs exist in few zones, and a zone is free
        return [(zone[-1], zone, LETTERS.index(zone[-1])) for zone in settings.zones]
    any_zones = [Fn.select(number, Fn.get_azs()) for number in range(ANY)]
    return [(f"any-{number}", zone, len(LETTERS) + number) for number, zone in enumerate(any_zones)]
