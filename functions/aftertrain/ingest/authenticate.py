"""Request -> the source that sent it, proved by its credentials.

    Authorization: Bearer <secret>          a source with auth "bearer"
    Authorization: Basic base64(user:pass)  a source with auth "basic"
    X-Webhook-Secret: <secret>              a source with auth "secret"
    the sender's own signature              a source with auth "signature", see `sign`

An unknown source, a missing header and a wrong secret take the same steps and get the same answer. Nobody can learn
from outside which sources exist.
"""

import base64
import binascii
import hmac

from aftertrain.errors import UnauthorizedError
from aftertrain.ingest.request import Request
from aftertrain.ingest.sign import is_signed
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.source import Source, SourceAuth, secret_hash

_UNKNOWN_SOURCE = Source(id="", kind="platform", auth="bearer", secret_hashes=(secret_hash(b""),))


def authenticate(request: Request, snapshot: Snapshot, now: float) -> Source:
    """Find the source and check its credentials in constant time; `now` is in seconds since 1970.

    Raises:
        UnauthorizedError: the credentials are missing, wrong or too old, or the source does not exist.
    """
    source = snapshot.sources.get(request.source_id, _UNKNOWN_SOURCE)
    if not _has_valid_credentials(request, source, now):
        raise UnauthorizedError("the credentials are missing or wrong", field="authorization")
    return source


def _has_valid_credentials(request: Request, source: Source, now: float) -> bool:
    if source.auth == "none":
        return True
    if source.auth == "signature":
        return is_signed(request, source.kind, source.secrets, now)
    presented = secret_hash(_read_credentials(request, source.auth))
    matches = [hmac.compare_digest(presented, stored) for stored in source.secret_hashes]
    return any(matches) and source is not _UNKNOWN_SOURCE


def _read_credentials(request: Request, auth: SourceAuth) -> bytes:
    if auth == "secret":
        return request.headers.get("x-webhook-secret", "").encode("utf-8", "surrogateescape")
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != auth:
        return b""
    credentials = credentials.strip()
    if auth == "bearer":
        return credentials.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
