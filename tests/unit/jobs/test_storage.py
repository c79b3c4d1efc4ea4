"""The address of a bucket, and the name of an object in it."""

import base64
import hashlib
import json
import os
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from aftertrain.jobs import storage
from aftertrain.jobs.checksum import _KINDS, differs, part_size, parts_of
from aftertrain.jobs.contract import JobError
from aftertrain.jobs.model_folder import fetch_model
from aftertrain.jobs.storage import _client, fetch, fetch_folder, sibling, store


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


@pytest.mark.parametrize("kind", ["SHA256", "SHA1", "CRC64NVME", "CRC32C", "CRC32"])
def test_what_arrives_is_held_against_the_checksum_that_the_bucket_keeps(tmp_path: Path, kind: str) -> None:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        client.put_object(Bucket="models", Key="m", Body=b"weights", ChecksumAlgorithm=kind)
        head = client.head_object(Bucket="models", Key="m", ChecksumMode="ENABLED")
        fetched = fetch("s3://models/m", tmp_path)
    fetched.write_text("weighty")

    assert f"Checksum{kind}" in head
    assert f"its {kind} is" in (differs(fetched, head) or "")


def test_half_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("half")

    assert differs(tmp_path / "m", {"ContentLength": 8}) == "it has 4 bytes instead of 8"
    assert differs(tmp_path / "m", {"ContentLength": 4, "ChecksumSHA256": "abc-2"}) is None


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        ("SHA256", lambda block: hashlib.sha256(block).digest()),
        ("CRC32", lambda block: zlib.crc32(block).to_bytes(4, "big")),
    ],
)
def test_an_upload_in_parts_has_a_checksum_over_those_of_its_parts(tmp_path: Path, kind: str, of: Any) -> None:
    content = bytes(range(256)) * 10
    parts = [content[at : at + 1000] for at in range(0, len(content), 1000)]
    expected = base64.b64encode(of(b"".join(map(of, parts)))).decode() + "-3"
    head = {"ContentLength": len(content), f"Checksum{kind}": expected}
    file = tmp_path / "m"
    file.write_bytes(content)

    assert parts_of(head) == 3
    assert part_size(len(content), 1000, 560, 3) == 1000
    assert differs(file, head, 1000) is None
    assert differs(file, head, None) is None
    file.write_bytes(b"x" + content[1:])
    assert f"its {kind} is" in (differs(file, head, 1000) or "")


@pytest.mark.parametrize(
    ("size", "first", "last", "count"),
    [(21, 8, 8, 3), (21, 8, 6, 3), (21, 5, 11, 3), (0, 0, 0, 1), (0, 0, 0, 0)],
)
def test_where_parts_end_is_known_only_if_they_are_alike(size: int, first: int, last: int, count: int) -> None:
    assert part_size(size, first, last, count) is None


def test_of_a_checksum_of_parts_that_says_not_how_many_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("half")
    head = {"ContentLength": 4, "ChecksumSHA256": "abc", "ChecksumType": "COMPOSITE"}

    assert parts_of(head) is None
    assert differs(tmp_path / "m", head) is None


def test_a_store_that_knows_nothing_of_parts_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    monkeypatch.setattr(client, "download_file", lambda bucket, key, path, **_: Path(path).write_text("weights"))
    monkeypatch.setattr(storage, "_client", lambda bucket: client)
    with Stubber(client) as stubber:
        stubber.add_response("head_object", {"ContentLength": 7, "ChecksumSHA256": "abc-2"})
        stubber.add_client_error("head_object", "InvalidArgument", http_status_code=400)
        assert fetch("s3://models/m", tmp_path).read_text() == "weights"


def test_known_checksums() -> None:
    """The checksums of `123456789`, from their catalogues."""
    for name, value in (("CRC32", 0xCBF43926), ("CRC32C", 0xE3069283), ("CRC64NVME", 0xAE8B14860A799888)):
        made = _KINDS[f"Checksum{name}"]()
        made.update(b"12345")
        made.update(b"6789")
        assert int.from_bytes(made.digest(), "big") == value


class Cutting(BaseHTTPRequestHandler):
    """A bucket that breaks off the first answers half-way, and supports ranges."""

    content = bytes(range(256)) * 80_000  # 20 MB: several ranges
    cuts = 3

    def _headers(self) -> tuple[int, int]:
        asked = self.headers.get("range", "").removeprefix("bytes=")
        first, _, last = asked.partition("-")
        start, end = int(first or 0), int(last or len(self.content) - 1)
        self.send_response(206 if asked else 200)
        self.send_header("content-length", str(end - start + 1))
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("content-range", f"bytes {start}-{end}/{len(self.content)}")
        self.end_headers()
        return start, end

    def do_HEAD(self) -> None:
        self._headers()

    def do_GET(self) -> None:
        start, end = self._headers()
        server: Any = self.server
        cut, server.cuts = server.cuts > 0, server.cuts - 1
        piece = self.content[start : end + 1]
        self.wfile.write(piece[: len(piece) // 2] if cut else piece)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Log nothing, to keep the test's output clean."""


def test_a_download_that_breaks_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Cutting)
    server.cuts = Cutting.cuts
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    place = {"endpoint": f"http://127.0.0.1:{server.server_port}", "region": "auto", "profile": "tigris"}
    monkeypatch.setenv("AFTERTRAIN_BUCKETS", json.dumps({"weights": place}))
    try:
        found = fetch("s3://weights/m", tmp_path)
    finally:
        server.shutdown()
        server.server_close()

    assert server.cuts < 0
    assert found.read_bytes() == Cutting.content


def test_a_replaced_object_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        client.put_object(Bucket="models", Key="m", Body=b"weights")
        monkeypatch.setattr("aftertrain.jobs.storage.differs", lambda path, head, part: "it has 7 bytes instead of 9")
        with pytest.raises(JobError, match="was not downloaded correctly: it has 7 bytes instead of 9"):
            fetch("s3://models/m", tmp_path)


def test_a_folder_is_all_that_lies_below_it(tmp_path: Path) -> None:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        for key in ("lm/config.json", "lm/parts/a.bin", "lmx/other", "lm/"):
            client.put_object(Bucket="models", Key=key, Body=key.encode())
        folder = fetch_folder("s3://models/lm/", tmp_path / "lm")

    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"config.json": "lm/config.json", "parts/a.bin": "lm/parts/a.bin"}


