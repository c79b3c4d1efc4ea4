"""Channels that are a URL: Slack, Teams, and any server that checks a signature.

The URL, and with it whatever is secret, comes from Secrets Manager and is never shown. A server that does not answer is
busy; one that refuses the message says so by its status.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import urllib3

from aftertrain.errors import BusyError, OperatorError
from aftertrain.ingest.signatures import sign

SECONDS = 10.0


class SlackChannel:
    """Posts to an incoming webhook; the secret is its URL.

    Format: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """

    kind = "slack"

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def send(self, message: dict[str, Any]) -> str:
        lines = [f"*{message['title']}*"] if message["title"] else []
        people = " ".join(message["recipients"])
        text = "\n".join([*lines, message["message"], *([people] if people else [])])
        return _post("Slack", self._url(), {"text": text}, message)


class TeamsChannel:
    """Posts an adaptive card to a workflow of Teams; the secret is its URL.

    Format: learn.microsoft.com/connectors/teams, "Post to a channel when a webhook request is received"
    """

    kind = "teams"

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def send(self, message: dict[str, Any]) -> str:
        title = message["title"] or f"{message['severity']}: {message['step']}"
        people = ", ".join(message["recipients"])
        texts = [
            {"type": "TextBlock", "text": title, "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": message["message"], "wrap": True},
            *([{"type": "TextBlock", "text": people, "isSubtle": True, "wrap": True}] if people else []),
        ]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": texts}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return _post("Teams", self._url(), {"type": "message", "attachments": [attachment]}, message)


class WebhookChannel:
    """Posts the message as JSON, signed as Standard Webhooks says; the secret is {"url": …, "secret": "whsec_…"}.

    The id is the same for every try of a step, so that the receiver can tell a second delivery.
    Format: github.com/standard-webhooks/standard-webhooks
    """

    kind = "webhook"

    def __init__(self, secret: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        self._secret, self._clock = secret, clock

    def send(self, message: dict[str, Any]) -> str:
        given = _read(self._secret())
        body = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        item = f".{message['item']}" if "item" in message else ""
        sent_as = f"{message['execution']}.{message['step']}{item}"
        headers = sign("standard_webhooks", given["secret"], body.encode(), sent_as, self._clock())
        return _post("the webhook", given["url"], body, message, headers)


def _read(secret: str) -> dict[str, str]:
    try:
        given: dict[str, str] = json.loads(secret)
        _ = given["url"], given["secret"]
    except (ValueError, KeyError, TypeError):
        raise OperatorError('the secret of a webhook channel is {"url": …, "secret": "whsec_…"}') from None
    return given


def _post(
    whom: str, url: str, body: dict[str, Any] | str, message: dict[str, Any], headers: dict[str, str] | None = None
) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    sent = {"content-type": "application/json", **(headers or {})}
    try:
        answer = urllib3.request(
            "POST", url, body=text.encode(), headers=sent, timeout=SECONDS, redirect=False, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise BusyError(f"{whom} did not answer: {type(error).__name__}") from None
    if answer.status == 429 or answer.status >= 500:
        raise BusyError(f"{whom} cannot take the message now: status {answer.status}")
    if not 200 <= answer.status < 300:
        raise OperatorError(f"{whom} refused the message: status {answer.status}")
    return f"{message['execution']}/{message['step']}"
