"""Looks into the buckets of events, through S3's API, wherever the bucket is.

A bucket outside S3 has an endpoint and a secret in the setting `bucket_access`; the secret in Secrets Manager is
{"access_key_id": …, "secret_access_key": …}. Without a secret, the function's own role signs.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code
from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.model.event import Event

MAX_OBJECTS = 2000  # one more than a set may have, so a result of this size means "too many"
MAX_INDEX_BYTES = 8 * 1024 * 1024
_GONE = ("404", "NoSuchKey", "NotFound")


class S3Buckets:
    """Port `Buckets` of ingest. `clients` gives a client for a bucket."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._clients = clients

    def head(self, event: Event) -> BucketObject | None:
        location = _location(event)
        with busy_unless_known(f"looking at {event.subject}"):
            try:
                result = self._clients(location["Bucket"]).head_object(**location)
            except ClientError as error:
                if error_code(error) in _GONE:
                    return None
                raise
        modified = result["LastModified"].timestamp()
        return BucketObject(
            location["Bucket"], location["Key"], result["ETag"].strip('"'), result["ContentLength"], modified
        )

    def weight_files(self, event: Event) -> tuple[str, ...] | None:
        location = _location(event)
        with busy_unless_known(f"reading {event.subject}"):
            try:
                body = self._clients(location["Bucket"]).get_object(**location)["Body"].read(MAX_INDEX_BYTES + 1)
            except ClientError as error:
                if error_code(error) in _GONE:
                    return None
                raise
        return _files_of(body)

    def objects(self, event: Event, prefix: str) -> tuple[BucketObject, ...]:
        bucket = _location(event)["Bucket"]
        with busy_unless_known(f"listing {prefix}"):
            pages = (
                self._clients(bucket)
                .get_paginator("list_objects_v2")
                .paginate(Bucket=bucket, Prefix=prefix, Delimiter="/", PaginationConfig={"MaxItems": MAX_OBJECTS})
            )
            entries = [entry for page in pages for entry in page.get("Contents", ())]
        return tuple(
            BucketObject(
                bucket, entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"].timestamp()
            )
            for entry in entries
        )


def _location(event: Event) -> dict[str, str]:
    return {"Bucket": str(event.data.get("bucket", "")), "Key": str(event.data.get("key", event.subject))}


def _files_of(body: bytes) -> tuple[str, ...] | None:
    """The distinct names in `weight_map`; None if this is no index file."""
    try:
        names = json.loads(body)["weight_map"].values()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return tuple(sorted({str(name) for name in names}))


def client_maker(access: dict[str, dict[str, str]], make: Callable[..., Any]) -> Callable[[str], Any]:
    """A function from a bucket's name to its client, built once each; `make` creates botocore clients."""
    clients: dict[str, Any] = {}

    def client(bucket: str) -> Any:
        if bucket not in clients:
            clients[bucket] = make("s3", **_credentials(access.get(bucket), make))
        return clients[bucket]

    return client


def _credentials(access: dict[str, str] | None, make: Callable[..., Any]) -> dict[str, Any]:
    if access is None:
        return {}
    with busy_unless_known(f"reading the secret {access['secret']}"):
        text = make("secretsmanager").get_secret_value(SecretId=access["secret"])["SecretString"]
    keys = json.loads(text)
    return {
        "endpoint_url": access["endpoint"],
        "region_name": access.get("region", "auto"),
        "aws_access_key_id": keys["access_key_id"],
        "aws_secret_access_key": keys["secret_access_key"],
    }
