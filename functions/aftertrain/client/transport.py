"""Requests to the API, signed with the caller's AWS credentials.

SignedTransport("https://abc.execute-api.eu-west-1.amazonaws.com").call("GET", "/v1/pipelines")  ->  [{…}, …]
"""

import json
import os
import re
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import botocore.session
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from aftertrain.client.errors import ApiError, NoCredentialsError, api_error

_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com")
TIMEOUT = urllib3.Timeout(connect=5.0, read=35.0)


class Transport(Protocol):
    """One call of the API."""

    def call(self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        """The answer's JSON value. Raises: ApiError."""


class SignedTransport:
    """HTTPS with Signature Version 4, as the API's IAM authorizer requires."""

    def __init__(self, api_url: str, session: botocore.session.Session | None = None) -> None:
        self._base = api_url.rstrip("/")
        self._session = session or botocore.session.get_session()
        self._pool = urllib3.PoolManager(retries=False)

    def call(self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        parameters = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self._base}{quote(path)}" + (f"?{urlencode(parameters, quote_via=quote)}" if parameters else "")
        payload = None if body is None else json.dumps(body).encode()
        request = AWSRequest(method, url, data=payload, headers={"content-type": "application/json"})
        SigV4Auth(self._credentials(), "execute-api", self._region()).add_auth(request)
        try:
            response = self._pool.request(
                method, url, body=payload, headers=dict(request.headers), timeout=TIMEOUT, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, {"detail": f"{self._base} does not answer: {error}"}) from None
        return _read(response)

    def _credentials(self) -> Any:
        try:
            credentials = self._session.get_credentials()
            frozen = None if credentials is None else credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise NoCredentialsError(0, {"detail": f"the AWS credentials cannot be read: {error}"}) from None
        if frozen is None:
            detail = "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise NoCredentialsError(0, {"detail": detail})
        return frozen

    def _region(self) -> str:
        match = _REGION.search(self._base)
        region: str | None = match[1] if match else os.environ.get("AWS_REGION") or self._configured_region()
        if region is None:
            raise NoCredentialsError(0, {"detail": "there is no AWS region: set AWS_REGION"})
        return region

    def _configured_region(self) -> str | None:
        try:
            region: str | None = self._session.get_config_variable("region")
        except BotoCoreError as error:  # the profile does not exist
            raise NoCredentialsError(0, {"detail": f"the AWS settings cannot be read: {error}"}) from None
        return region


def _read(response: urllib3.BaseHTTPResponse) -> Any:
    try:
        value = json.loads(response.data) if response.data else {}
    except ValueError:
        value = {"detail": response.data.decode(errors="replace")[:500]}
    if 200 <= response.status < 300:
        return value
    raise api_error(response.status, value if isinstance(value, dict) else {})
