"""Request -> the source that it proves to come from.

    Authorization: Bearer <secret>          a source with auth "bearer"
    Authorization: Basic base64(user:pass)  a source with auth "basic"

An unknown source, a missing header and a wrong secret take the same steps and get the same answer, so nobody can learn
from outside which sources exist.
"""

import base64
import binascii
import hmac

from aftertrain.errors import UnauthorizedError
from aftertrain.ingest.request import Request
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.source import Source, secret_hash

_NOBODY = Source(id="", kind="platform", auth="bearer", secret_hashes=(secret_hash(b""),))


def authenticate(request: Request, snapshot: Snapshot) -> Source:
    """Find the source and check the credentials, in constant time for any secret.

    Raises:
        UnauthorizedError: the credentials are missing or wrong, or there is no such source.
    """
    source = snapshot.sources.get(request.source_id, _NOBODY)
    if source.auth == "none":
        return source
    presented = secret_hash(_presented(request, source.auth))
    known = [hmac.compare_digest(presented, stored) for stored in source.secret_hashes]
    if source is _NOBODY or not any(known):
        raise UnauthorizedError("the credentials are missing or wrong", field="authorization")
    return source


def _presented(request: Request, scheme: str) -> bytes:
    given, _, credentials = request.headers.get("authorization", "").partition(" ")
    if given.lower() != scheme:
        return b""
    credentials = credentials.strip()
    if scheme == "bearer":
        return credentials.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
