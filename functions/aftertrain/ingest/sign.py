"""Request + secrets -> whether its sender signed it.

    standard_webhooks  webhook-signature: v1,<base64>      over  <webhook-id>.<webhook-timestamp>.<body>
    mlflow             x-mlflow-signature: v1,<base64>     over  <x-mlflow-delivery-id>.<x-mlflow-timestamp>.<body>
    github             x-hub-signature-256: sha256=<hex>   over  <body>
    wandb              x-wandb-signature: <base64>         over  <body>

All are HMAC-SHA256 over the raw bytes. A signed time must lie within five minutes of ours. Without a signed time, a
replayed request is the same event and starts nothing. A header may carry several signatures while a sender rotates.
Formats: standardwebhooks.com, mlflow.org/docs/latest/ml/webhooks, docs.github.com/webhooks, docs.wandb.ai/automations.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import NamedTuple

from aftertrain.ingest.request import Request
from aftertrain.model.source import SourceKind

WINDOW_SECONDS = 300.0


class Scheme(NamedTuple):
    """Where the signature stands, what precedes the body in the signed bytes, and how the secret becomes the key."""

    signature: str
    read: Callable[[str], list[bytes]]
    write: Callable[[bytes], str]
    prefix: tuple[str, ...] = ()
    timestamp: str | None = None
    key: Callable[[str], bytes] = str.encode


def is_signed(request: Request, kind: SourceKind, secrets: tuple[str, ...], now: float) -> bool:
    """Whether one of the secrets made one of the signatures, within the allowed time."""
    scheme = SCHEMES[kind]
    if scheme.timestamp is not None and not _is_recent(request.headers.get(scheme.timestamp, ""), now):
        return False
    parts = [request.headers.get(name, "").encode("utf-8", "surrogateescape") for name in scheme.prefix]
    content = b".".join([*parts, request.body])
    presented = scheme.read(request.headers.get(scheme.signature, ""))
    expected = [hmac.digest(scheme.key(secret), content, "sha256") for secret in secrets]
    return any(hmac.compare_digest(computed, received) for computed in expected for received in presented)


def sign(kind: SourceKind, secret: str, body: bytes, delivery_id: str, now: float) -> dict[str, str]:
    """The headers with which a sender of this kind proves a body, as `is_signed` reads them."""
    scheme = SCHEMES[kind]
    headers = dict.fromkeys(scheme.prefix, delivery_id)
    if scheme.timestamp is not None:
        headers[scheme.timestamp] = str(int(now))
    content = b".".join([*(headers[name].encode() for name in scheme.prefix), body])
    return {**headers, scheme.signature: scheme.write(hmac.digest(scheme.key(secret), content, "sha256"))}


def _is_recent(timestamp: str, now: float) -> bool:
    return timestamp.isascii() and timestamp.isdigit() and abs(float(timestamp[:20]) - now) <= WINDOW_SECONDS


def _read_versioned(header: str) -> list[bytes]:
    """The `v1` signatures of `v1,<base64> v1,<base64>`; other versions mean other algorithms."""
    entries = [entry.partition(",") for entry in header.split(" ")]
    return [digest for version, _, text in entries if version == "v1" for digest in _decode_base64(text)]


def _decode_base64(text: str) -> list[bytes]:
    try:
        return [base64.b64decode(text, validate=True)]
    except (binascii.Error, ValueError):
        return []


def _encode_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _decode_hex(header: str) -> list[bytes]:
    algorithm, _, text = header.partition("=")
    try:
        return [bytes.fromhex(text)] if algorithm == "sha256" else []
    except ValueError:
        return []


def _decode_whsec(secret: str) -> bytes:
    """The bytes behind `whsec_<base64>`; any other text is the key itself."""
    decoded = _decode_base64(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else []
    return decoded[0] if decoded else secret.encode()


def _write_v1(digest: bytes) -> str:
    return f"v1,{_encode_base64(digest)}"


def _write_sha256(digest: bytes) -> str:
    return f"sha256={digest.hex()}"


_ID, _TIME = "webhook-id", "webhook-timestamp"
_MLFLOW_ID, _MLFLOW_TIME = "x-mlflow-delivery-id", "x-mlflow-timestamp"
_STANDARD = Scheme("webhook-signature", _read_versioned, _write_v1, (_ID, _TIME), _TIME, key=_decode_whsec)
SCHEMES: dict[SourceKind, Scheme] = {
    "platform": _STANDARD,
    "standard_webhooks": _STANDARD,
    "mlflow": Scheme("x-mlflow-signature", _read_versioned, _write_v1, (_MLFLOW_ID, _MLFLOW_TIME), _MLFLOW_TIME),
    "github": Scheme("x-hub-signature-256", _decode_hex, _write_sha256),
    "wandb": Scheme("x-wandb-signature", _decode_base64, _encode_base64),
}
