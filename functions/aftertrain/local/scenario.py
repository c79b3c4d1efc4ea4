"""The whole path on this machine, piece by piece: the demo shows it and the end-to-end test checks it.

with Processes(folder) as processes:
    local = bring_up(processes)          # emulator, stack, worker, fleet
    checkpoint = land_checkpoint(local)  # train, upload
    source = register(local)             # source, cluster, pipeline, trigger
    delivery = deliver(checkpoint.request, source.url, source.secret)
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import numpy as np
import urllib3

from aftertrain.cli.toolchain import ROOT
from aftertrain.client import Client
from aftertrain.client.models import EventSource
from aftertrain.client.transport import SignedTransport
from aftertrain.errors import OperatorError
from aftertrain.jobs.checkpoint import read_tensors
from aftertrain.local.account import Account
from aftertrain.local.emulator import REGION, Emulator, start_emulator
from aftertrain.local.inference_servers import start_fleet
from aftertrain.local.object_notification import notification
from aftertrain.local.processes import Processes
from aftertrain.local.stage import MODEL_BUCKET, Stage, deploy_stage
from aftertrain.local.training import Checkpoint, train

SOURCE = "tigris-models"
CLUSTER = "local-fleet"
DEPLOYMENT = "digits"
PIPELINE = "eval-convert-deploy"
WHERE = 'WHERE `key` REGEXP "^final/" AND `Event-Type` = "OBJECT_CREATED_PUT"'
WEIGHTS_KEY = "final/model.safetensors"
OTHER_KEY = "checkpoints/step-100.safetensors"
HOLDOUT_KEY = "datasets/digits-holdout.safetensors"


@dataclass(frozen=True, slots=True)
class LocalStage:
    """A running local stage."""

    processes: Processes
    emulator: Emulator
    stage: Stage
    account: Account
    client: Client
    fleet: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class LandedCheckpoint:
    """A checkpoint in the bucket, and the bucket's notifications about it and about another object."""

    checkpoint: Checkpoint
    request: dict[str, Any]
    other_request: dict[str, Any]


def bring_up(processes: Processes, say: Callable[[str], None]) -> LocalStage:
    """Start everything; `say` reports each wait. Raises: OperatorError."""
    say("starting ministack, which checks IAM policies")
    emulator = start_emulator(processes)
    account = Account(emulator)
    say("deploying the stack with cdk deploy")
    stage = deploy_stage(emulator, processes)
    say("starting a worker and two MLServer replicas")
    environment = _inherited_environment() | account.worker_environment(stage.worker_policy_arn)
    worker = [str(Path(sys.executable).parent / "aftertrain"), "worker", "--activity", stage.activity_arn]
    processes.start("worker", worker, environment)
    fleet = start_fleet(processes, environment, f"s3://{stage.artifacts_bucket}/clusters/{CLUSTER}")
    return LocalStage(processes, emulator, stage, account, local_client(emulator, stage), fleet)


def local_client(emulator: Emulator, stage: Stage) -> Client:
    """A client with the emulator's root credentials."""
    session = botocore.session.Session()
    variables = emulator.credentials()
    session.set_credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
    session.set_config_variable("region", REGION)
    return Client(transport=SignedTransport(stage.api_url, session))


def land_checkpoint(local: LocalStage) -> LandedCheckpoint:
    """Train, and upload weights, config and held-out data to the models' bucket."""
    checkpoint = train(local.processes.folder / "training")
    files = {
        HOLDOUT_KEY: checkpoint.holdout,
        "final/config.json": checkpoint.config,
        OTHER_KEY: checkpoint.weights,
        WEIGHTS_KEY: checkpoint.weights,
    }
    facts = local.account.upload(MODEL_BUCKET, files)
    return LandedCheckpoint(
        checkpoint,
        notification(ROOT, MODEL_BUCKET, WEIGHTS_KEY, facts[WEIGHTS_KEY]),
        notification(ROOT, MODEL_BUCKET, OTHER_KEY, facts[OTHER_KEY]),
    )


def register(local: LocalStage) -> EventSource:
    """Register the source, the cluster, the pipeline and its trigger; returns the source with its secret."""
    client = local.client
    source = client.sources.create(SOURCE, kind="tigris", auth="bearer")
    client.clusters.register(CLUSTER, replicas=local.fleet)
    definition = (ROOT / "pipelines" / f"{PIPELINE}.yaml").read_text()
    client.pipelines.create(id=PIPELINE, definition=definition)
    client.event_triggers.create(
        pipeline_id=PIPELINE,
        event_type="object.created",
        where=WHERE,
        params={
            "dataset_uri": f"s3://{MODEL_BUCKET}/{HOLDOUT_KEY}",
            "cluster_id": CLUSTER,
            "deployment_name": DEPLOYMENT,
        },
    )
    return source


def predict(replica_url: str, holdout: Path, example: int) -> tuple[int, int, str]:
    """Ask a replica which digit a held-out image shows: its answer, the label, and the answering version."""
    data = read_tensors(holdout)
    image, label = data["inputs"][example], int(data["labels"][example])
    tensor = {"name": "input", "shape": [1, image.size], "datatype": "FP32", "data": image.tolist()}
    url = f"{replica_url}/v2/models/{DEPLOYMENT}/infer"
    response = urllib3.request("POST", url, json={"inputs": [tensor]}, timeout=10.0, retries=False)
    if response.status != 200:
        raise OperatorError(f"{url} answered {response.status}: {response.data.decode(errors='replace')}")
    body = response.json()
    return int(np.argmax(body["outputs"][0]["data"])), label, str(body["model_version"])


def _inherited_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
