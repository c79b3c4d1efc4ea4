"""Looks into buckets, on moto."""

import json
from typing import Any

import pytest

from aftertrain.aws.buckets import S3Buckets, client_maker
from aftertrain.aws.listing import objects_since
from aftertrain.errors import BusyError
from aftertrain.model.event import Event

INDEX = {
    "metadata": {},
    "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"},
}


@pytest.fixture
def buckets(aws: Any) -> S3Buckets:
    s3 = aws("s3")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="run/a", Body=b"12345")
    s3.put_object(Bucket="models", Key="run/deeper/b", Body=b"1")
    s3.put_object(Bucket="models", Key="run/model.safetensors.index.json", Body=json.dumps(INDEX).encode())
    return S3Buckets(client_maker({}, aws))


def event(key: str) -> Event:
    return Event("object.created", "1", "s", "t", key, {"bucket": "models", "key": key})


def test_an_object_tells_its_etag_and_its_time(buckets: S3Buckets) -> None:
    found = buckets.head(event("run/a"))

    assert found is not None
    assert (found.size, found.etag) == (5, "827ccb0eea8a706c4c34a16891f84e7b")
    assert found.modified > 1_700_000_000


def test_what_is_gone_is_none(buckets: S3Buckets) -> None:
    assert buckets.head(event("run/gone")) is None
    assert buckets.weight_files(event("run/gone")) is None


def test_a_bucket_that_is_not_there_is_asked_again(buckets: S3Buckets) -> None:
    with pytest.raises(BusyError, match="NoSuchBucket"):
        buckets.objects(Event("object.created", "1", "s", "t", "k", {"bucket": "others"}), "")


def test_an_index_names_its_files(buckets: S3Buckets) -> None:
    assert buckets.weight_files(event("run/model.safetensors.index.json")) == tuple(
        sorted(INDEX["weight_map"].values())
    )


def test_what_is_no_index_names_none(buckets: S3Buckets) -> None:
    assert buckets.weight_files(event("run/a")) is None


def test_a_folder_has_what_lies_in_it_and_not_below(buckets: S3Buckets) -> None:
    assert [each.key for each in buckets.objects(event("run/a"), "run/")] == [
        "run/a",
        "run/model.safetensors.index.json",
    ]


def test_a_bucket_elsewhere_is_asked_with_its_own_keys(aws: Any) -> None:
    keys = {"access_key_id": "theirs", "secret_access_key": "x"}
    aws("secretsmanager").create_secret(Name="tigris-keys", SecretString=json.dumps(keys))
    made: list[tuple[str, dict[str, Any]]] = []

    def make(service: str, **options: Any) -> Any:
        made.append((service, options))
        return aws(service, **options)

    client = client_maker({"weights": {"endpoint": "https://t3.storage.dev", "secret": "tigris-keys"}}, make)
    for _ in range(2):
        client("weights")
    client("models")

    assert [(service, options.get("endpoint_url"), options.get("aws_access_key_id")) for service, options in made] == [
        ("secretsmanager", None, None),
        ("s3", "https://t3.storage.dev", "theirs"),
        ("s3", None, None),
    ]


def test_a_listing_has_what_was_written_since(buckets: S3Buckets) -> None:
    assert buckets.head(event("run/a")) is not None
    found = [each.key for each in objects_since("models", "run/", 0.0, None, None)]

    assert found == ["run/a", "run/deeper/b", "run/model.safetensors.index.json"]
    assert list(objects_since("models", "run/", 9e9, None, None)) == []
    with pytest.raises(BusyError):
        list(objects_since("others", "", 0.0, None, None))
