"""Files with triggers or events -> the SDK's values."""

from pathlib import Path
from typing import Any

import click

from aftertrain.compiler.document import read_document
from aftertrain.control.dry_run import events_in, triggers_in
from aftertrain.errors import SenderError
from aftertrain.model.event import Event
from aftertrain.model.source import Source
from aftertrain.model.strict_json import NotStrictJsonError, read_json


def triggers_of(file: Path) -> list[dict[str, Any]]:
    """The triggers in a file: a single trigger, or those of a pipeline. Raises: AuthorError."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8") from None
    return triggers_in(read_document(text).value, file.stem)


def events_of(file: Path) -> tuple[list[Event], Source]:
    """The events of a sample request, or the single event of an envelope, and a sender of its kind."""
    try:
        value = read_json(file.read_bytes(), str(file))
    except NotStrictJsonError as error:
        raise click.UsageError(error.message) from None
    try:
        return events_in(value, str(file))
    except SenderError as error:  # an argument error, unlike the verdict that nothing would start
        raise click.UsageError(f"{file}: {error}") from None
