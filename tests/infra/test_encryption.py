"""A stage with its own key: data is encrypted with it, and everybody who reads or writes the data may use it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template
from infra.encryption import USE
from infra.settings import Settings
from infra.stack import AftertrainStack
from tests.infra.job_backends import WITH_BACKENDS
from tests.infra.test_stack import resources

KEY = "arn:aws:kms:us-east-1:123456789012:key/0f3c1b2a-1111-2222-3333-444455556666"


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "x.py").write_text("")
    settings = replace(WITH_BACKENDS, kms_key=KEY, account_events=("aws.batch",))
    return Template.from_stack(AftertrainStack(App(), "Aftertrain-gpu", settings=settings, bundle=bundle))


def properties(template: Any, kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources(template, kind).values()]


def using(template: Any, *actions: str) -> set[str]:
    """The roles that may use the key for this action."""
    found: set[str] = set()
    for policy in properties(template, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Resource"] == KEY and set(actions) <= {*_listed(statement["Action"])}:
                found |= {role["Ref"] for role in policy["Roles"]}
    return found


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_everything_that_is_kept_is_encrypted_with_the_key(encrypted: Any) -> None:
    tables = properties(encrypted, "AWS::DynamoDB::Table")
    assert [each["SSESpecification"]["KMSMasterKeyId"] for each in tables] == [KEY] * 3
    queues = properties(encrypted, "AWS::SQS::Queue")
    assert [each["KmsMasterKeyId"] for each in queues] == [KEY] * 4
    (bucket,) = properties(encrypted, "AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY


def test_who_reads_and_writes_may_use_the_key(encrypted: Any) -> None:
    roles = resources(encrypted, "AWS::IAM::Role")
    users = using(encrypted, *USE)
    services = ("lambda", "states", "sagemaker")
    wanted = {
        name
        for name, role in roles.items()
        if any(f"{each}.amazonaws.com" in json.dumps(role["Properties"]) for each in services)
    }

    assert wanted
    assert wanted <= users
    assert any("JobRole" in name for name in users)
    (worker,) = properties(encrypted, "AWS::IAM::ManagedPolicy")
    assert any(each["Resource"] == KEY for each in worker["PolicyDocument"]["Statement"])


def test_who_reads_the_model_buckets_may_use_their_keys(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("")
    stack = AftertrainStack(
        App(), "Aftertrain-gpu", settings=replace(WITH_BACKENDS, bucket_keys=(KEY,)), bundle=tmp_path
    )
    users = using(Template.from_stack(stack), "kms:Decrypt")

    assert len(users) == 3  # of Batch's jobs, SageMaker's, and the redrive function
    assert all(any(part in each for each in users) for part in ("JobRole", "SageMakerRole", "RedriveRole"))


def test_only_sagemaker_makes_disks(encrypted: Any) -> None:
    (role,) = using(encrypted, "kms:CreateGrant")
    assert "SageMaker" in role


def test_jobs_on_sagemaker_are_told(encrypted: Any) -> None:
    (places,) = {
        json.dumps(each["Environment"]["Variables"]["JOB_BACKENDS"])
        for each in properties(encrypted, "AWS::Lambda::Function")
        if "JOB_BACKENDS" in each["Environment"]["Variables"]
    }
    assert KEY in places


@pytest.mark.parametrize("key", ["alias/mine", "arn:aws:kms:us-east-1:123456789012:alias/mine", "arn:aws:s3:::b"])
def test_a_key_is_named_by_its_arn(key: str) -> None:
    with pytest.raises(ValueError, match="kms_key"):
        Settings(kms_key=key)
