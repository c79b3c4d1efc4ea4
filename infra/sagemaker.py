"""The role and the network of jobs on SageMaker."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.job_roles import let_pull_images
from infra.network import Network

# None of the network's actions knows a resource that exists before the job does.
NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


class SageMakerJobs(Construct):
    """The role of jobs on SageMaker, and their `VpcConfig`."""

    def __init__(self, scope: Construct, name: str, *, network: Network, statements: list[iam.PolicyStatement]) -> None:
        super().__init__(scope, name)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        groups = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/sagemaker/*"
        for statement in (
            *statements,
            iam.PolicyStatement(actions=[*LOGS], resources=[groups]),
            iam.PolicyStatement(actions=[*NETWORK], resources=["*"]),
        ):
            self.role.add_to_policy(statement)
        let_pull_images(self.role)
        self.vpc = {
            "Subnets": [subnet.subnet_id for subnet in network.subnets],
            "SecurityGroupIds": [network.group.security_group_id],
        }
