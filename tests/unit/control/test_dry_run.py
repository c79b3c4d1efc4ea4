"""Anything that is no trigger or no event is reported as such."""

from typing import Any

import pytest

from aftertrain.control.dry_run import events_in, triggers_in
from aftertrain.errors import AuthorError, SenderError


@pytest.mark.parametrize(
    "written",
    [
        "x",
        {"triggers": []},
        {"triggers": None},
        {"triggers": ["x"]},
        {"event_type": "a.b", "name": 5},
    ],
    ids=str,
)
def test_what_is_no_trigger(written: Any) -> None:
    with pytest.raises(AuthorError, match="the trigger"):
        triggers_in(written, "the trigger")


@pytest.mark.parametrize(
    "request_",
    [
        {"source": "s3", "headers": "x", "body": {}},
        {"source": ["s3"], "headers": {}, "body": {}},
        {"source": "none", "headers": {}, "body": {}},
        {"source": "s3", "headers": {"a": 1}, "body": "\ud800"},
    ],
    ids=ascii,
)
def test_what_is_no_request(request_: Any) -> None:
    with pytest.raises((AuthorError, SenderError)):
        events_in(request_, "the event")
