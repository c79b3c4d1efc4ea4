"""Objects in buckets, by URI.

    fetch("s3://models/final/model.safetensors", Path("work"))  ->  Path("work/model.safetensors")

A bucket is one of the machine's own AWS account, unless `AFTERTRAIN_BUCKETS` says where else it is: at Tigris, R2, or
any other store that speaks S3. Credentials are named there, by a profile of ~/.aws or by a secret in Secrets Manager,
{"access_key_id": …, "secret_access_key": …}; they never stand in a variable.

    AFTERTRAIN_BUCKETS='{"my-weights": {"endpoint": "https://t3.storage.dev", "region": "auto", "profile": "tigris"}}'

Where a service brings objects to the container, as SageMaker does, `AFTERTRAIN_MOUNTS` says which folder is which:

    AFTERTRAIN_MOUNTS='[{"uri": "s3://models/final/", "path": "/opt/ml/processing/input/model_uri"}]'

Large objects go in parallel ranges, all of the same version; a range that breaks off is asked for again. That is
boto3's transfer manager; what has arrived is held against the checksum that the bucket keeps.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import RetriesExceededError

from aftertrain.jobs.checksum import differs, part_size, parts_of
from aftertrain.jobs.contract import JobError

# The one in Python, on any machine: it alone takes an endpoint and keys of one's own as they are.
TRANSFER = TransferConfig(preferred_transfer_client="classic")


def fetch(uri: str, folder: Path) -> Path:
    """Download an object into a folder. Raises: JobError if it is not there or cannot be read."""
    bucket, key = _location(uri)
    if (mounted := _find_mounted(uri)) is not None:
        return mounted
    target = folder / Path(key).name
    try:
        client = _client(bucket)
        head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        client.download_file(bucket, key, str(target), Config=TRANSFER)
        part = _part_size(client, bucket, key, head)
    except (ClientError, BotoCoreError, RetriesExceededError) as error:
        raise JobError(f"{uri} cannot be read: {error}") from None
    if (problem := differs(target, head, part)) is not None:
        raise JobError(f"{uri} did not arrive as it is: {problem}; it may have been replaced meanwhile")
    return target


def fetch_folder(uri: str, folder: Path, *, below: bool = True) -> Path:
    """Download all that lies in a folder, by its URI with a slash at the end, and in those `below` it.

    Raises: JobError if there is nothing.
    """
    if not uri.endswith("/"):
        raise JobError(f"{uri} is no folder: write it with a slash at the end")
    if (mounted := _find_mounted(uri, folder=True)) is not None:
        return mounted
    bucket, prefix = _location(uri)
    try:
        pages = _client(bucket).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ()) if not entry["Key"].endswith("/")]
    except (ClientError, BotoCoreError) as error:
        raise JobError(f"{uri} cannot be listed: {error}") from None
    keys = [key for key in keys if below or "/" not in key.removeprefix(prefix)]
    if not keys:
        raise JobError(f"there is nothing in {uri}")
    for key in keys:
        target = (folder / key.removeprefix(prefix)).parent
        if folder.resolve() not in (target.resolve(), *target.resolve().parents):
            raise JobError(f"s3://{bucket}/{key} lies outside of its own folder")
        target.mkdir(parents=True, exist_ok=True)
        fetch(f"s3://{bucket}/{key}", target)
    return folder


def store(path: Path, uri: str) -> str:
    """Upload a file; returns its URI. Raises: JobError if it cannot be written."""
    bucket, key = _location(uri)
    if (mounted := next(_mount_paths(uri), None)) is not None:
        mounted.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, mounted)
        return uri
    try:
        _client(bucket).upload_file(str(path), bucket, key, Config=TRANSFER)
    except (ClientError, BotoCoreError, boto3.exceptions.S3UploadFailedError) as error:
        raise JobError(f"{uri} cannot be written: {error}") from None
    return uri


def sibling(uri: str, name: str) -> str:
    """The URI of another object beside this one."""
    return f"{uri.rpartition('/')[0]}/{name}"


def _part_size(client: Any, bucket: str, key: str, head: dict[str, Any]) -> int | None:
    """What a store that knows nothing of parts does not tell is not known."""
    count = parts_of(head)
    if count is None:
        return None
    try:
        first, last = (
            client.head_object(Bucket=bucket, Key=key, PartNumber=number)["ContentLength"] for number in (1, count)
        )
    except ClientError:
        return None
    return part_size(head["ContentLength"], first, last, count)


def _mount_paths(uri: str, *, whole: bool = False) -> Iterator[Path]:
    """Where an object may lie in the container: in the folders that are its own or around it, the nearest first.

    `whole`: not where an `object` was brought alone.
    """
    mounts = [mount for mount in json.loads(os.environ.get("AFTERTRAIN_MOUNTS", "[]")) if uri.startswith(mount["uri"])]
    mounts = [mount for mount in mounts if not (whole and mount.get("object"))]
    for mount in sorted(mounts, key=lambda mount: len(mount["uri"]), reverse=True):
        yield Path(mount["path"], *uri.removeprefix(mount["uri"]).split("/"))


def _find_mounted(uri: str, *, folder: bool = False) -> Path | None:
    """Where it lies. Of one folder several may have been brought, each with what one param needs of it."""
    return next((path for path in _mount_paths(uri, whole=folder) if path.exists()), None)


def _client(bucket: str) -> Any:
    """S3, or the store that the bucket is said to be in. Raises: JobError if what is said cannot be read."""
    try:
        access = json.loads(os.environ.get("AFTERTRAIN_BUCKETS", "{}")).get(bucket)
        if access is None:
            return boto3.client("s3")
        session = boto3.session.Session(
            profile_name=access.get("profile"), region_name=access.get("region"), **_secret(access.get("secret"))
        )
        return session.client("s3", endpoint_url=access["endpoint"])
    except (ClientError, BotoCoreError) as error:
        raise JobError(f"the credentials of {bucket} cannot be read: {error}") from None
    except (ValueError, KeyError, AttributeError) as error:
        raise JobError(
            f"AFTERTRAIN_BUCKETS cannot be read: {error!r}; aftertrain.jobs.storage shows its form"
        ) from None


def _secret(name: str | None) -> dict[str, str]:
    """The credentials that a secret has. Raises: JobError if it has none; what it has instead is not told."""
    if name is None:
        return {}
    text = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    try:
        content = json.loads(text)
        return {
            "aws_access_key_id": content["access_key_id"],
            "aws_secret_access_key": content["secret_access_key"],
        }
    except (ValueError, KeyError, TypeError):
        form = '{"access_key_id": …, "secret_access_key": …}'
        raise JobError(f"the secret {name} is not of the form {form}") from None


def _location(uri: str) -> tuple[str, str]:
    # Not urlsplit: `?` and `#` are letters of a key like any other.
    scheme, _, location = uri.partition("://")
    bucket, _, key = location.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise JobError(f"{uri!r} is not the URI of an object: s3://bucket/key")
    return bucket, key
