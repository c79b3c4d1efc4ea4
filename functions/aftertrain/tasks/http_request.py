"""Call an external HTTP API, but never an internal address.

The name is resolved once, every address is checked, and the connection uses a checked address: a name that resolves
differently a moment later leads nowhere. Redirects are returned, not followed, since they would bypass the check.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from aftertrain.actions.http_request import HttpParams
from aftertrain.errors import OperatorError
from aftertrain.model.strict_json import NotStrictJsonError, read_json
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts

MAX_BYTES = 100_000
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all addresses assigned on the public internet
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
_PORTS = {"http": 80, "https": 443}


class RequestFailedError(OperatorError):
    """The server did not answer, or not as expected."""


def run(params: HttpParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - all tasks are called alike
    """The response.

    Raises: TaskError for a URL that must not be called; RequestFailedError for no response, or a status that is not
    accepted.
    """
    url = _url(params.url)
    address = _address(url, ports.allowed_hosts)
    try:
        status, headers, raw = _exchange(url, address, params)
    except (OSError, http.client.HTTPException) as error:
        raise RequestFailedError(f"{params.method} {url.hostname}: {error}") from None
    except (UnicodeError, ValueError) as error:
        raise TaskError(f"{params.method} {url.hostname}: it cannot be sent: {error}") from None
    accepted = status in params.accept_status if params.accept_status else status < 400
    if not accepted:
        text = raw[:300].decode(errors="replace")
        raise RequestFailedError(f"{params.method} {url.hostname}: status {status}: {text}")
    return {"status_code": status, "headers": headers, "body": _body(raw, headers)}


def _url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise TaskError(f"url {text[:200]!r}: {error}") from None
    if not text.isascii():
        raise TaskError(f"url {text[:200]!r} is not encoded: put values into it with urlencode")
    if url.scheme not in _PORTS or not url.hostname:
        raise TaskError(f"url {text[:200]!r} is not an http or https address")
    if url.username is not None or any(character in text for character in "\r\n\t "):
        raise TaskError("url contains credentials or blanks: send credentials as a header, and encode values")
    if any(unquote(segment) in (".", "..") for segment in url.path.split("/")):
        raise TaskError(f"url {text[:200]!r} has . or .. in its path, which could lead to another path")
    return url


def _address(url: SplitResult, allowed: frozenset[str]) -> str:
    """The address to connect to."""
    host = url.hostname or ""
    try:
        records = socket.getaddrinfo(host, _port(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RequestFailedError(f"the name {host!r} cannot be resolved") from None
    addresses = [str(record[4][0]) for record in records]
    if host not in allowed:
        for address in addresses:
            if not _is_public(address):
                raise TaskError(f"{host!r} is {address}, which is not on the public internet: see allowed_hosts")
    return addresses[0]


def _is_public(address: str) -> bool:
    """Whether an address is public; an address with an embedded IPv4 address counts as that one."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if ip.version == 4:
        return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS
    inner = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if inner is not None:
        return _is_public(str(inner))
    return ip.is_global and ip in _UNICAST and ip.teredo is None and ip not in _DOCUMENTATION


def _port(url: SplitResult) -> int:
    try:
        return url.port or _PORTS[url.scheme]
    except ValueError:
        raise TaskError(f"url has no port {url.netloc!r}") from None


def _exchange(url: SplitResult, address: str, params: HttpParams) -> tuple[int, dict[str, str], bytes]:
    connection = _PinnedConnection(url, address, params.timeout_seconds)
    try:
        with _time_limit(connection, params.timeout_seconds):
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            headers = {"user-agent": "aftertrain", **{name.lower(): value for name, value in params.headers.items()}}
            payload, kind = _payload(params.body)
            connection.request(
                params.method, path, body=payload, headers=({"content-type": kind} if kind else {}) | headers
            )
            response = connection.getresponse()
            raw = _read(response)
        if len(raw) > MAX_BYTES:
            raise RequestFailedError(f"{params.method} {url.hostname}: the answer has more than {MAX_BYTES} bytes")
        return response.status, {name.lower(): value for name, value in response.getheaders()}, raw
    finally:
        connection.close()


@contextmanager
def _time_limit(connection: "_PinnedConnection", seconds: float) -> Iterator[None]:
    """Bound a whole exchange: the socket's own timeout restarts with every byte, of a header or a 1xx answer too.

    Raises: RequestFailedError if the time was over before the exchange.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        connection.abort()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError):
        if over.is_set():
            raise RequestFailedError(f"{connection.host}: the response was not complete in {seconds:g} s") from None
        raise
    finally:
        timer.cancel()
    if over.is_set():
        raise RequestFailedError(f"{connection.host}: the response was not complete in {seconds:g} s")


def _read(response: http.client.HTTPResponse) -> bytes:
    """The body, bounded in size."""
    raw = b""
    while len(raw) <= MAX_BYTES and (piece := response.read1(MAX_BYTES)):
        raw += piece
    return raw


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to one address, for the host that the URL names."""

    def __init__(self, url: SplitResult, address: str, timeout: float) -> None:
        super().__init__(url.hostname or "", _port(url), timeout=timeout)
        self._secure, self._peer_address = url.scheme == "https", address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._peer_address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            # The handshake comes after the assignment, so that `abort` can end it too.
            secured = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = secured
            secured.do_handshake()

    def abort(self) -> None:
        """End the exchange from another thread: what waits for the peer returns at once."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _payload(body: Any) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    if isinstance(body, str):
        return body.encode(), None
    return json.dumps(body).encode(), "application/json"


def _body(raw: bytes, headers: dict[str, str]) -> Any:
    if not raw:
        return None
    if "json" in headers.get("content-type", ""):
        try:
            return read_json(raw, "the response")
        except NotStrictJsonError as error:
            raise RequestFailedError(f"the response claims to be JSON, but {error.message}") from None
    return raw.decode(errors="replace")
