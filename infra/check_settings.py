"""Structured settings -> their mistakes, before a stage is deployed that cannot read them."""

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from aftertrain.model.definition import Compute

# The required fields of each kind of channel: see aftertrain.aws.channels.
CHANNELS = {
    "log": (),
    "sns": ("topic_arn",),
    "slack": ("secret_id",),
    "teams": ("secret_id",),
    "webhook": ("secret_id",),
    "email": ("from",),
}


def refuse_misspelt(context: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a key of the CDK context that is nearly a setting. Other keys are CDK's own. Raises: ValueError."""
    for key in sorted({*context} - {*known}):
        meant = difflib.get_close_matches(key, known, 1, cutoff=0.8) if key.isidentifier() else []
        if meant:
            raise ValueError(f"{key} is no setting: did you mean {meant[0]}?")


def check_compute(compute: dict[str, Any]) -> None:
    """Check the default compute of jobs. Raises: ValueError."""
    try:
        Compute.model_validate(compute, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"compute: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def check_channels(channels: dict[str, Any]) -> None:
    """Check the notification channels. Raises: ValueError."""
    for name, channel in channels.items():
        kind = str(channel.get("kind")) if isinstance(channel, dict) else None
        if kind not in CHANNELS:
            raise ValueError(f"channels: {name!r} has the unknown kind {kind!r}; known are {', '.join(CHANNELS)}")
        for key in CHANNELS[kind]:
            if not channel.get(key) or str(channel[key]) != channel[key]:
                raise ValueError(f"channels: {name!r} needs {key!r}, a text")
        if channel.get("secret_id", "").startswith("arn:"):
            raise ValueError(f"channels: the secret_id of {name!r} is the secret's name, not its ARN")
        if "<" in channel.get("from", ""):
            raise ValueError(f"channels: {name!r} needs a plain address in `from`, such as ml@example.org")
