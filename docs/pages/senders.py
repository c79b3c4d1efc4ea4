"""The kinds of sources -> the reference of senders: authentication, dialect, and the events of sample requests."""

import json
from inspect import getdoc, getmodule
from pathlib import Path

from docs.pages.markdown import code, table

from aftertrain.ingest.normalise import DIALECTS
from aftertrain.ingest.sign import SCHEMES
from aftertrain.model.source import AUTHS, SOURCE_KINDS, SourceKind

ROOT = Path(__file__).parents[2]
INTRO = """# Senders

A source has a kind, which says how its requests are read and how the sender proves itself. The first entry of each
authentication is the default of `--auth`.

| authentication | what the sender sends |
| --- | --- |
| `bearer` | the header `Authorization: Bearer SECRET` |
| `basic` | the source's id as user and the secret as password |
| `secret` | the header `X-Webhook-Secret: SECRET` |
| `signature` | the sender's own signature, made with the secret |
| `none` | nothing: everybody who knows the URL may send |

The account's own event bus needs no source; the setting `account_events` takes its events in.
"""


def page() -> str:
    """The whole page."""
    lines = [INTRO]
    for kind in SOURCE_KINDS:
        lines += [f"## {kind}", "", *_section(kind), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(kind: SourceKind) -> list[str]:
    lines = [f"Authentication: {', '.join(map(code, AUTHS[kind]))}."]
    if kind in SCHEMES:
        lines += ["", f"The signature is in the header {code(SCHEMES[kind].signature)}, as HMAC-SHA256."]
    title, _, rest = (getdoc(getmodule(DIALECTS[kind])) or "").partition("\n\n")
    lines += ["", f"{title}", "", *_indented_as_code(rest)]
    requests = sorted((ROOT / "events" / kind).glob("*.json"))
    rows = [(code(f"events/{kind}/{file.name}"), _event_types(kind, file)) for file in requests]
    return [*lines, "", *table(("sample request", "becomes"), rows)]


def _indented_as_code(text: str) -> list[str]:
    lines: list[str] = []
    for block in text.split("\n\n"):
        lines += ["```text", *block.split("\n"), "```", ""] if block.startswith("    ") else [*block.split("\n"), ""]
    return lines


def _event_types(kind: SourceKind, request: Path) -> str:
    golden = ROOT / "tests" / "golden" / "senders" / f"{kind}-{request.stem}.json"
    events = json.loads(golden.read_text(encoding="utf-8"))
    return (
        ", ".join(dict.fromkeys(code(event["event_type"]) for event in events if "event_type" in event)) or "no event"
    )
