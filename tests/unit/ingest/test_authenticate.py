"""Authentication: accepted and refused requests."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ingest.samples import TOKEN, request, snapshot

from aftertrain.errors import UnauthorizedError
from aftertrain.ingest.authenticate import authenticate
from aftertrain.ingest.request import Request
from aftertrain.ingest.sign import SCHEMES, WINDOW_SECONDS, is_signed, sign
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.source import AUTHS, Source

NOW = 1_780_000_000.0
EVENTS = Path(__file__).parents[3] / "events"
SIGNED = sorted(path for kind in (*SCHEMES, "hugging_face") for path in (EVENTS / kind).glob("*.json"))
SIGNED = [path for path in SIGNED if path.parent.name != "platform"]


@pytest.mark.parametrize(
    ("source", "authorization"),
    [
        ("bucket", f"Bearer {TOKEN}"),
        ("bucket", f"bearer  {TOKEN}"),
        ("basic", "Basic " + base64.b64encode(b"basic:pass").decode()),
        ("rotating", "Bearer old"),
        ("rotating", "Bearer new"),
        ("open", None),
        ("open", "Bearer whatever"),
    ],
)
def test_the_right_credentials_get_in(source: str, authorization: str | None) -> None:
    assert authenticate(request({}, source, authorization), snapshot(), NOW).id == source


@pytest.mark.parametrize(
    ("source", "authorization"),
    [
        ("bucket", None),
        ("bucket", ""),
        ("bucket", "Bearer"),
        ("bucket", "Bearer wrong"),
        ("bucket", f"Basic {TOKEN}"),
        ("bucket", TOKEN),
        ("basic", "Basic %%%"),
        ("basic", "Basic " + base64.b64encode(b"basic:wrong").decode()),
        ("basic", "Bearer basic:pass"),
        ("nobody", None),
        ("nobody", "Bearer "),
        ("nobody", f"Bearer {TOKEN}"),
        ("", "Bearer "),
    ],
)
def test_everybody_else_gets_the_same_answer(source: str, authorization: str | None) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        authenticate(request({}, source, authorization), snapshot(), NOW)

    assert caught.value.message == "the credentials are missing or wrong"


SECRET = "c2FtcGxlLXNlY3JldC1vZi10aGUtZXZlbnRz"


def recorded(path: Path) -> tuple[Request, Snapshot]:
    """A sample request, and a source of its kind whose secret was rotated since."""
    given = json.loads(path.read_text())
    body = given["body"].encode() if isinstance(given["body"], str) else json.dumps(given["body"]).encode()
    kind = given["source"]
    source = Source("s", kind, AUTHS[kind][0]).with_secret("older").with_secret(SECRET).with_secret("newer")
    return Request("s", given["headers"], body), Snapshot(1, {"s": source}, ())


@pytest.mark.parametrize("path", SIGNED, ids=lambda path: path.stem)
def test_recorded_requests_are_proved_by_what_they_carry(path: Path) -> None:
    request, known = recorded(path)

    assert authenticate(request, known, NOW + 60).id == "s"


@pytest.mark.parametrize("path", SIGNED, ids=lambda path: path.stem)
def test_a_changed_body_or_another_secret_is_no_proof(path: Path) -> None:
    request, known = recorded(path)
    source = known.sources["s"].with_secret("newest")
    changed = [] if source.auth == "secret" else [(request._replace(body=request.body + b" "), known)]

    for given, knows in [*changed, (request, Snapshot(1, {"s": source}, ())), (request._replace(headers={}), known)]:
        with pytest.raises(UnauthorizedError):
            authenticate(given, knows, NOW)


@pytest.mark.parametrize("path", [p for p in SIGNED if p.parent.name in ("mlflow", "standard_webhooks")], ids=str)
def test_a_signature_with_a_time_is_good_for_five_minutes(path: Path) -> None:
    request, known = recorded(path)

    for late in (-WINDOW_SECONDS, WINDOW_SECONDS):
        assert authenticate(request, known, NOW + late)
        with pytest.raises(UnauthorizedError):
            authenticate(request, known, NOW + late * 1.01)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e99", "9" * 5000, "١٧٨٠٠٠٠٠٠٠", "1780000000.5"])
def test_a_time_that_is_none_is_no_proof(timestamp: str) -> None:
    headers = sign("mlflow", SECRET, b"{}", "d", NOW) | {"x-mlflow-timestamp": timestamp}

    assert not is_signed(Request("s", headers, b"{}"), "mlflow", (SECRET,), NOW)


def test_the_vectors_of_those_who_made_the_schemes() -> None:
    """The examples from the documentation of Standard Webhooks and of GitHub."""
    standard: dict[str, Any] = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,bm90IGl0 v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,other",
    }
    body, secret = b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    github = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}

    assert is_signed(Request("s", standard, body), "standard_webhooks", (secret,), 1_614_265_330)
    assert is_signed(Request("s", github, b"Hello, World!"), "github", ("It's a Secret to Everybody",), NOW)


@pytest.mark.parametrize("header", ["", "v1", "v1,", "v1,***", "v2,g0hM", "sha256=zz", "sha1=00", ",", "v1,é"])
def test_a_signature_that_cannot_be_read_is_no_proof(header: str) -> None:
    for kind, scheme in SCHEMES.items():
        headers = sign(kind, SECRET, b"{}", "d", NOW) | {scheme.signature: header}

        assert not is_signed(Request("s", headers, b"{}"), kind, (SECRET,), NOW)


def test_two_secrets_are_live_and_no_more() -> None:
    source = Source("s", "platform", "bearer").with_secret("one").with_secret("two").with_secret("three")
    known = Snapshot(1, {"s": source}, ())

    assert authenticate(request({}, "s", "Bearer two"), known, NOW)
    assert authenticate(request({}, "s", "Bearer three"), known, NOW)
    with pytest.raises(UnauthorizedError):
        authenticate(request({}, "s", "Bearer one"), known, NOW)
    finished = Snapshot(1, {"s": source.with_newest_secret_alone()}, ())
    with pytest.raises(UnauthorizedError):
        authenticate(request({}, "s", "Bearer two"), finished, NOW)
