"""Who gets in."""

import base64

import pytest
from tests.unit.ingest.samples import TOKEN, request, snapshot

from aftertrain.errors import UnauthorizedError
from aftertrain.ingest.authenticate import authenticate


@pytest.mark.parametrize(
    ("source", "authorization"),
    [
        ("bucket", f"Bearer {TOKEN}"),
        ("bucket", f"bearer  {TOKEN}"),
        ("basic", "Basic " + base64.b64encode(b"basic:pass").decode()),
        ("rotating", "Bearer old"),
        ("rotating", "Bearer new"),
        ("open", None),
        ("open", "Bearer whatever"),
    ],
)
def test_the_right_credentials_get_in(source: str, authorization: str | None) -> None:
    assert authenticate(request({}, source, authorization), snapshot()).id == source


@pytest.mark.parametrize(
    ("source", "authorization"),
    [
        ("bucket", None),
        ("bucket", ""),
        ("bucket", "Bearer"),
        ("bucket", "Bearer wrong"),
        ("bucket", f"Basic {TOKEN}"),
        ("bucket", TOKEN),
        ("basic", "Basic %%%"),
        ("basic", "Basic " + base64.b64encode(b"basic:wrong").decode()),
        ("basic", "Bearer basic:pass"),
        ("nobody", None),
        ("nobody", "Bearer "),
        ("nobody", f"Bearer {TOKEN}"),
        ("", "Bearer "),
    ],
)
def test_everybody_else_gets_the_same_answer(source: str, authorization: str | None) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        authenticate(request({}, source, authorization), snapshot())

    assert caught.value.message == "the credentials are missing or wrong"
