"""What the webhook, the redriver and the sweeper need, built once per process from the environment."""

import os
import time
from functools import cache

from aftertrain.aws.clients import quick
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
        starter=StepFunctionsStarter(quick("stepfunctions")),
        redrives=SqsRedrives(quick("sqs"), os.environ["REDRIVE_QUEUE_URL"]),
        clock=time.time,
    )


@cache
def snapshot() -> CurrentSnapshot:
    """Sources and triggers, never older than the stage's setting."""
    store = DynamoSnapshots(quick("dynamodb"), os.environ["REGISTRY_TABLE"])
    return CurrentSnapshot(store, time.monotonic, float(os.environ["SNAPSHOT_SECONDS"]))
