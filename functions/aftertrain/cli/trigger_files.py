"""Files of triggers and of events -> what the SDK takes."""

import json
from pathlib import Path
from typing import Any

import click

from aftertrain.compiler.document import read_document
from aftertrain.control.dry_run import events_in, triggers_in
from aftertrain.errors import SenderError
from aftertrain.model.event import Event


def triggers_of(file: Path) -> list[dict[str, Any]]:
    """The triggers of a file: one trigger, or a pipeline with `triggers`. Raises: AuthorError."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8") from None
    return triggers_in(read_document(text).value, file.stem)


def events_of(file: Path) -> list[Event]:
    """The events of a recorded request, or the one of an envelope."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{file} is no JSON: {error}") from None
    try:
        return events_in(value, str(file))
    except SenderError as error:  # not the verdict that nothing would start
        raise click.UsageError(f"{file}: {error}") from None
