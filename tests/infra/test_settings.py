"""Settings from the CDK context: text from the command line, values from cdk.json."""

from typing import Any

import pytest
from infra.check_settings import refuse_misspelt
from infra.settings import Settings, read_settings


class Node:
    """A context."""

    def __init__(self, **context: Any) -> None:
        self.context = context

    def try_get_context(self, name: str) -> Any:
        return self.context.get(name)


def test_an_empty_context_is_the_default_stage() -> None:
    assert read_settings(Node()) == Settings()


def test_texts_become_what_they_mean() -> None:
    node = Node(
        stage="x",
        model_buckets='["a", "b"]',
        channels='{"*": {"kind": "log"}}',
        throttle_rate="7",
        log_retention_days="90",
    )
    settings = read_settings(node)

    assert (settings.model_buckets, settings.channels) == (("a", "b"), {"*": {"kind": "log"}})
    assert (settings.throttle_rate, settings.log_retention_days) == (7, 90)


def test_one_value_is_a_list_of_one() -> None:
    assert read_settings(Node(model_buckets="my-weights")).model_buckets == ("my-weights",)


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"stage": "Prod"}, "stage 'Prod'"),
        ({"stage": "a-b"}, "stage 'a-b'"),
        ({"stage": "x" * 17}, "stage"),
        ({"log_retention_days": "31"}, "one of 7, 30, 90, 365"),
        ({"tasks_subnets": '["subnet-1"]'}, "set both"),
        ({"compute": '{"gpus": 1}'}, "compute: gpus: Extra inputs"),
        ({"channels": '{"oncall": {"kind": "pager"}}'}, "'oncall' has the unknown kind 'pager'; known are log, sns"),
        ({"channels": '{"oncall": {"kind": "slack"}}'}, "'oncall' needs 'secret_id', a text"),
        ({"channels": '{"a": {"kind": "slack", "secret_id": 5}}'}, "'a' needs 'secret_id', a text"),
        ({"channels": '{"a": {"kind": ["slack"]}}'}, "'a' has the unknown kind"),
        ({"channels": '{"a": {"kind": "slack", "secret_id": "arn:aws:x"}}'}, "not its ARN"),
        ({"channels": '{"a": {"kind": "email", "from": "ML <ml@example.org>"}}'}, "needs a plain address"),
        ({"account_events": '["s3"]', "model_buckets": '["b"]'}, "use names such as aws.s3"),
        ({"account_events": '["aws.s3"]'}, "needs model_buckets"),
    ],
)
def test_what_cannot_be_deployed_is_refused(context: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_settings(Node(**context))


def test_a_stage_with_an_endpoint_is_local_and_runs_on_the_interpreter_at_hand() -> None:
    local, aws = Settings(endpoint="http://127.0.0.1:1"), Settings()

    assert (local.local, aws.local) == (True, False)
    assert (aws.python, aws.machine, aws.prefix) == ("3.13", "aarch64", "aftertrain-prod-")


@pytest.mark.parametrize(("key", "meant"), [("model_bucket", "model_buckets"), ("gpu_type", "gpu_types")])
def test_a_misspelt_setting_is_refused_with_what_it_may_mean(key: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"{key} is no setting: did you mean {meant}"):
        refuse_misspelt({key: "x"}, Settings.__dataclass_fields__)


def test_keys_of_others_are_left_to_them() -> None:
    others = ["@aws-cdk/core:newStyleStackSynthesis", "aws:cdk:enable-path-metadata", "our_tag"]
    refuse_misspelt([*Settings.__dataclass_fields__, *others], Settings.__dataclass_fields__)


@pytest.mark.parametrize("zones", ['["us-east-1a", "us-west-2a"]', '["us-east-1a", "us-east-1a"]', '["us-east-1"]'])
def test_a_zone_is_named_once(zones: str) -> None:
    with pytest.raises(ValueError, match="name each zone once"):
        read_settings(Node(zones=zones))
