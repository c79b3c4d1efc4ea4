"""The notification channels that a stage configures.

    {"default": {"kind": "log"},
     "oncall":  {"kind": "sns", "topic_arn": "arn:aws:sns:…"},
     "slack":   {"kind": "slack", "secret_id": "aftertrain/slack"},   # the secret is the incoming webhook's URL
     "team":    {"kind": "email", "from": "ml@example.org", "to": ["team@example.org"]}}

Each may have a `template` for its messages: see `channel_templates`.
"""

from collections.abc import Callable
from typing import Any

from aftertrain.aws.channel_templates import TemplatedChannel
from aftertrain.aws.client_errors import busy_unless_known, refused_or_busy
from aftertrain.aws.web_channels import SlackChannel, TeamsChannel, WebhookChannel
from aftertrain.errors import OperatorError
from aftertrain.tasks.ports import Channel

Log = Callable[[str, str, dict[str, Any]], None]
KINDS = "log, sns with topic_arn, slack, teams or webhook with secret_id, email with from"
_LOG_LEVELS = {"info": "info", "warning": "warning", "error": "error", "critical": "error"}


class LogChannel:
    """Writes to the Lambda function's log."""

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
        with refused_or_busy("publishing a notification"):
            response = self._client.publish(TopicArn=self._topic, Subject=_subject(title), Message=text)
        message_id: str = response["MessageId"]
        return message_id


def _subject(title: str) -> str:
    """A subject that SNS accepts: under 100 ASCII characters, on one line, without a leading blank."""
    plain = " ".join(title.encode("ascii", "ignore").decode().split())
    return plain[:99].strip() or "Aftertrain"


class EmailChannel:
    """Sends plain text by SES to the step's recipients, or to those of the channel.

    API: docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """

    kind = "email"

    def __init__(self, client: Any, sender: str, recipients: list[str]) -> None:
        self._client, self._sender, self._recipients = client, sender, recipients

    def send(self, message: dict[str, Any]) -> str:
        recipients = message["recipients"] or self._recipients
        if not recipients:
            raise OperatorError("the e-mail has no recipients: set `recipients` on the step, or `to` on the channel")
        title = message["title"] or f"{message['severity']}: {message['step']}"
        content = {
            "Subject": {"Data": " ".join(title.split()), "Charset": "UTF-8"},
            "Body": {"Text": {"Data": message["message"], "Charset": "UTF-8"}},
        }
        with refused_or_busy("sending an e-mail"):
            response = self._client.send_email(
                FromEmailAddress=self._sender, Destination={"ToAddresses": recipients}, Content={"Simple": content}
            )
        message_id: str = response["MessageId"]
        return message_id


def build_channels(configured: dict[str, Any], log: Log, client: Callable[[str], Any]) -> dict[str, Channel]:
    """The channels of a stage. Raises: OperatorError if a kind does not exist, or a template cannot be parsed."""
    return {
        name: _decorate(name, settings, _channel(name, settings, log, client)) for name, settings in configured.items()
    }


def _decorate(name: str, settings: dict[str, Any], channel: Channel) -> Channel:
    return TemplatedChannel(name, channel, settings["template"]) if "template" in settings else channel


def _channel(name: str, settings: dict[str, Any], log: Log, client: Callable[[str], Any]) -> Channel:
    match settings:
        case {"kind": "log"}:
            return LogChannel(log)
        case {"kind": "sns", "topic_arn": topic_arn}:
            return SnsChannel(client("sns"), topic_arn)
        case {"kind": "slack", "secret_id": secret_id}:
            return SlackChannel(lambda: _secret(client("secretsmanager"), secret_id))
        case {"kind": "teams", "secret_id": secret_id}:
            return TeamsChannel(lambda: _secret(client("secretsmanager"), secret_id))
        case {"kind": "webhook", "secret_id": secret_id}:
            return WebhookChannel(lambda: _secret(client("secretsmanager"), secret_id))
        case {"kind": "email", "from": sender}:
            return EmailChannel(client("sesv2"), sender, settings.get("to", []))
        case _:
            raise OperatorError(f"channel {name!r} has an unknown kind: use {KINDS}")


def _secret(client: Any, secret_id: str) -> str:
    with busy_unless_known(f"reading the secret {secret_id}"):
        text: str = client.get_secret_value(SecretId=secret_id)["SecretString"]
    return text
