"""Where a bucket is, and how an object of it is named."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.storage import _client, fetch, sibling, store


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "credentials").write_text("[tigris]\naws_access_key_id = tid_x\naws_secret_access_key = tsec_x\n")


@pytest.mark.parametrize("key", ["final/model.safetensors", "run#3/a?step=1/m"])
def test_what_is_stored_can_be_fetched(tmp_path: Path, key: str) -> None:
    (tmp_path / "given").write_text("weights")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="models")
        assert store(tmp_path / "given", f"s3://models/{key}") == f"s3://models/{key}"
        folder = tmp_path / "work"
        folder.mkdir()
        assert fetch(f"s3://models/{key}", folder).read_text() == "weights"


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with mock_aws(), pytest.raises(JobError, match="s3://models/none cannot be read"):
        fetch("s3://models/none", tmp_path)


@pytest.mark.parametrize("uri", ["models/x", "https://models/x", "s3://models", "s3://models/", "s3:///x"])
def test_what_is_no_uri_of_an_object_is_named(tmp_path: Path, uri: str) -> None:
    with pytest.raises(JobError, match="is not the URI of an object"):
        fetch(uri, tmp_path)


def test_a_bucket_may_be_at_another_store_with_credentials_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"endpoint": "https://t3.storage.dev", "region": "auto", "profile": "tigris"}
    monkeypatch.setenv("AFTERTRAIN_BUCKETS", json.dumps({"my-weights": place}))
    elsewhere, own = _client("my-weights"), _client("artifacts")
    keys: Any = elsewhere._request_signer._credentials

    assert (elsewhere.meta.endpoint_url, elsewhere.meta.region_name, keys.access_key) == (
        "https://t3.storage.dev",
        "auto",
        "tid_x",
    )
    assert own.meta.endpoint_url == "https://s3.amazonaws.com"


@pytest.mark.parametrize("text", ["{", "[]", '{"models": {"region": "auto"}}', '{"models": 5}'])
def test_a_place_that_cannot_be_read_is_an_error_that_says_where_the_form_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setenv("AFTERTRAIN_BUCKETS", text)
    with pytest.raises(JobError, match=r"AFTERTRAIN_BUCKETS cannot be read.*aftertrain.jobs.storage"):
        fetch("s3://models/x", tmp_path)


def test_a_sibling_lies_beside() -> None:
    assert sibling("s3://models/final/model.safetensors", "config.json") == "s3://models/final/config.json"
