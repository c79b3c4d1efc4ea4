"""JSON over HTTP to inference servers.

JsonHttp().call("POST", "http://10.0.0.7:8080/v2/repository/models/digits/load", timeout=300)  ->  {}
"""

import json
from typing import Any

import urllib3

from aftertrain.fleets.fleet import ReplicaError


class JsonHttp:
    """A connection pool. Nothing is retried: the deployment itself decides what a failure means."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(retries=False)

    def call(self, method: str, url: str, body: Any = None, *, timeout: float) -> Any:
        """Send a request and read the answer as JSON; an empty answer is {}.

        Raises:
            ReplicaError: no answer in time, a status other than 2xx, or an answer that is not JSON.
        """
        payload = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"} if payload else {}
        try:
            response = self._pool.request(method, url, body=payload, headers=headers, timeout=timeout, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise ReplicaError(f"{method} {url}: {_shorten(str(error))}") from None
        if not 200 <= response.status < 300:
            raise ReplicaError(
                f"{method} {url}: status {response.status}: {_shorten(response.data.decode(errors='replace'))}"
            )
        try:
            return json.loads(response.data) if response.data else {}
        except ValueError:
            raise ReplicaError(f"{method} {url}: the answer is not JSON") from None


def _shorten(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}..."
