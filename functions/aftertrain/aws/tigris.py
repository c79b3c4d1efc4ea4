"""A bucket's notifications at Tigris, set through its API.

    PATCH https://t3.storage.dev/BUCKET  {"object_notifications": {"enabled": true, "web_hook": "https://…", …}}

Tigris' S3 API cannot set them; this is the request of its own SDK, signed like requests to S3.
"""

import json
from typing import Any

import botocore.session
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError

from aftertrain.errors import OperatorError

ENDPOINT = "https://t3.storage.dev"


def keys_of(profile: str | None) -> ReadOnlyCredentials:
    """The credentials that sign the requests. Raises: OperatorError if there are none."""
    try:
        credentials = botocore.session.Session(profile=profile).get_credentials()
        keys = None if credentials is None else credentials.get_frozen_credentials()
    except BotoCoreError as error:
        raise OperatorError(f"the credentials for Tigris cannot be read: {error}") from None
    if keys is None:
        raise OperatorError(
            "there are no credentials for Tigris: pass --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return keys


def set_notifications(
    bucket: str, url: str, credentials: dict[str, str], clause: str | None, keys: ReadOnlyCredentials, endpoint: str
) -> None:
    """Notify a URL of a bucket's objects; a bucket has one rule, which this one replaces.

    `credentials`: {"token": …}, or {"basic_user": …, "basic_pass": …}, or nothing.
    Raises: OperatorError if Tigris refuses.
    """
    rule: dict[str, Any] = {"enabled": True, "web_hook": url}
    rule |= ({"auth": credentials} if credentials else {}) | ({"filter": clause} if clause else {})
    body = json.dumps({"object_notifications": rule}).encode()
    target = f"{endpoint}/{bucket}"
    request = AWSRequest("PATCH", target, data=body, headers={"content-type": "application/json"})
    S3SigV4Auth(keys, "s3", "auto").add_auth(request)
    try:
        response = urllib3.request(
            "PATCH", target, body=body, headers=dict(request.headers), timeout=20.0, retries=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise OperatorError(f"{endpoint} does not answer: {error}") from None
    if not 200 <= response.status < 300:
        raise OperatorError(f"{endpoint} answers {response.status}: {response.data.decode(errors='replace')[:300]}")
