"""The setting `kms_key` -> stored data is encrypted with that key, or else with the services' own keys.

Tables, queues and the artefacts bucket know the key themselves; roles that read or write there need its use as well.
The key's owner writes the key's own policy (docs/concepts/stages-and-security.md).
"""

from typing import Any

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import Settings

USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def of_table(scope: Construct, settings: Settings) -> dict[str, Any]:
    """The encryption arguments of a table."""
    key = _key(scope, settings)
    return {"encryption": dynamodb.TableEncryption.CUSTOMER_MANAGED, "encryption_key": key} if key else {}


def of_queue(scope: Construct, settings: Settings) -> dict[str, Any]:
    """The encryption arguments of a queue."""
    key = _key(scope, settings)
    return {"encryption": sqs.QueueEncryption.KMS, "encryption_master_key": key} if key else {}


def of_bucket(scope: Construct, settings: Settings) -> dict[str, Any]:
    """The encryption arguments of a bucket, which requests a data key now and then, not for every object."""
    key = _key(scope, settings)
    if key is None:
        return {"encryption": s3.BucketEncryption.S3_MANAGED}
    return {"encryption": s3.BucketEncryption.KMS, "encryption_key": key, "bucket_key_enabled": True}


def key_statements(settings: Settings) -> list[iam.PolicyStatement]:
    """The permissions of a role that reads and writes encrypted data."""
    return [iam.PolicyStatement(actions=[*USE], resources=[settings.kms_key])] if settings.kms_key else []


def bucket_key_statements(settings: Settings) -> list[iam.PolicyStatement]:
    """The permissions of a role that reads model buckets with keys of their own."""
    keys = [*settings.bucket_keys]
    return [iam.PolicyStatement(actions=["kms:Decrypt"], resources=keys)] if keys else []


def disk_statements(settings: Settings) -> list[iam.PolicyStatement]:
    """The permissions of a role for whose machines SageMaker creates encrypted disks."""
    if settings.kms_key is None:
        return []
    for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [iam.PolicyStatement(actions=["kms:CreateGrant"], resources=[settings.kms_key], conditions=for_services)]


def _key(scope: Construct, settings: Settings) -> kms.IKey | None:
    if settings.kms_key is None:
        return None
    existing = scope.node.try_find_child("Key")
    return existing or kms.Key.from_key_arn(scope, "Key", settings.kms_key)  # type: ignore[return-value]  # it is one
