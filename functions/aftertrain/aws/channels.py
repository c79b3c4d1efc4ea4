"""Notification channels, as a stage configures them.

{"default": {"kind": "log"},
"oncall":  {"kind": "sns", "topic_arn": "arn:aws:sns:…"},
"slack":   {"kind": "slack", "secret_id": "aftertrain/slack"}}   # the secret is the incoming webhook's URL
"""

from collections.abc import Callable
from typing import Any, Protocol

import urllib3

from aftertrain.aws.faults import busy_unless_known
from aftertrain.errors import BusyError, OperatorError

Log = Callable[[str, str, dict[str, Any]], None]
_LOG_LEVELS = {"info": "info", "warning": "warning", "error": "error", "critical": "error"}


class Channel(Protocol):
    """Port `Channel` of tasks."""

    kind: str

    def send(self, message: dict[str, Any]) -> str:
        """Deliver a message."""


class LogChannel:
    """Writes to the Lambda's log: for a stage where nobody is to be woken."""

    kind = "log"

    def __init__(self, log: Log) -> None:
        self._log = log

    def send(self, message: dict[str, Any]) -> str:
        details = {name: value for name, value in message.items() if name != "message"}
        self._log(_LOG_LEVELS[message["severity"]], f"notification: {message['message']}", {"notification": details})
        return f"{message['execution']}/{message['step']}"


class SnsChannel:
    """Publishes to a topic."""

    kind = "sns"

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client, self._topic = client, topic_arn

    def send(self, message: dict[str, Any]) -> str:
        title = message["title"] or f"{message['severity']}: {message['step']}"
        text = f"{message['title']}\n\n{message['message']}" if message["title"] else message["message"]
        with busy_unless_known("publishing a notification"):
            answer = self._client.publish(TopicArn=self._topic, Subject=_subject(title), Message=text)
        sent_as: str = answer["MessageId"]
        return sent_as


def _subject(title: str) -> str:
    """What SNS takes as a subject: under 100 characters of ASCII, on one line, not starting with a blank."""
    plain = " ".join(title.encode("ascii", "ignore").decode().split())
    return plain[:99].strip() or "Aftertrain"


class SlackChannel:
    """Posts to an incoming webhook; its URL is a secret and never shown.

    Format: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """

    kind = "slack"

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(retries=False)

    def send(self, message: dict[str, Any]) -> str:
        lines = [f"*{message['title']}*"] if message["title"] else []
        people = " ".join(message["recipients"])
        body = {"text": "\n".join([*lines, message["message"], *([people] if people else [])])}
        try:
            answer = self._pool.request("POST", self._url(), json=body, timeout=10.0, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise BusyError(f"Slack did not answer: {type(error).__name__}") from None
        if answer.status != 200:
            raise OperatorError(f"Slack refused the message: status {answer.status}")
        return f"{message['execution']}/{message['step']}"


def build_channels(configured: dict[str, Any], log: Log, client: Callable[[str], Any]) -> dict[str, Channel]:
    """The channels of a stage. Raises: OperatorError if one is of a kind that does not exist."""
    return {name: _channel(name, settings, log, client) for name, settings in configured.items()}


def _channel(name: str, settings: dict[str, Any], log: Log, client: Callable[[str], Any]) -> Channel:
    match settings:
        case {"kind": "log"}:
            return LogChannel(log)
        case {"kind": "sns", "topic_arn": topic_arn}:
            return SnsChannel(client("sns"), topic_arn)
        case {"kind": "slack", "secret_id": secret_id}:
            return SlackChannel(lambda: _secret(client("secretsmanager"), secret_id))
        case _:
            raise OperatorError(f"channel {name!r} is none of log, sns with topic_arn, slack with secret_id")


def _secret(client: Any, secret_id: str) -> str:
    with busy_unless_known(f"reading the secret {secret_id}"):
        text: str = client.get_secret_value(SecretId=secret_id)["SecretString"]
    return text
