"""The stack of a stage in AWS, synthesised once."""

from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template
from infra.settings import Settings
from infra.stack import AftertrainStack

SETTINGS = Settings(
    stage="prod",
    channels={
        "oncall": {"kind": "sns", "topic_arn": "arn:aws:sns:us-east-1:1:oncall"},
        "slack": {"kind": "slack", "secret_id": "aftertrain/slack"},
        "team": {"kind": "email", "from": "ml@example.org"},
    },
    model_buckets=("weights",),
    tasks_subnets=("subnet-1",),
    tasks_security_groups=("sg-1",),
    account_events=("aws.s3", "aws.sagemaker"),
    bucket_access={"tigris": {"endpoint": "https://t3.storage.dev", "secret": "tigris-keys"}},
    alarm_topic="arn:aws:sns:us-east-1:123456789012:alarms",
)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The CloudFormation template of SETTINGS. Other tests check the bundle's content."""
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "x.py").write_text("")
    return Template.from_stack(AftertrainStack(App(), "Aftertrain-prod", settings=SETTINGS, bundle=bundle))
