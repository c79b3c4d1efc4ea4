"""`aftertrain triggers` and `aftertrain events` as a person uses them."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from tests.api import api_client
from tests.fakes import FakeRuns, control_ports
from tests.unit.cli.test_cli import ROOT, run

from aftertrain.cli import event_types as event_types_module
from aftertrain.cli import events as events_module
from aftertrain.cli import triggers as triggers_module
from aftertrain.client.events import Events
from aftertrain.client.models import EventTrigger, ReceivedEvent

__all__ = ["run"]  # a fixture
TRIGGER = """
id: finals
pipeline_id: evaluate
event_type: object.created
where: '`key` REGEXP "^final/"'
params: {uri: "{{ event.uri }}", shard: "{{ event.shard }}"}
concurrency: {limit: 1}
"""
BATCH = str(ROOT / "events/tigris/batch.json")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trigger.yaml"
    path.write_text(TRIGGER.replace(', shard: "{{ event.shard }}"', ""))
    return path


def event(key: str, **more: Any) -> ReceivedEvent:
    return ReceivedEvent.model_validate(
        {
            "event_type": "object.created",
            "event_id": f"id-{key}",
            "record_id": f"id-{key}",
            "source_id": "bucket",
            "source": "bucket",
            "subject": key,
            "timestamp": "2026-01-01T00:00:00Z",
            "received_at": 1_780_000_000.0,
            "status": "done",
            "verdicts": [],
            "executions": [],
            "data": {"bucket": "b", "key": key, "uri": f"s3://b/{key}"},
        }
        | more
    )


@pytest.fixture
def client() -> Iterator[Any]:
    """A client whose calls are recorded."""
    fake = SimpleNamespace(events=mock.Mock(), event_triggers=mock.Mock())
    with (
        mock.patch.object(events_module, "Client", return_value=fake),
        mock.patch.object(triggers_module, "Client", return_value=fake),
    ):
        yield fake


def test_a_test_says_of_each_event_what_would_happen_and_why(run: Any, file: Path) -> None:
    ran = run("triggers", "test", str(file), "--event", BATCH)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "  started   final/model-00001-of-00002.safetensors",
        "  filtered  final/config.json",
        "            event_type: expected object.created; found object.renamed",
        "  filtered  checkpoints/step-100.safetensors",
        "            event_type: expected object.created; found object.transitioned",
    ]


def test_a_test_is_json_for_programs(run: Any, file: Path) -> None:
    found = json.loads(run("triggers", "test", str(file), "--event", BATCH, "--json").out)

    assert found[0]["matched"]
    assert found[0]["params"] == {"uri": "s3://models/final/model-00001-of-00002.safetensors"}
    assert found[0]["would_start"] == {"pipeline_id": "evaluate", "policies": ["concurrency"]}
    assert [each["would_start"] for each in found[1:]] == [None, None]


def test_a_param_that_the_event_lacks_is_a_failure(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "trigger.yaml"
    path.write_text(TRIGGER)
    ran = run("triggers", "test", str(path), "--event", BATCH)

    assert ran.code == 1
    assert "params.shard: expected a value; found the event has no data.shard" in ran.out


def test_a_param_of_another_type_than_the_file_declares_is_a_failure(run: Any, tmp_path: Path) -> None:
    trigger = {"event_type": "object.created", "params": {"uri": "{{ event.uri }}"}}
    pipeline = {"name": "p", "parameters": [{"name": "uri", "type": "integer"}], "triggers": [trigger]}
    path = tmp_path / "pipeline.yaml"
    path.write_text(json.dumps(pipeline))
    ran = run("triggers", "test", str(path), "--event", BATCH)

    assert ran.code == 1
    assert "params.uri: expected a value; found data.uri is not of type integer" in ran.out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- 1", "is not a trigger"),
        ("event_type: x.y\ncolour: red", "colour: Extra inputs are not permitted"),
        ("event_type: x.y\ntypes: [1]", "types must be an object of texts"),
        ("event_type: x.y\nwhere: key =", "expected a string in double quotes"),
    ],
)
def test_a_trigger_that_cannot_be_read_is_refused(run: Any, tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "trigger.yaml"
    path.write_text(text)
    request = json.loads((ROOT / "events/platform/model-added.json").read_text())
    request["body"]["event_type"] = "x.y"
    (tmp_path / "event.json").write_text(json.dumps(request))
    ran = run("triggers", "test", str(path), "--event", str(tmp_path / "event.json"))

    assert ran.code == 2
    assert why in ran.err


@pytest.fixture
def ledger() -> Iterator[dict[Any, Any]]:
    """The stored events of an API in process."""
    runs = FakeRuns()
    with (
        api_client(control_ports(runs=runs)) as asking,
        mock.patch.object(triggers_module, "Client", return_value=asking),
    ):
        yield runs.known_events


def test_a_backtest_counts_and_shows_what_was_just_missed(run: Any, file: Path, ledger: dict[Any, Any]) -> None:
    stored = [event("final/a"), event("tmp/b"), event("final/c", record_id="id-c~2")]
    ledger.update({("bucket", each.record_id): each.model_dump() for each in stored})
    ran = run("triggers", "backtest", str(file), "--since", "2d")

    assert ran.out.splitlines() == [
        "finals: 1 of 2 events would have started evaluate",
        "  started  final/a",
        "  nearest misses:",
        "  filtered  tmp/b",
        '            where: expected `key` REGEXP "^final/"; found tmp/b',
    ]


def test_triggers_are_listed_and_resumed(run: Any, client: Any) -> None:
    trigger = {"id": "t", "pipeline_id": "p", "event_type": "x.y", "where": None, "filter": None, "params": {}}
    client.event_triggers.list.return_value = [EventTrigger.model_validate(trigger | {"enabled": False})]
    client.event_triggers.resume.return_value = 3

    assert run("triggers", "list").out == "t  x.y -> p  disabled\n"
    assert run("triggers", "resume", "t").out == "t: resumed; 3 kept events start now\n"


def test_an_event_is_explained(run: Any, client: Any) -> None:
    verdict = {
        "trigger_id": "t",
        "verdict": "stale",
        "clause": "order",
        "expected": "at least 5",
        "actual": 4,
        "execution": None,
    }
    client.events.get.return_value = event("final/a", verdicts=[verdict])
    ran = run("events", "explain", "bucket", "id-final/a")

    assert ran.out.splitlines() == [
        "2026-05-28 20:26:40  object.created  final/a  stale  bucket id-final/a",
        "  stale  t",
        "         order: expected at least 5; found 4",
    ]


def test_events_are_listed_with_ids_to_copy(run: Any, client: Any) -> None:
    client.events.list.return_value = [event("a", record_id="id-a~2")]

    assert run("events", "list", "--all").out == "2026-05-28 20:26:40  object.created  a    bucket id-a~2\n"
    assert client.events.list.call_args.kwargs["everything"] is True


def test_a_range_is_replayed_oldest_first_and_without_replays(run: Any, client: Any) -> None:
    stored = [
        event("b"),
        event("x", record_id="id-x~2"),
        event("a"),
        event("c", source_id="s"),
        event("new", received_at=9e9),
    ]
    replayed = {"record_id": "r~2", "verdicts": [{"trigger_id": "t", "verdict": "started"}]}
    client.events = Events(mock.Mock())
    client.events.list = mock.Mock(side_effect=[stored, []])
    client.events.replay = mock.Mock(return_value=replayed)
    ran = run("events", "replay", "bucket", "--since", "1h")

    assert [call.args for call in client.events.replay.call_args_list] == [
        ("bucket", "id-a", None),
        ("bucket", "id-b", None),
    ]
    assert ran.out == "r~2  t: started\n" * 2


def test_schemas_are_registered_listed_and_deleted(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"properties": {"n": {}}}')
    fake = SimpleNamespace(event_types=mock.Mock())
    fake.event_types.list.return_value = {"a.b": {"properties": {"n": {}}}, "c.d": {}}
    with mock.patch.object(event_types_module, "Client", return_value=fake):
        made, listed, gone = (
            run("event-types", "register", "a.b", str(file)),
            run("event-types", "list"),
            run("event-types", "delete", "a.b"),
        )

    assert made.out == f"a.b: events must fit {file}\n"
    assert listed.out == "a.b  n\nc.d  any fields\n"
    assert gone.out == "a.b: events may have any data\n"
    fake.event_types.register.assert_called_once_with("a.b", {"properties": {"n": {}}})


def test_dead_letters_are_counted(run: Any, client: Any) -> None:
    client.events.replay_dead_letters.return_value = 4

    assert run("events", "replay-dead-letters").out == "4 events queued again\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "pass one event's id, or --since"),
        (("id", "--since", "1h"), "pass one event's id, or --since"),
        (("id", "--until", "1h"), "--until needs --since"),
    ],
)
def test_a_replay_is_of_one_event_or_of_a_range(run: Any, client: Any, arguments: tuple[str, ...], why: str) -> None:
    ran = run("events", "replay", "bucket", *arguments)

    assert (ran.code, why in ran.err) == (2, True)


def test_a_duration_is_a_number_with_a_unit(run: Any, client: Any) -> None:
    assert "write a number with s, m, h or d" in run("events", "list", "--since", "soon").err


@pytest.mark.parametrize("sample", sorted((ROOT / "events").glob("*/*.json")), ids=str)
def test_every_sample_can_be_tested_with(run: Any, tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "trigger.yaml"
    path.write_text("{event_type: never.sent, pipeline_id: p}")

    ran = run("triggers", "test", str(path), "--event", str(sample))

    assert (ran.code, ran.err) == (1, "")


def test_an_event_that_no_sender_may_send_is_no_verdict(run: Any, tmp_path: Path) -> None:
    (tmp_path / "trigger.yaml").write_text("{event_type: never.sent, pipeline_id: p}")
    (tmp_path / "event.json").write_text('{"source": "tigris", "headers": {}, "body": {"no": "events"}}')
    ran = run("triggers", "test", str(tmp_path / "trigger.yaml"), "--event", str(tmp_path / "event.json"))

    assert ran.code == 2
    assert "event.json" in ran.err


@pytest.mark.parametrize(
    ("policy", "verdict", "code"),
    [
        (r"assemble: {pattern: '-(?P<part>\d+)-of-(?P<total>\d+)', deadline: 1h}", "filtered", 1),
        ("assemble: {marker: model.safetensors, deadline: 1h}", "assembling", 0),
        ("debounce: {quiet: 30s, max_wait: 1h}", "debounced", 0),
    ],
)
def test_a_test_says_what_the_first_policy_would(
    run: Any, tmp_path: Path, policy: str, verdict: str, code: int
) -> None:
    path = tmp_path / "trigger.yaml"
    path.write_text(f"event_type: object.created\npipeline_id: p\n{policy}\n")
    ran = run("triggers", "test", str(path), "--event", str(ROOT / "events/tigris/object-created-put.json"), "--json")

    assert ({each["verdict"] for each in json.loads(ran.out)}, ran.code) == ({verdict}, code)


def test_what_misses_by_less_is_nearer(run: Any, tmp_path: Path, ledger: dict[Any, Any]) -> None:
    path = tmp_path / "trigger.yaml"
    path.write_text("event_type: object.created\npipeline_id: p\nfilter: {bucket: b, key: x, uri: y}\n")
    far = [event(f"far{number}") for number in range(6)]
    for each in far:
        each.data["bucket"] = "other"
    ledger.update({("bucket", each.record_id): each.model_dump() for each in (*far, event("x"))})
    lines = run("triggers", "backtest", str(path)).out.splitlines()

    assert lines[lines.index("  nearest misses:") + 1].split()[1] == "x"
