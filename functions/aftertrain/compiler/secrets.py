"""Definition -> secrets written in it, where everybody can read them.

    headers: {authorization: "Bearer hf_abcdefghijklmnopqrstuvwxyz0123456789"}   ->   AT208 this looks like a token

Versions keep definitions forever, consoles show them, and logs contain them.
"""

import re
from collections.abc import Iterator
from typing import Any

from aftertrain.compiler.diagnostics import Diagnostic, Place
from aftertrain.model.definition import Definition

_PATTERNS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{20,}"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}"),
    "a Slack token or webhook": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/\w+/\w+/\w+"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a Tigris key": re.compile(r"\btsec_[A-Za-z0-9_+/-]{20,}"),
    "a password in a URL": re.compile(r"://[^/\s:@{}]+:[^/\s@{}]+@"),
    "a key in a URL": re.compile(r"[?&](?:api_?key|token|access_token|secret|password)=[^&\s{}]{8,}", re.IGNORECASE),
    "a secret in a command": re.compile(r"^--?(?:api-?key|token|secret|password)=[^{}\s]{8,}$", re.IGNORECASE),
}
# A fragment of each pattern, which most texts lack: a cheap first test.
_TRACES = re.compile(r"AKIA|ASIA|hf_|gh[pousr]_|github_|xox|hooks|-----|sk-|tsec_|://|[?&]|^-")
HINT = "use a notification channel, whose secret is in Secrets Manager, or an endpoint of your own that has it"
_NAMES = re.compile(
    r"(?:^|_|-|(?<=[a-z])(?=[A-Z]))(?:passwords?|passwd|secrets?|token|api_?keys?|authorization|access_keys?)$",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"[<\[].*[>\]]|.{,5}")  # special tokens of a tokenizer are no secrets


def check_secrets(definition: Definition) -> Iterator[Diagnostic]:
    """Every text that looks like a secret or has a secret's name: in params, defaults, items and outputs."""
    for key, steps in (("steps", definition.steps), ("on_failure", definition.on_failure)):
        for index, step in enumerate(steps):
            yield from _scan(step.params, (key, index, "params"), "params")
            if step.foreach is not None:
                yield from _scan(step.foreach.items, (key, index, "foreach", "items"), "items")
    for index, parameter in enumerate(definition.parameters):
        yield from _scan(parameter.default, ("parameters", index, "default"), parameter.name)
    for index, trigger in enumerate(definition.triggers):
        yield from _scan(trigger.params, ("triggers", index, "params"), "params")
    yield from _scan(definition.outputs, ("outputs",), "outputs")


def _scan(value: Any, where: Place, name: str) -> Iterator[Diagnostic]:
    """`name`: the enclosing field, or the parameter with this default."""
    match value:
        case str():
            patterns = _PATTERNS.items() if _TRACES.search(value) else ()
            kind = next((kind for kind, pattern in patterns if pattern.search(value)), None)
            name_matches = _NAMES.search(name) and value and "{{" not in value
            special = name.lower().endswith("token") and _SPECIAL.fullmatch(value)
            if kind or (name_matches and not special):
                message = f"{name}: this looks like {kind or 'a secret'}, and a definition is readable by everybody"
                yield Diagnostic("AT208", where, message, HINT)
        case dict():
            for key, item in value.items():
                yield from _scan(item, (*where, key), key)
        case list():
            for index, item in enumerate(value):
                yield from _scan(item, (*where, index), name)
