"""The emulator with tables, queues and machines, and the environment in which the functions run."""

import json
from dataclasses import dataclass, replace
from typing import Any

import boto3

from aftertrain.aws.registry import DynamoRegistry
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.control.ports import Entry
from aftertrain.local.emulator import ACCOUNT, REGION, Emulator
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Key, Order, Policies, Rate
from aftertrain.model.source import Source
from aftertrain.model.trigger import PipelineVersion, Trigger
from tests.chaos.traffic import SENDERS
from tests.tables import create_tables

LEDGER, REGISTRY, ROLE = "chaos-ledger", "chaos-registry", f"arn:aws:iam::{ACCOUNT}:role/chaos"
ACTIVITY = "chaos-default"
BY_GROUP = Key(("data.group",))
POLICIES = {
    "plain": Policies(),
    "heavy": Policies(),
    "queue": Policies(concurrency=Concurrency(3, "queue")),
    "skip": Policies(concurrency=Concurrency(2, "skip")),
    "debounce": Policies(debounce=Debounce(1.0, 5.0, BY_GROUP)),
    "sets": Policies(assemble=Assemble(120.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)")),
    "order": Policies(order=Order(BY_GROUP, "data.version")),
    "rate": Policies(rate=Rate(1000, 600.0)),
}
LIGHT = {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}


@dataclass(frozen=True)
class Stage:
    """Clients, the functions' environment, and the machine of each kind of event."""

    emulator: Emulator
    environment: dict[str, str]
    machines: dict[str, str]
    activity: str
    dead_letters: str

    def client(self, service: str) -> Any:
        """A client of the emulator."""
        return boto3.client(
            service,
            endpoint_url=self.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def build(emulator: Emulator) -> Stage:
    """Make everything that the functions need."""
    bare = Stage(emulator, {}, {}, "", "")
    create_tables(bare.client("dynamodb"), LEDGER, REGISTRY)
    sqs, sfn = bare.client("sqs"), bare.client("stepfunctions")
    dead = sqs.create_queue(QueueName="chaos-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    queue = sqs.create_queue(QueueName="chaos", Attributes={"VisibilityTimeout": "5", "RedrivePolicy": policy})
    _make_role(bare.client("iam"))
    activity = sfn.create_activity(name=ACTIVITY)["activityArn"]
    machines = {kind: _machine(kind, sfn, activity) for kind in POLICIES}
    _register(bare.client("dynamodb"), machines)
    environment = emulator.credentials() | {
        "LEDGER_TABLE": LEDGER,
        "REGISTRY_TABLE": REGISTRY,
        "REDRIVE_QUEUE_URL": queue["QueueUrl"],
        "SNAPSHOT_SECONDS": "5",
        "BUCKET_ACCESS": "{}",
        "MACHINES_WITH_SLOTS": f"{machines['queue']},{machines['skip']}",
        "POWERTOOLS_SERVICE_NAME": "chaos",
        "POWERTOOLS_METRICS_NAMESPACE": "Chaos",
        "LOG_LEVEL": "ERROR",
    }
    return Stage(emulator, environment, machines, activity, dead)


def _make_role(iam: Any) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument=json.dumps(document))
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=ROLE.rpartition("/")[2], PolicyName="all", PolicyDocument=json.dumps(everything))


def _machine(kind: str, sfn: Any, activity: str) -> str:
    definition = json.dumps(LIGHT)
    if kind == "heavy":
        bindings = replace(PLACEHOLDERS, activity_prefix=activity.removesuffix("default"))
        job = {"id": "job", "action": "job_run", "params": {"command": ["true"]}}
        definition = compile_pipeline({"steps": [job]}, bindings).asl
    made = sfn.create_state_machine(name=f"chaos-{kind}", definition=definition, roleArn=ROLE)
    return str(made["stateMachineArn"])


def _register(dynamodb: Any, machines: dict[str, str]) -> None:
    triggers = [
        Trigger(kind, f"chaos.{kind}", PipelineVersion(kind, 1, machines[kind]), policies=policies).item()
        for kind, policies in POLICIES.items()
    ]
    sources = [Source(sender, "platform", "none").item() for sender in SENDERS]
    DynamoRegistry(dynamodb, REGISTRY).commit([], Entry({"sources": sources, "triggers": triggers}, 0))
