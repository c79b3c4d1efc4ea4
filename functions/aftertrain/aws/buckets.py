"""A look into the buckets that events speak of: S3's API, wherever the bucket is.

A bucket of another service than S3 has an endpoint and a secret in the setting `bucket_access`; the secret in Secrets
Manager is {"access_key_id": …, "secret_access_key": …}. Without one, the function's own role is asked with.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.faults import busy_unless_known, code
from aftertrain.ingest.objects import Object
from aftertrain.model.event import Event

MAX_OBJECTS = 2000  # more than a set may have: whoever gets as many knows that there are too many
MAX_INDEX_BYTES = 8 * 1024 * 1024
_GONE = ("404", "NoSuchKey", "NotFound")


class S3Buckets:
    """Port `Buckets` of ingest. `clients` gives a client for a bucket."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._clients = clients

    def head(self, event: Event) -> Object | None:
        place = _place(event)
        with busy_unless_known(f"looking at {event.subject}"):
            try:
                found = self._clients(place["Bucket"]).head_object(**place)
            except ClientError as error:
                if code(error) in _GONE:
                    return None
                raise
        modified = found["LastModified"].timestamp()
        return Object(place["Bucket"], place["Key"], found["ETag"].strip('"'), found["ContentLength"], modified)

    def weight_files(self, event: Event) -> tuple[str, ...] | None:
        place = _place(event)
        with busy_unless_known(f"reading {event.subject}"):
            try:
                body = self._clients(place["Bucket"]).get_object(**place)["Body"].read(MAX_INDEX_BYTES + 1)
            except ClientError as error:
                if code(error) in _GONE:
                    return None
                raise
        return _files_of(body)

    def objects(self, event: Event, prefix: str) -> tuple[Object, ...]:
        bucket = _place(event)["Bucket"]
        with busy_unless_known(f"listing {prefix}"):
            pages = (
                self._clients(bucket)
                .get_paginator("list_objects_v2")
                .paginate(Bucket=bucket, Prefix=prefix, Delimiter="/", PaginationConfig={"MaxItems": MAX_OBJECTS})
            )
            found = [each for page in pages for each in page.get("Contents", ())]
        return tuple(
            Object(bucket, each["Key"], each["ETag"].strip('"'), each["Size"], each["LastModified"].timestamp())
            for each in found
        )


def _place(event: Event) -> dict[str, str]:
    return {"Bucket": str(event.data.get("bucket", "")), "Key": str(event.data.get("key", event.subject))}


def _files_of(body: bytes) -> tuple[str, ...] | None:
    """The names in `weight_map`, each once; None if this is no such file."""
    try:
        names = json.loads(body)["weight_map"].values()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return tuple(sorted({str(name) for name in names}))


def client_maker(access: dict[str, dict[str, str]], make: Callable[..., Any]) -> Callable[[str], Any]:
    """A function from a bucket's name to a client for it, each built once; `make` is a maker of botocore's clients."""
    made: dict[str, Any] = {}

    def client(bucket: str) -> Any:
        if bucket not in made:
            made[bucket] = make("s3", **_credentials(access.get(bucket), make))
        return made[bucket]

    return client


def _credentials(given: dict[str, str] | None, make: Callable[..., Any]) -> dict[str, Any]:
    if given is None:
        return {}
    with busy_unless_known(f"reading the secret {given['secret']}"):
        text = make("secretsmanager").get_secret_value(SecretId=given["secret"])["SecretString"]
    keys = json.loads(text)
    return {
        "endpoint_url": given["endpoint"],
        "region_name": given.get("region", "auto"),
        "aws_access_key_id": keys["access_key_id"],
        "aws_secret_access_key": keys["secret_access_key"],
    }
