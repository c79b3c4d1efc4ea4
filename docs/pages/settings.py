"""The stage's settings -> their reference: default, meaning, cost, and what a change does."""

import json
from dataclasses import MISSING, fields
from typing import Any

from docs.pages.markdown import code, table
from infra.settings import Settings

from aftertrain.model.attribute_docs import attribute_docs

INTRO = """# Settings

Settings are in `cdk.json` under `context`. The command line overrides one: `aftertrain deploy -c NAME=VALUE`. Lists
and objects are JSON.
"""
CHANNELS = """
## Notification channels

| channel | the secret in Secrets Manager |
| --- | --- |
| `{"kind": "log"}` | none |
| `{"kind": "sns", "topic_arn": "…"}` | none |
| `{"kind": "email", "from": "ml@example.org", "to": ["team@example.org"]}` | none; SES must know the sender |
| `{"kind": "slack", "secret_id": "…"}` | the URL of an incoming webhook |
| `{"kind": "teams", "secret_id": "…"}` | the URL of a workflow that posts to a channel |
| `{"kind": "webhook", "secret_id": "…"}` | `{"url": …, "secret": "whsec_…"}`, signed by Standard Webhooks |

A channel may have a `template` for its messages, such as `"[{{ severity }}] {{ message }} ({{ execution }})"`. It can
read `message`, `title`, `severity`, `priority`, `recipients`, `channel`, `execution` and `step`.
"""


def page() -> str:
    """The whole page."""
    texts = attribute_docs(Settings)
    rows = [(code(field.name), _default(field), *_columns(texts[field.name])) for field in fields(Settings)]
    header = ("setting", "default", "meaning", "what it costs", "what a change does")
    return "\n".join([INTRO, *table(header, rows), CHANNELS])


def _default(field: Any) -> str:
    value = field.default if field.default is not MISSING else field.default_factory()
    if value in (None, (), {}, ""):
        return "none"
    return code(json.dumps(value))


def _columns(text: str) -> tuple[str, str, str]:
    meaning, _, rest = text.partition(" Cost: ")
    cost, _, change = rest.partition(" Change: ")
    return meaning, cost, change
