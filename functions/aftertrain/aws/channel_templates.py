"""The stage's message template for a channel.

    {"kind": "slack", "secret_id": "…", "template": "[{{ severity }}] {{ message }} ({{ execution }})"}

A template can read message, title, severity, priority, recipients, channel, execution and step. It is Jinja, sandboxed.
"""

from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from aftertrain.errors import OperatorError
from aftertrain.tasks.ports import Channel

# Messages are not HTML.
_JINJA = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class TemplatedChannel:
    """A channel that renders its messages with a template."""

    def __init__(self, name: str, channel: Channel, template: str) -> None:
        """Raises: OperatorError if the template cannot be parsed."""
        self.kind, self._name, self._channel = channel.kind, name, channel
        try:
            self._template = _JINJA.from_string(template)
        except TemplateError as error:
            raise OperatorError(f"the template of channel {name!r} cannot be read: {error}") from None

    def send(self, message: dict[str, Any]) -> str:
        try:
            text = self._template.render(message)
        except TemplateError as error:
            raise OperatorError(f"the template of channel {self._name!r} does not fit the message: {error}") from None
        return self._channel.send(message | {"message": text})
