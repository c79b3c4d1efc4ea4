"""`aftertrain reconcile SOURCE`: sends events for objects that never reached a trigger.

Senders give up after some attempts. Objects in the bucket that no matched event mentions are posted to the webhook in
their sender's format, with Last-Modified as the time: however often this runs, an object is one event. The sender's own
event has another time and would be another event, so recent objects are left to the sender.
"""

import time
from typing import Any
from urllib.parse import quote_plus

import click

from aftertrain.aws.listing import objects_since
from aftertrain.cli.durations import Duration
from aftertrain.client import Client
from aftertrain.ingest.bucket_object import BucketObject

BATCH = 100
MARGIN = 3600.0  # the sender's clock may be behind, so an event may be older than its object
LONGEST = 7_776_000.0  # seconds that the ledger keeps events


@click.command()
@click.argument("source_id")
@click.option("--bucket", required=True, help="The bucket that the source notifies about.")
@click.option("--prefix", default="", help="Only objects with this prefix.")
@click.option("--since", type=Duration(), default="7d", show_default=True, help="Only objects written since then.")
@click.option(
    "--older-than",
    type=Duration(),
    default="1h",
    show_default=True,
    help="Only objects written before that. The sender may still notify about younger ones.",
)
@click.option("--endpoint", help="The bucket's endpoint, if it is not in S3: https://t3.storage.dev")
@click.option("--profile", help="The profile in ~/.aws/credentials that may list the bucket.")
@click.option("--token", envvar="AFTERTRAIN_TOKEN", help="The source's secret.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
def reconcile(
    source_id: str,
    bucket: str,
    prefix: str,
    since: float,
    older_than: float,
    endpoint: str | None,
    profile: str | None,
    token: str | None,
    dry_run: bool,
) -> None:
    """Send events for objects in a bucket that never reached a trigger, as their sender would.

    \b
    Example:
      aftertrain reconcile tigris-models --bucket my-weights --dry-run
    """
    client, begin = Client(), time.time() - since
    source = client.sources.get(source_id)
    if source.kind not in ("tigris", "s3"):
        raise click.UsageError(f"{source_id} is of kind {source.kind}: only tigris and s3 can be reconciled")
    settled = time.time() - older_than
    objects = [entry for entry in objects_since(bucket, prefix, begin, endpoint, profile) if entry.modified <= settled]
    events = client.events.all(since_seconds=min(since + MARGIN, LONGEST))
    seen = {(entry.data.get("bucket"), entry.data.get("key"), entry.data.get("etag")) for entry in events}
    missing = [item for item in objects if (item.bucket, item.key, item.etag) not in seen]
    for item in missing:
        click.echo(f"{item.modified_text}  {item.key}")
    if dry_run or not missing:
        click.echo(f"{len(missing)} objects without an event that matched a trigger")
        return
    started = 0
    for offset in range(0, len(missing), BATCH):
        batch = missing[offset : offset + BATCH]
        body = _tigris_body(batch) if source.kind == "tigris" else _s3_body(batch)
        user = source.id if source.auth == "basic" else None
        started += len(client.events.send(source.url, body, token=token, user=user)["executions"])
    click.echo(f"{len(missing)} events sent, {started} executions")


def _tigris_body(objects: list[BucketObject]) -> dict[str, Any]:
    return {
        "events": [
            {
                "eventName": "OBJECT_CREATED_PUT",
                "eventTime": item.modified_text,
                "bucket": item.bucket,
                "object": {"key": item.key, "size": item.size, "eTag": item.etag},
            }
            for item in objects
        ]
    }


def _s3_body(objects: list[BucketObject]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "eventTime": item.modified_text,
                "s3": {
                    "bucket": {"name": item.bucket},
                    "object": {"key": quote_plus(item.key), "size": item.size, "eTag": item.etag},
                },
            }
            for item in objects
        ]
    }
