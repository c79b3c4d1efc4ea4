"""What the webhook, the redriver and the sweeper need, built once per process from the environment."""

import json
import os
import time
from functools import cache, partial

from aftertrain.aws.buckets import S3Buckets, client_maker
from aftertrain.aws.clients import bucket_client, fast_client
from aftertrain.aws.ledger import DynamoLedger
from aftertrain.aws.policy_states import DynamoPolicyStates
from aftertrain.aws.redrives import SqsRedrives
from aftertrain.aws.snapshots import DynamoSnapshots
from aftertrain.aws.starter import StepFunctionsStarter
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.snapshot import CurrentSnapshot


@cache
def ports() -> IngestPorts:
    """The ledger, the starter and the queue."""
    return IngestPorts(
        ledger=DynamoLedger(fast_client("dynamodb"), os.environ["LEDGER_TABLE"]),
        policy_states=DynamoPolicyStates(fast_client("dynamodb"), os.environ["LEDGER_TABLE"], time.time),
        starter=StepFunctionsStarter(fast_client("stepfunctions")),
        redrives=SqsRedrives(partial(fast_client, "sqs"), os.environ["REDRIVE_QUEUE_URL"]),
        clock=time.time,
    )


@cache
def slow_ports() -> IngestPorts:
    """The same for who has the time to look into buckets."""
    access = json.loads(os.environ["BUCKET_ACCESS"])
    buckets = S3Buckets(client_maker(access, bucket_client))
    current = snapshot().get
    return ports()._replace(buckets=buckets, current=lambda name: current().trigger(name), snapshot=current)


@cache
def snapshot() -> CurrentSnapshot:
    """Sources and triggers, never older than the stage's setting."""
    store = DynamoSnapshots(fast_client("dynamodb"), os.environ["REGISTRY_TABLE"])
    return CurrentSnapshot(store, time.monotonic, float(os.environ["SNAPSHOT_SECONDS"]))
