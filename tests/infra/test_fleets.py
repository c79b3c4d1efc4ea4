"""Fleets that a service rolls out: the tasks function's permissions, and its news of their changes."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template
from tests.infra.job_backends import stack_with_backends
from tests.infra.test_stack import actions, resources, statements


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("bundle")
    return Template.from_stack(stack_with_backends(folder))


def statement(template: Any, action: str) -> dict[str, Any]:
    (found,) = (each for each in statements(template, "tasks") if action in each["Action"])
    return found


def test_endpoints_are_those_of_the_stage(fleets: Any) -> None:
    found = statement(fleets, "sagemaker:UpdateEndpoint")

    assert len(found["Resource"]) == 3
    assert all("/aftertrain-gpu-*" in str(resource) for resource in found["Resource"])


def test_services_are_updated_and_their_tasks_told_what_to_serve(fleets: Any) -> None:
    assert {"ecs:DescribeServices", "ecs:UpdateService"} <= actions(fleets, "tasks")
    assert statement(fleets, "ecs:RegisterTaskDefinition")["Resource"] == "*"
    assert "service/*" in str(statement(fleets, "ecs:UpdateService")["Resource"])


def test_only_the_roles_that_are_named_can_be_passed_on(fleets: Any) -> None:
    found = statement(fleets, "iam:PassRole")

    assert found["Resource"] == "arn:aws:iam::123456789012:role/models"
    assert "sagemaker.amazonaws.com" in str(found["Condition"])


def test_services_tell_the_tasks_function_of_their_changes(fleets: Any) -> None:
    rules = [each["Properties"] for each in resources(fleets, "AWS::Events::Rule").values()]
    told = {
        rule["EventPattern"]["detail-type"][0]: (rule["EventPattern"], rule["Targets"][0]["InputTransformer"])
        for rule in rules
        if "InputTransformer" in rule["Targets"][0]
    }

    pattern, sent = told["SageMaker Endpoint State Change"]
    assert pattern["detail"] == {"EndpointName": [{"prefix": "aftertrain-gpu-"}]}
    assert (sent["InputPathsMap"], sent["InputTemplate"]) == (
        {"detail-EndpointName": "$.detail.EndpointName"},
        '{"resource":<detail-EndpointName>}',
    )
    _, sent = told["ECS Deployment State Change"]
    assert list(sent["InputPathsMap"].values()) == ["$.resources[0]"]


def test_clusters_are_looked_at_by_the_clock(fleets: Any) -> None:
    rules = [each["Properties"] for each in resources(fleets, "AWS::Events::Rule").values()]
    (look,) = (rule for rule in rules if rule.get("ScheduleExpression") == "rate(5 minutes)")

    assert look["Targets"][0]["Input"] == '{"look_at":"clusters"}'


def test_a_stage_without_such_fleets_has_nothing_of_it(template: Any) -> None:
    rules = [each["Properties"] for each in resources(template, "AWS::Events::Rule").values()]

    assert not any(each.startswith(("sagemaker:", "ecs:")) for each in actions(template, "tasks"))
    assert not any("InputTransformer" in str(rule) for rule in rules)
