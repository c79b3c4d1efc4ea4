"""Objects in buckets, by URI.

    fetch("s3://models/final/model.safetensors", Path("work"))  ->  Path("work/model.safetensors")

Large objects go in parallel ranges; that is boto3's transfer manager.
"""

from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from aftertrain.jobs.contract import JobError


def fetch(uri: str, folder: Path) -> Path:
    """Download an object into a folder. Raises: JobError if it is not there or cannot be read."""
    bucket, key = _place(uri)
    target = folder / Path(key).name
    try:
        boto3.client("s3").download_file(bucket, key, str(target))
    except (ClientError, BotoCoreError) as error:
        raise JobError(f"{uri} cannot be read: {error}") from None
    return target


def store(path: Path, uri: str) -> str:
    """Upload a file; returns its URI. Raises: JobError if it cannot be written."""
    bucket, key = _place(uri)
    try:
        boto3.client("s3").upload_file(str(path), bucket, key)
    except (ClientError, BotoCoreError, boto3.exceptions.S3UploadFailedError) as error:
        raise JobError(f"{uri} cannot be written: {error}") from None
    return uri


def sibling(uri: str, name: str) -> str:
    """The URI of another object beside this one."""
    return f"{uri.rpartition('/')[0]}/{name}"


def _place(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    if parts.scheme != "s3" or not bucket or not key:
        raise JobError(f"{uri!r} is not the URI of an object: s3://bucket/key")
    return bucket, key
