"""The permissions of jobs on every backend: read checkpoints and data, and write only below the output prefix."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from infra.encryption import bucket_key_statements, key_statements
from infra.settings import Settings

SECRET_SUFFIX = "-??????"  # noqa: S105  # the suffix that Secrets Manager appends to a name


def object_statements(settings: Settings, artifacts: s3.Bucket) -> list[iam.PolicyStatement]:
    """Reading the model buckets and the artefacts, and writing below `executions/`."""
    readable = [artifacts.bucket_arn, artifacts.arn_for_objects("*")]
    for bucket in settings.model_buckets:
        readable += [f"arn:{Aws.PARTITION}:s3:::{bucket}", f"arn:{Aws.PARTITION}:s3:::{bucket}/*"]
    writable = artifacts.arn_for_objects("executions/*")
    return [
        iam.PolicyStatement(actions=["s3:GetObject", "s3:ListBucket"], resources=readable),
        iam.PolicyStatement(actions=["s3:PutObject", "s3:AbortMultipartUpload"], resources=[writable]),
        *key_statements(settings),
        *bucket_key_statements(settings),
    ]


def secret_statements(settings: Settings) -> list[iam.PolicyStatement]:
    """Reading the credentials of buckets outside S3."""
    names = sorted({each["secret"] for each in settings.bucket_access.values()})
    prefix = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}:secret:"
    arns = [f"{prefix}{each}{SECRET_SUFFIX}" for each in names]
    return [iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=arns)] if names else []


def let_pull_images(role: iam.Role) -> None:
    """Pull the account's own images; requesting a token knows no resource."""
    repositories = f"arn:{Aws.PARTITION}:ecr:{Aws.REGION}:{Aws.ACCOUNT_ID}:repository/*"
    layers = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    role.add_to_policy(iam.PolicyStatement(actions=layers, resources=[repositories]))
    role.add_to_policy(iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]))
