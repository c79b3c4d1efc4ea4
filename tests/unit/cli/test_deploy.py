"""What a deploy takes away is shown before it is taken."""

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from aftertrain.cli import deploy as deploy_module
from aftertrain.cli.deploy_losses import losses

DIFF = """Stack Aftertrain-prod
IAM Statement Changes
┌───┬──────────────────────┬────────┬──────────────┬───────────────────────────┬───────────┐
│   │ Resource             │ Effect │ Action       │ Principal                 │ Condition │
├───┼──────────────────────┼────────┼──────────────┼───────────────────────────┼───────────┤
│ - │ arn:aws:s3:::weights │ Allow  │ s3:GetObject │ AWS:${Compute/Tasks/Role} │           │
│ - │ arn:aws:s3:::kept    │ Allow  │ s3:GetObject │ AWS:${Compute/Tasks/Role} │           │
├───┼──────────────────────┼────────┼──────────────┼───────────────────────────┼───────────┤
│ + │ arn:aws:s3:::kept    │ Allow  │ s3:GetObject │ AWS:${Compute/Tasks/Role} │           │
└───┴──────────────────────┴────────┴──────────────┴───────────────────────────┴───────────┘
Resources
[-] AWS::Batch::JobQueue Compute/Batch/Queue-l4 ComputeBatchQueuel4ABC destroy
[-] AWS::DynamoDB::Table Ledger/Table LedgerTableABC orphan
[~] AWS::EC2::Subnet Compute/Network/Subnet-a ComputeNetworkSubnetaABC replace
 └─ [~] AvailabilityZone (requires replacement)
[~] AWS::Lambda::Function Intake/Webhook IntakeWebhookABC
[+] AWS::SNS::Topic Alarms/Topic AlarmsTopicABC
"""
TAKEN = [
    "destroys AWS::Batch::JobQueue Compute/Batch/Queue-l4",
    "gives up AWS::DynamoDB::Table Ledger/Table",
    "replaces AWS::EC2::Subnet Compute/Network/Subnet-a",
    "ends the permission arn:aws:s3:::weights │ Allow │ s3:GetObject │ AWS:${Compute/Tasks/Role} │",
]


class Cdk:
    """Remembers the commands; `cdk diff` prints this text."""

    def __init__(self, diff: str, code: int = 0) -> None:
        self.diff, self.code, self.ran = diff, code, list[str]()

    def run(self, command: list[str], **_: Any) -> Any:
        self.ran.append(command[1])
        return SimpleNamespace(returncode=self.code, stdout="", stderr=self.diff)


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").write_text("{}")
    monkeypatch.chdir(tmp_path)


def invoke(cdk: Cdk, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(deploy_module, "subprocess", cdk)
    monkeypatch.setattr(deploy_module, "cdk_environment", dict)
    return CliRunner().invoke(deploy_module.deploy, arguments)


def test_what_a_diff_takes_away_is_found() -> None:
    assert losses(DIFF) == TAKEN


@pytest.mark.usefixtures("folder")
def test_a_deploy_that_takes_something_away_stops_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cdk = Cdk(DIFF)
    ran = invoke(cdk, monkeypatch, "-c", "stage=prod")

    assert (ran.exit_code, cdk.ran) == (1, ["diff"])
    assert "This deploy destroys AWS::Batch::JobQueue Compute/Batch/Queue-l4." in ran.output
    assert "add --yes to deploy all the same" in ran.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("diff", "arguments"), [(DIFF, ["--yes"]), ("There were no differences\n", [])])
def test_a_deploy_that_takes_nothing_away_or_may_goes_on(
    diff: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cdk = Cdk(diff)

    assert invoke(cdk, monkeypatch, *arguments).exit_code == 0
    assert cdk.ran[-1] == "deploy"


@pytest.mark.usefixtures("folder")
def test_a_diff_that_fails_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = invoke(Cdk("no credentials", code=1), monkeypatch)

    assert (ran.exit_code, "no credentials" in ran.output) == (1, True)
