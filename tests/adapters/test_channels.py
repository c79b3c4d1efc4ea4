"""Channels that are a URL, against a server, and e-mail, against moto."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.adapters.test_others import MESSAGE

from aftertrain.aws.channels import KINDS, EmailChannel, build_channels
from aftertrain.errors import BusyError, OperatorError
from aftertrain.ingest.request import Request
from aftertrain.ingest.sign import is_signed


class Hook(BaseHTTPRequestHandler):
    """Slack's side of an incoming webhook."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((dict(self.headers), body))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def hook() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Hook)
    server.received, server.requests, server.status = [], [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def slack(aws: Any, url: str) -> Any:
    aws("secretsmanager").create_secret(Name="slack", SecretString=url)
    return build_channels({"s": {"kind": "slack", "secret_id": "slack"}}, lambda *_: None, aws)["s"]


def test_the_slack_channel_posts_to_the_url_of_its_secret(aws: Any, hook: Any) -> None:
    channel = slack(aws, f"http://127.0.0.1:{hook.server_port}/services/T/B/x")
    channel.send(MESSAGE | {"title": "Deployed"})

    assert hook.received == [{"text": "*Deployed*\nit is 🚀\n<@U1>"}]


def test_a_message_that_slack_refuses_fails_without_the_url(aws: Any, hook: Any) -> None:
    hook.status = 404
    with pytest.raises(OperatorError, match="status 404") as caught:
        slack(aws, f"http://127.0.0.1:{hook.server_port}/s3cret").send(MESSAGE)

    assert "s3cret" not in str(caught.value)


def test_a_slack_that_does_not_answer_is_busy_without_the_url(aws: Any) -> None:
    with pytest.raises(BusyError) as caught:
        slack(aws, "http://127.0.0.1:1/s3cret").send(MESSAGE)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("settings", [{"kind": "pager"}, {"kind": "sns"}, {"kind": "slack"}, {}])
def test_a_channel_that_cannot_be_built_says_what_there_is(settings: dict[str, Any]) -> None:
    with pytest.raises(OperatorError, match=f"unknown kind: use {KINDS}"):
        build_channels({"x": settings}, lambda *_: None, lambda _: None)


def channel(aws: Any, kind: str, secret: str) -> Any:
    aws("secretsmanager").create_secret(Name=kind, SecretString=secret)
    return build_channels({"x": {"kind": kind, "secret_id": kind}}, lambda *_: None, aws)["x"]


def test_teams_gets_a_card(aws: Any, hook: Any) -> None:
    hook.status = 202
    channel(aws, "teams", f"http://127.0.0.1:{hook.server_port}/x").send(MESSAGE)
    (attachment,) = hook.received[0]["attachments"]

    assert [text["text"] for text in attachment["content"]["body"]] == ["warning: notify", "it is 🚀", "<@U1>"]


def test_a_webhook_is_signed_so_that_its_receiver_can_tell(aws: Any, hook: Any) -> None:
    secret = "whsec_" + base64.b64encode(b"0" * 32).decode()
    place = {"url": f"http://127.0.0.1:{hook.server_port}/x", "secret": secret}
    channel(aws, "webhook", json.dumps(place)).send(MESSAGE)
    (headers, body) = hook.requests[0]
    request = Request("POST", {name.lower(): value for name, value in headers.items()}, body)

    assert hook.received == [MESSAGE]
    assert is_signed(request, "standard_webhooks", (secret,), time.time())
    assert headers["webhook-id"] == "t-1.notify"


@pytest.mark.parametrize("secret", ["https://x.example", "[]", '{"url": "https://x.example"}'])
def test_a_webhooks_secret_has_a_form(aws: Any, secret: str) -> None:
    with pytest.raises(OperatorError, match="the secret of a webhook channel is") as caught:
        channel(aws, "webhook", secret).send(MESSAGE)

    assert "x.example" not in str(caught.value)


def test_an_email_goes_to_the_steps_recipients_or_to_the_channels(aws: Any) -> None:
    client = aws("sesv2")
    client.create_email_identity(EmailIdentity="ml@example.org")
    settings = {"kind": "email", "from": "ml@example.org", "to": ["team@example.org"]}
    email = build_channels({"x": settings}, lambda *_: None, aws)["x"]

    assert email.send(MESSAGE | {"recipients": []})
    assert email.send(MESSAGE | {"recipients": ["one@example.org"]})


def test_an_email_to_nobody_says_so(aws: Any) -> None:
    email = build_channels({"x": {"kind": "email", "from": "ml@example.org"}}, lambda *_: None, aws)["x"]
    with pytest.raises(OperatorError, match="has no recipients"):
        email.send(MESSAGE | {"recipients": []})


def test_a_channel_writes_messages_as_its_template_says(aws: Any) -> None:
    lines: list[Any] = []
    template = "[{{ severity | upper }}] {{ message }} ({{ execution }}/{{ step }})"
    channels = build_channels({"x": {"kind": "log", "template": template}}, lambda *line: lines.append(line), aws)
    channels["x"].send(MESSAGE | {"severity": "error"})

    assert channels["x"].kind == "log"
    ((_, text, _),) = lines
    assert text == f"notification: [ERROR] {MESSAGE['message']} ({MESSAGE['execution']}/{MESSAGE['step']})"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ message", "the template of channel 'x' cannot be read"),
        ("{{ nobody }}", "does not fit the message: 'nobody'"),
    ],
)
def test_a_template_that_is_none_is_named(aws: Any, template: str, why: str) -> None:
    with pytest.raises(OperatorError, match=why):
        build_channels({"x": {"kind": "log", "template": template}}, lambda *_: None, aws)["x"].send(MESSAGE)


def test_a_template_reaches_nothing_but_the_message(aws: Any) -> None:
    template = "{{ message.__class__.__mro__ }}"
    with pytest.raises(OperatorError, match="does not fit the message"):
        build_channels({"x": {"kind": "log", "template": template}}, lambda *_: None, aws)["x"].send(MESSAGE)


def test_a_refused_e_mail_is_told_as_what_it_is() -> None:
    """SES' sandbox refuses recipients that the account has not verified; another attempt changes nothing."""

    class Sandbox:
        def send_email(self, **_: Any) -> None:
            error = {"Code": "MessageRejected", "Message": "Email address is not verified: you@example.org"}
            raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "SendEmail")

    message = {"recipients": ["you@example.org"], "title": "t", "message": "m", "severity": "info", "step": "s"}
    with pytest.raises(OperatorError, match=r"not verified: you@example\.org"):
        EmailChannel(Sandbox(), "ml@example.org", []).send(message)
