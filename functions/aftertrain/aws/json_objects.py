"""JSON objects in S3, by URI."""

import json
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code


class S3JsonObjects:
    """Port `JsonObjects` of fleets."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, uri: str) -> dict[str, Any] | None:
        with busy_unless_known(f"reading {uri}"):
            try:
                text = self._client.get_object(**_location(uri))["Body"].read()
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404"):
                    return None
                raise
        value: dict[str, Any] = json.loads(text)
        return value

    def write(self, uri: str, value: dict[str, Any]) -> None:
        with busy_unless_known(f"writing {uri}"):
            body = json.dumps(value).encode()
            self._client.put_object(**_location(uri), Body=body, ContentType="application/json")

    def delete(self, uri: str) -> None:
        with busy_unless_known(f"deleting {uri}"):
            self._client.delete_object(**_location(uri))


def _location(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
