"""Strict JSON."""

import pytest

from aftertrain.errors import SenderError
from aftertrain.ingest.parse import parse
from aftertrain.model.strict_json import MAX_DEPTH


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("body", "value"),
    [(b"{}", {}), ('{"k": "é"}'.encode(), {"k": "é"}), (b"[1, 1.5, true, null]", [1, 1.5, True, None])],
)
def test_json_is_read(body: bytes, value: object) -> None:
    assert parse(body) == value


def test_depth_is_bounded_and_the_bound_is_allowed() -> None:
    parse(nested(MAX_DEPTH))
    with pytest.raises(SenderError, match="deeper than 64"):
        parse(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON: .* at line 1, column 2"),
        (b"\xff", "not UTF-8: byte 0"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e999]", "too large"),
        (b"[" + b"9" * 5000 + b"]", "not JSON"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key a is a duplicate"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "is a duplicate"),
        (rb'["\ud800"]', "surrogate"),
        (rb'{"\udc00": 1}', "surrogate"),
        (nested(100_000), "deeper than 64"),
    ],
)
def test_what_only_looks_like_json_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(SenderError, match=why):
        parse(body)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse(rb'["\ud83d\ude80"]') == ["🚀"]
