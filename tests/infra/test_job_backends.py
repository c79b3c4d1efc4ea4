"""Batch and SageMaker: the resources, their permissions, and that none of them idles."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template
from tests.infra.job_backends import stack_with_backends
from tests.infra.test_stack import functions, resources

from aftertrain.aws.compute_bindings import compute_bindings


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Template.from_stack(stack_with_backends(tmp_path_factory.mktemp("bundle")))


def granted(template: Any, service: str) -> dict[str, set[str]]:
    """The permissions of a service's roles: action -> resources."""
    roles = [
        name
        for name, role in resources(template, "AWS::IAM::Role").items()
        if service in str(role["Properties"]["AssumeRolePolicyDocument"])
    ]
    found: dict[str, set[str]] = {}
    for policy in resources(template, "AWS::IAM::Policy").values():
        if any({"Ref": role} in policy["Properties"]["Roles"] for role in roles):
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                for action in actions:
                    found.setdefault(action, set()).add(json.dumps(statement["Resource"]))
    return found


def test_jobs_run_in_the_zones_that_are_named(heavy: Any) -> None:
    subnets = resources(heavy, "AWS::EC2::Subnet").values()

    zones = sorted(each["Properties"]["AvailabilityZone"] for each in subnets)
    assert zones == ["us-east-1b", "us-east-1d", "us-east-1f"]
    assert all(each["Properties"]["MapPublicIpOnLaunch"] for each in subnets)


def test_an_update_gives_running_jobs_days_and_new_hosts_the_newest_image(heavy: Any) -> None:
    for environment in resources(heavy, "AWS::Batch::ComputeEnvironment").values():
        properties = environment["Properties"]
        (image,) = properties["ComputeResources"]["Ec2Configuration"]
        gpu = "cpu" not in str(properties["ComputeResources"]["InstanceTypes"]) and "g6" in str(properties)

        assert properties["UpdatePolicy"] == {"JobExecutionTimeoutMinutes": 7200, "TerminateJobsOnUpdate": False}
        assert properties["ComputeResources"]["UpdateToLatestImageVersion"] is True
        assert image["ImageType"] == "ECS_AL2023_NVIDIA" if gpu else image["ImageType"].startswith("ECS_AL2023")


def test_every_kind_of_machine_has_a_queue_with_and_without_spot_capacity_first(heavy: Any) -> None:
    queues = {
        each["Properties"]["JobQueueName"]: each["Properties"]
        for each in resources(heavy, "AWS::Batch::JobQueue").values()
    }
    spot = {
        name
        for name, each in resources(heavy, "AWS::Batch::ComputeEnvironment").items()
        if each["Properties"]["ComputeResources"]["Type"] == "SPOT"
    }

    kinds = ("cpu", "l4", "h100")
    assert set(queues) == {f"aftertrain-gpu-{kind}{end}" for kind in kinds for end in ("", "-spot")}
    for name, queue in queues.items():
        order = [each["ComputeEnvironment"]["Fn::GetAtt"][0] in spot for each in queue["ComputeEnvironmentOrder"]]
        assert order == ([True, False] if name.endswith("-spot") else [False])
        assert "SchedulingPolicyArn" in queue
        assert [each["Action"] for each in queue["JobStateTimeLimitActions"]] == ["CANCEL", "CANCEL"]


def test_nothing_idles(heavy: Any) -> None:
    for each in resources(heavy, "AWS::Batch::ComputeEnvironment").values():
        assert each["Properties"]["ComputeResources"]["MinvCpus"] == 0
    assert resources(heavy, "AWS::EC2::NatGateway") == {}
    endpoints = resources(heavy, "AWS::EC2::VPCEndpoint").values()
    assert [each["Properties"]["VpcEndpointType"] for each in endpoints] == ["Gateway"]


def test_environments_take_the_newest_version_of_their_machines(heavy: Any) -> None:
    for each in resources(heavy, "AWS::Batch::ComputeEnvironment").values():
        version = each["Properties"]["ComputeResources"]["LaunchTemplate"]["Version"]
        assert version["Fn::GetAtt"][1] == "LatestVersionNumber"


def test_nobody_comes_into_the_network_of_jobs(heavy: Any) -> None:
    (group,) = resources(heavy, "AWS::EC2::SecurityGroup").values()

    assert "SecurityGroupIngress" not in group["Properties"]
    assert resources(heavy, "AWS::EC2::SecurityGroupIngress") == {}
    (template,) = resources(heavy, "AWS::EC2::LaunchTemplate").values()
    data = template["Properties"]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True


def test_machines_may_submit_to_our_queues_and_stop_what_they_started(heavy: Any) -> None:
    found = granted(heavy, "states.amazonaws.com")

    (submits,) = found["batch:SubmitJob"]
    assert ":job-queue/aftertrain-gpu-*" in submits
    assert ":job-definition/aftertrain-gpu-*" in submits
    assert {"batch:TerminateJob", "sagemaker:StopProcessingJob", "sagemaker:StopTrainingJob"} <= found.keys()
    everywhere = {action for action, on in found.items() if '"*"' in on}
    assert everywhere == {
        "batch:DescribeJobs",
        "batch:ListJobs",
        "sagemaker:ListProcessingJobs",
        "sagemaker:ListTags",
        "sagemaker:ListTrainingJobs",
        "states:SendTaskSuccess",
    }


@pytest.mark.parametrize("service", ["ecs-tasks.amazonaws.com", "sagemaker.amazonaws.com"])
def test_jobs_write_only_where_outputs_go_and_read_the_secrets_that_are_named(heavy: Any, service: str) -> None:
    found = granted(heavy, service)

    (writes,) = found["s3:PutObject"]
    assert "/executions/*" in writes
    (secrets,) = found["secretsmanager:GetSecretValue"]
    assert "tigris-keys-??????" in secrets


def test_the_control_function_is_told_what_the_compiler_needs(heavy: Any) -> None:
    told = functions(heavy)["control"]["Environment"]["Variables"]
    found = compute_bindings({name: told[name] for name in ("BACKENDS", "COMPUTE", "GPU_TYPES")})

    assert found["backends"] == ("batch", "sagemaker", "worker")
    assert (found["compute"].backend, found["compute"].gpu_type, found["compute"].spot) == ("batch", "L4", True)
    assert "queue_prefix" in json.dumps(told["JOB_BACKENDS"])


def test_a_stage_of_workers_alone_has_none_of_it(template: Any) -> None:
    for kind in ("Batch::JobQueue", "Batch::ComputeEnvironment", "EC2::VPC"):
        assert resources(template, f"AWS::{kind}") == {}
    assert "JOB_BACKENDS" not in functions(template)["control"]["Environment"]["Variables"]
