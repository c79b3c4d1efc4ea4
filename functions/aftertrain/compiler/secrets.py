"""Params -> secrets that stand in them for everybody to read.

    headers: {authorization: "Bearer hf_abcdefghijklmnopqrstuvwxyz0123456789"}   ->   AT208 this looks like a token

A definition is kept in versions for good, shown in consoles and written to logs.
"""

import re
from collections.abc import Iterator
from typing import Any

from aftertrain.compiler.diagnostics import Diagnostic, Place
from aftertrain.model.definition import Step

_LOOKS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{20,}"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}"),
    "a Slack token or webhook": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/\w+/\w+/\w+"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a Tigris key": re.compile(r"\btsec_[A-Za-z0-9_+/-]{20,}"),
    "a password in a URL": re.compile(r"://[^/\s:@{}]+:[^/\s@{}]+@"),
}
HINT = "use a notification channel, whose secret is in Secrets Manager, or an endpoint of your own that has it"
_NAMES = re.compile(r"(?:^|_|-)(?:password|passwd|secret|token|api_?key|authorization|access_key)s?$", re.IGNORECASE)


def check_secrets(step: Step, where: Place) -> Iterator[Diagnostic]:
    """Every text of a step's params that looks like a secret, or has a secret's name."""
    yield from _look(step.params, (*where, "params"))


def _look(value: Any, where: Place) -> Iterator[Diagnostic]:
    match value:
        case str():
            kind = next((kind for kind, pattern in _LOOKS.items() if pattern.search(value)), None)
            named = isinstance(where[-1], str) and _NAMES.search(where[-1]) and value and "{{" not in value
            if kind or named:
                message = f"{where[-1]}: this looks like {kind or 'a secret'}, and everybody can read it here"
                yield Diagnostic("AT208", where, message, HINT)
        case dict():
            for name, item in value.items():
                yield from _look(item, (*where, name))
        case list():
            for index, item in enumerate(value):
                yield from _look(item, (*where, index))
