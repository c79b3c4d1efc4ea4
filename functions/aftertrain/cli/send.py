"""`aftertrain send FILE`: posts a recorded webhook request, as its sender would."""

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import click
import urllib3

from aftertrain.client.errors import ApiError
from aftertrain.ingest.sign import SCHEMES, sign
from aftertrain.model.strict_json import read_json


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", "source_id", help="The source's id. Default: the kind of sender that the file names.")
@click.option("--token", envvar="AFTERTRAIN_TOKEN", help="The source's secret.")
@click.option(
    "--url",
    envvar="AFTERTRAIN_WEBHOOK_URL",
    help="The stack's WebhookUrl. The default derives it from AFTERTRAIN_API_URL.",
)
@click.option(
    "--auth",
    type=click.Choice(["basic", "bearer"]),
    help="How to send the secret, if not in the way of this kind of sender.",
)
def send(file: Path, source_id: str | None, token: str | None, url: str | None, auth: str | None) -> None:
    """Post FILE, a sample request {source, method, headers, body}, to the webhook, and print the answer.

    \b
    Example:
      aftertrain send events/tigris/object-created-put.json --source tigris-models
    """
    request = _read(file)
    body = request["body"]
    payload = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    source_id = source_id or str(request["source"])
    headers = request["headers"] | (_proof(request, payload, token, auth, source_id) if token else {})
    target = f"{url or _webhook_url()}/{source_id}"
    try:
        answer = urllib3.request(request["method"], target, body=payload, headers=headers, timeout=15.0, retries=False)
    except urllib3.exceptions.HTTPError as error:
        raise ApiError(0, {"detail": f"{target} does not answer: {error}"}) from None
    click.echo(f"{answer.status} {answer.data.decode(errors='replace')}")
    if answer.status != 200:
        raise SystemExit(1)


def _proof(request: dict[str, Any], payload: bytes, secret: str, auth: str | None, source_id: str) -> dict[str, str]:
    """The headers that prove the sender; a signature is made anew, with the current time."""
    kind = request["source"]
    if auth == "basic":
        return {"authorization": f"Basic {base64.b64encode(f'{source_id}:{secret}'.encode()).decode()}"}
    if auth == "bearer":
        return {"authorization": f"Bearer {secret}"}
    if kind == "hugging_face":
        return {"x-webhook-secret": secret}
    if kind == "platform" or kind not in SCHEMES:
        return {"authorization": f"Bearer {secret}"}
    names = SCHEMES[kind].prefix[:1]
    delivery_id = request["headers"][names[0]] if names else ""
    return sign(kind, secret, payload, delivery_id, time.time())


def _read(file: Path) -> dict[str, Any]:
    try:
        request = read_json(file.read_bytes(), str(file))
        missing = {"source", "method", "headers", "body"} - request.keys()
    except (ValueError, AttributeError):
        raise click.UsageError(f"{file} is not a JSON object") from None
    if missing:
        raise click.UsageError(f"{file} lacks {', '.join(sorted(missing))}: the files in events/ show the form")
    if not isinstance(request["headers"], dict) or not isinstance(request["method"], str):
        raise click.UsageError(f"{file}: headers must be an object of texts, and method a text")
    request["headers"] = {name.lower(): str(text) for name, text in request["headers"].items()}
    recorded: dict[str, Any] = request
    return recorded


def _webhook_url() -> str:
    api_url = os.environ.get("AFTERTRAIN_API_URL")
    if not api_url:
        raise click.UsageError("the webhook's URL is unknown: pass --url, or set AFTERTRAIN_API_URL")
    return f"{api_url.rstrip('/')}/events"
