"""The progress that jobs report, in the artefacts bucket."""

import json
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code

MAX_BYTES = 16_384
# S3 answers 403 for a missing object if the caller may not list the bucket.
_MISSING_CODES = ("NoSuchKey", "404", "403", "AccessDenied")


class S3Progress:
    """Port `progress` of control."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, uri: str) -> dict[str, Any] | None:
        bucket, _, key = f"{uri}/progress.json".removeprefix("s3://").partition("/")
        with busy_unless_known("reading a job's progress"):
            try:
                text = self._client.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_BYTES)
            except ClientError as error:
                if error_code(error) in _MISSING_CODES:
                    return None
                raise
        try:
            progress = json.loads(text)
        except ValueError:
            return None
        return progress if isinstance(progress, dict) else None
