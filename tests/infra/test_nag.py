"""cdk-nag's rules for a good solution on AWS. The whole production stack has no finding without a written reason."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks
from tests.infra.job_backends import stack_with_backends

# What the rules find, and why it is as it is.
REASONS = {
    "APIG1": "requests are logged by the functions, with what became of each; a second log would be paid for twice",
    "APIG4": "senders of webhooks and people with signed links have no IAM; the functions check signature and token",
    "DDB3": "of the latches nothing is worth anything once an execution is over",
    "IAM4": "the policy that AWS keeps for hosts of ECS, which Batch asks for",
    "IAM5": "names are given at run time, below the stage's prefix; see EVERYWHERE for what knows no resource",
    "L1": "the runtime is the one that the bundle is built and tested for",
    "S1": "who reads and writes are our own roles; CloudTrail's data events say more than access logs would",
}
# Roles that have a statement on every resource, because its actions know none; test_stack and test_heavy list these.
EVERYWHERE = {
    "Compute/MachineRole",
    "Compute/TasksRole",
    "Compute/WorkerPolicy",
    "Compute/Heavy/Batch/ExecutionRole",
    "Compute/Heavy/SageMaker/Role",
    "Control/ControlRole",
    "Control/StatusRole",
    "Approvals/ApproveRole",
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The constructs that break each rule."""
    app = stack_with_backends(tmp_path_factory.mktemp("bundle")).node.root
    assert isinstance(app, App)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with contextlib.suppress(RuntimeError):  # findings fail the synthesis; the report has them all
        app.synth()
    report: Any = json.loads(Path(app.outdir, "validation-report.json").read_text())
    (found,) = (each for each in report["pluginReports"] if each["pluginName"] == "AwsSolutions")
    return {
        each["ruleName"]: [place["constructPath"] for place in each["violatingConstructs"]]
        for each in found["violations"]
    }


def rule(name: str) -> str:
    """`IAM5` from `AwsSolutions-IAM5[Resource::*]`."""
    return name.removeprefix("AwsSolutions-").partition("[")[0]


def test_there_is_no_finding_without_a_reason(findings: dict[str, list[str]]) -> None:
    assert {name: where for name, where in findings.items() if rule(name) not in REASONS} == {}


def test_no_reason_outlives_its_finding(findings: dict[str, list[str]]) -> None:
    assert set(REASONS) == {rule(name) for name in findings}


def test_permissions_on_everything_are_where_actions_know_no_resource(findings: dict[str, list[str]]) -> None:
    places = findings["AwsSolutions-IAM5[Resource::*]"]
    found = {
        each.removeprefix("Aftertrain-gpu/").removesuffix("/Resource").removesuffix("/DefaultPolicy") for each in places
    }

    assert found == EVERYWHERE
