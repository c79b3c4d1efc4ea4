"""What the webhook, the redriver and the sweeper need, built once per process from the environment."""

import json
import os
import time
from functools import cache, partial

from aftertrain.aws.buckets import S3Buckets, client_maker
from aftertrain.aws.clients import bucket_client, quick
from aftertrain.aws.gates import DynamoGates
from aftertrain.aws.ledger import DynamoLedger
from aftertrain.aws.redrives import SqsRedrives
from aftertrain.aws.snapshots import DynamoSnapshots
from aftertrain.aws.starter import StepFunctionsStarter
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.snapshot import CurrentSnapshot


@cache
def ports() -> Ports:
    """The ledger, the starter and the queue."""
    return Ports(
        ledger=DynamoLedger(quick("dynamodb"), os.environ["LEDGER_TABLE"]),
        gates=DynamoGates(quick("dynamodb"), os.environ["LEDGER_TABLE"], time.time),
        starter=StepFunctionsStarter(quick("stepfunctions")),
        redrives=SqsRedrives(partial(quick, "sqs"), os.environ["REDRIVE_QUEUE_URL"]),
        clock=time.time,
    )


@cache
def patient_ports() -> Ports:
    """The same for who has the time to look into buckets."""
    access = json.loads(os.environ["BUCKET_ACCESS"])
    looks = S3Buckets(client_maker(access, bucket_client))
    return ports()._replace(buckets=looks, current=lambda name: snapshot().get().trigger(name))


@cache
def snapshot() -> CurrentSnapshot:
    """Sources and triggers, never older than the stage's setting."""
    store = DynamoSnapshots(quick("dynamodb"), os.environ["REGISTRY_TABLE"])
    return CurrentSnapshot(store, time.monotonic, float(os.environ["SNAPSHOT_SECONDS"]))
