"""Objects in buckets, by URI.

    fetch("s3://models/final/model.safetensors", Path("work"))  ->  Path("work/model.safetensors")

A bucket belongs to the machine's AWS account, unless `AFTERTRAIN_BUCKETS` names another store: Tigris, R2, or any that
speaks S3. A profile of ~/.aws or a secret in Secrets Manager holds the credentials, {"access_key_id": …,
"secret_access_key": …}; they never stand in a variable.

    AFTERTRAIN_BUCKETS='{"my-weights": {"endpoint": "https://t3.storage.dev", "region": "auto", "profile": "tigris"}}'

If a service such as SageMaker downloads objects for the container, `AFTERTRAIN_MOUNTS` maps URIs to folders:

    AFTERTRAIN_MOUNTS='[{"uri": "s3://models/final/", "path": "/opt/ml/processing/input/model_uri"}]'

boto3's transfer manager downloads large objects in parallel ranges of one version and retries broken ranges. The result
is compared with the checksum that the bucket keeps.
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
from aftertrain.jobs.object_paths import file_name, path_below

# boto3's Python implementation on every machine: only it accepts custom endpoints and keys unchanged.
TRANSFER = TransferConfig(preferred_transfer_client="classic")


def fetch(uri: str, folder: Path) -> Path:
    """Download an object into a folder. Raises: JobError if it does not exist or cannot be read."""
    bucket, key = _location(uri)
    if (mounted := _find_mounted(uri)) is not None:
        return mounted
    target = folder / file_name(key)
    try:
        client = _client(bucket)
        head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        client.download_file(bucket, key, str(target), Config=TRANSFER)
        part = _part_size(client, bucket, key, head)
    except (ClientError, BotoCoreError, RetriesExceededError, OSError) as error:
        raise JobError(f"{uri} cannot be read: {error}") from None
    if (problem := differs(target, head, part)) is not None:
        raise JobError(f"{uri} was not downloaded correctly: {problem}; it may have been replaced meanwhile")
    return target


def fetch_folder(uri: str, folder: Path, *, below: bool = True) -> Path:
    """Download a folder's objects, by its URI with a trailing slash; with `below`, subfolders too.

    Raises: JobError if there are none.
    """
    if not uri.endswith("/"):
        raise JobError(f"{uri} is not a folder: add a trailing slash")
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
        target = path_below(folder, key.removeprefix(prefix)).parent
        _make_folder(target, key)
        fetch(f"s3://{bucket}/{key}", target)
    return folder


def store(path: Path, uri: str) -> str:
    """Upload a file; returns its URI. Raises: JobError if it cannot be written."""
    bucket, key = _location(uri)
    if (mounted := next(_mount_paths(uri), None)) is not None:
        _make_folder(mounted.parent, key)
        _copy(path, mounted, uri)
        return uri
    try:
        _client(bucket).upload_file(str(path), bucket, key, Config=TRANSFER)
    except (ClientError, BotoCoreError, boto3.exceptions.S3UploadFailedError, OSError) as error:
        raise JobError(f"{uri} cannot be written: {error}") from None
    return uri


def _make_folder(folder: Path, key: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # an object has the name of another one's folder
        raise JobError(f"{key!r} cannot be written to disk: {error}") from None


def _copy(path: Path, target: Path, uri: str) -> None:
    if target.exists() and not target.is_file():
        raise JobError(f"{uri} cannot be written: something that is no file has its name")
    try:
        shutil.copyfile(path, target)
    except OSError as error:
        raise JobError(f"{uri} cannot be written: {error}") from None


def sibling(uri: str, name: str) -> str:
    """The URI of another object in the same folder."""
    return f"{uri.rpartition('/')[0]}/{name}"


def _part_size(client: Any, bucket: str, key: str, head: dict[str, Any]) -> int | None:
    """The part size by the store's answer; None if the store does not report parts."""
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
    """Where an object may be in the container: in mounts of its own or enclosing folders, the nearest first.

    `whole`: skip mounts of a single object.
    """
    mounts = [mount for mount in json.loads(os.environ.get("AFTERTRAIN_MOUNTS", "[]")) if uri.startswith(mount["uri"])]
    mounts = [mount for mount in mounts if not (whole and mount.get("object"))]
    for mount in sorted(mounts, key=lambda mount: len(mount["uri"]), reverse=True):
        below = uri.removeprefix(mount["uri"]).rstrip("/")
        yield path_below(Path(mount["path"]), below) if below else Path(mount["path"])


def _find_mounted(uri: str, *, folder: bool = False) -> Path | None:
    """Where an object is mounted; a folder may have several mounts, one per param."""
    found = next((path for path in _mount_paths(uri, whole=folder) if path.exists()), None)
    if found is not None and not (found.is_dir() if folder else found.is_file()):
        raise JobError(f"{uri} cannot be read: it is no {'folder' if folder else 'file'} in its mount")
    return found


def _client(bucket: str) -> Any:
    """The S3 client for a bucket. Raises: JobError if AFTERTRAIN_BUCKETS is malformed."""
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
            f"AFTERTRAIN_BUCKETS cannot be read: {error!r}; the docstring of aftertrain.jobs.storage shows its form"
        ) from None


def _secret(name: str | None) -> dict[str, str]:
    """The credentials in a secret. Raises: JobError if it has none; the message never shows its content."""
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
        raise JobError(f"the secret {name} must have the form {form}") from None


def _location(uri: str) -> tuple[str, str]:
    # Not urlsplit: `?` and `#` are ordinary characters of a key.
    scheme, _, location = uri.partition("://")
    bucket, _, key = location.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise JobError(f"{uri!r} is not the URI of an object: s3://bucket/key")
    return bucket, key
