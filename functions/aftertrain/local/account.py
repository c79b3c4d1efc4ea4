"""What a user owns in the account besides the stack: a bucket for models, and an identity for workers and replicas."""

from pathlib import Path
from typing import Any

import boto3

from aftertrain.local.emulator import Emulator


class Account:
    """The emulator's account, as its root."""

    def __init__(self, emulator: Emulator) -> None:
        variables = emulator.credentials()
        self._session = boto3.session.Session(
            variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name=variables["AWS_REGION"]
        )
        self._endpoint = emulator.endpoint
        self._emulator = emulator

    def client(self, service: str) -> Any:
        """A client of a service."""
        return self._session.client(service, endpoint_url=self._endpoint)

    def worker_environment(self, policy_arn: str) -> dict[str, str]:
        """The environment of a machine with the stack's worker policy and no other permissions."""
        iam = self.client("iam")
        iam.create_user(UserName="gpu-box")
        iam.attach_user_policy(UserName="gpu-box", PolicyArn=policy_arn)
        key = iam.create_access_key(UserName="gpu-box")["AccessKey"]
        return self._emulator.credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def upload(self, bucket: str, files: dict[str, Path]) -> dict[str, dict[str, Any]]:
        """Upload files to a bucket, created if necessary; returns the size and the ETag of each key."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=bucket)
        facts = {}
        for key, path in files.items():
            etag = s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())["ETag"].strip('"')
            facts[key] = {"size": path.stat().st_size, "eTag": etag}
        return facts
