"""Channels that are a URL: Slack, Teams, and any server that checks a signature.

The URL, including its secret parts, comes from Secrets Manager and is never shown. A server that does not answer is
busy; a server that refuses a message says so by its status.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import urllib3

from aftertrain.errors import BusyError, OperatorError
from aftertrain.ingest.sign import sign

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
    """Posts an adaptive card to a Teams workflow; the secret is its URL.

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
    """Posts the message as JSON, signed by Standard Webhooks; the secret is {"url": …, "secret": "whsec_…"}.

    All attempts of a step have the same id, so the receiver can detect a duplicate. Format:
    github.com/standard-webhooks/standard-webhooks
    """

    kind = "webhook"

    def __init__(self, secret: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        self._secret, self._clock = secret, clock

    def send(self, message: dict[str, Any]) -> str:
        settings = _parse_secret(self._secret())
        body = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        item = f".{message['item']}" if "item" in message else ""
        message_id = f"{message['execution']}.{message['step']}{item}"
        headers = sign("standard_webhooks", settings["secret"], body.encode(), message_id, self._clock())
        return _post("the webhook", settings["url"], body, message, headers)


def _parse_secret(secret: str) -> dict[str, str]:
    try:
        settings: dict[str, str] = json.loads(secret)
        _ = settings["url"], settings["secret"]
    except (ValueError, KeyError, TypeError):
        raise OperatorError('the secret of a webhook channel is {"url": …, "secret": "whsec_…"}') from None
    return settings


def _post(
    receiver: str, url: str, body: dict[str, Any] | str, message: dict[str, Any], headers: dict[str, str] | None = None
) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    request_headers = {"content-type": "application/json", **(headers or {})}
    try:
        response = urllib3.request(
            "POST", url, body=text.encode(), headers=request_headers, timeout=SECONDS, redirect=False, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise BusyError(f"{receiver} did not answer: {type(error).__name__}") from None
    if response.status == 429 or response.status >= 500:
        raise BusyError(f"{receiver} cannot take the message now: status {response.status}")
    if not 200 <= response.status < 300:
        raise OperatorError(f"{receiver} refused the message: status {response.status}")
    return f"{message['execution']}/{message['step']}"
