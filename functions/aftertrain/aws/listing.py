"""A bucket -> its objects, with the credentials of the command's user."""

from collections.abc import Iterator

import botocore.session
from botocore.config import Config

from aftertrain.aws.client_errors import busy_unless_known
from aftertrain.errors import OperatorError
from aftertrain.ingest.bucket_object import BucketObject


def objects_since(
    bucket: str, prefix: str, since: float, endpoint: str | None, profile: str | None
) -> Iterator[BucketObject]:
    """The objects written since then. Raises: BusyError if the bucket cannot be listed."""
    with busy_unless_known(f"listing {bucket}"):
        session = botocore.session.Session(profile=profile)
        try:
            client = session.create_client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}))
        except ValueError as error:
            raise OperatorError(f"{endpoint}: {error}") from None
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                stored_object = BucketObject(
                    bucket, entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"].timestamp()
                )
                if stored_object.modified >= since:
                    yield stored_object