def test_a_folder_does_not_reach_outside_of_itself(tmp_path: Path) -> None:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        client.put_object(Bucket="models", Key="lm/../../x", Body=b"x")
        with pytest.raises(JobError, match="is outside its own folder"):
            fetch_folder("s3://models/lm/", tmp_path / "lm")


@pytest.mark.parametrize(
    ("uri", "why"), [("s3://models/lm", "is not a folder"), ("s3://models/lm/", "there is nothing in")]
)
def test_a_folder_that_is_none_is_named(tmp_path: Path, uri: str, why: str) -> None:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="models")
        with pytest.raises(JobError, match=why):
            fetch_folder(uri, tmp_path / "lm")


def test_a_folder_that_was_brought_is_taken_as_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERTRAIN_MOUNTS", json.dumps([{"uri": "s3://models/lm/", "path": str(tmp_path)}]))

    assert fetch_folder("s3://models/lm/", tmp_path / "x") == tmp_path


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


def test_a_folder_is_not_where_an_object_of_it_was_brought_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alone", "all"):
        (tmp_path / name).mkdir()
    mounts: list[dict[str, Any]] = [
        {"uri": "s3://m/run/", "path": str(tmp_path / "alone"), "object": True},
        {"uri": "s3://m/run/", "path": str(tmp_path / "all")},
    ]
    monkeypatch.setenv("AFTERTRAIN_MOUNTS", json.dumps(mounts))

    assert fetch_folder("s3://m/run/", tmp_path / "x") == tmp_path / "all"


def test_a_secret_of_another_form_says_so_and_not_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"endpoint": "https://t3.storage.dev", "region": "auto", "secret": "keys"}
    monkeypatch.setenv("AFTERTRAIN_BUCKETS", json.dumps({"w": place}))
    secrets = mock.Mock()
    secrets.get_secret_value.return_value = {"SecretString": '["hush"]'}
    monkeypatch.setattr(storage.boto3, "client", lambda *_: secrets)
    with pytest.raises(JobError, match="the secret keys must have the form") as caught:
        _client("w")
    assert "hush" not in str(caught.value)


def test_of_one_folder_each_param_may_have_brought_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SageMaker puts objects of one folder, or at the bucket's root, next to each other."""
    mounts = []
    for name in ("model.safetensors", "holdout.safetensors"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(name)
        mounts.append({"uri": "s3://m/run/", "path": str(folder)})
    monkeypatch.setenv("AFTERTRAIN_MOUNTS", json.dumps(mounts))

    for name in ("model.safetensors", "holdout.safetensors"):
        assert fetch(f"s3://m/run/{name}", tmp_path).read_text() == name


def test_a_model_is_its_folder_without_what_lies_below(tmp_path: Path) -> None:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="models")
        for key in ("run/model.safetensors", "run/config.json", "run/checkpoint-10/optimizer.safetensors"):
            s3.put_object(Bucket="models", Key=key, Body=b"{}")
        found = fetch_model("s3://models/run/model.safetensors", tmp_path / "m")

        assert {path.name for path in found.iterdir()} == {"model.safetensors", "config.json"}
        with pytest.raises(JobError, match="is at the bucket's root"):
            fetch_model("s3://models/model.safetensors", tmp_path)


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mount of s3://models/final/."""
    folder = tmp_path / "mount"
    folder.mkdir()
    monkeypatch.setenv("AFTERTRAIN_MOUNTS", json.dumps([{"uri": "s3://models/final/", "path": str(folder)}]))
    return folder


@pytest.mark.parametrize("key", ["../../../etc/hostname", "/etc/hostname", "a/../../secret", ".."])
def test_a_mount_gives_nothing_outside_of_it(mount: Path, tmp_path: Path, key: str) -> None:
    (mount.parent / "secret").write_text("s")
    written = tmp_path / "written"
    written.write_text("w")

    with pytest.raises(JobError):
        storage.fetch(f"s3://models/final/{key}", tmp_path)
    with pytest.raises(JobError):
        storage.store(written, f"s3://models/final/{key}")
    assert (mount.parent / "secret").read_text() == "s"


def test_what_is_no_file_in_a_mount_is_a_job_error(mount: Path, tmp_path: Path) -> None:
    os.mkfifo(mount / "pipe")
    (mount / "folder").mkdir()
    written = tmp_path / "written"
    written.write_text("w")
    for name in ("pipe", "folder"):
        with pytest.raises(JobError, match="is no file"):
            storage.fetch(f"s3://models/final/{name}", tmp_path)
        with pytest.raises(JobError, match="no file has its name"):
            storage.store(written, f"s3://models/final/{name}")
