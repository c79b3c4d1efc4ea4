"""Policies, verdicts, replays and resumption through the SDK and the real handler."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from tests.api import api_client
from tests.fakes import FakeRuns, control_ports
from tests.ingest_fakes import FakeLedger, FakeStarter, ingest_ports
from tests.unit.ingest.samples import request

from aftertrain.client import Client, InvalidRequestError
from aftertrain.control import ports as control_ports_module
from aftertrain.errors import SenderError
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.receive import receive
from aftertrain.ingest.request import Request
from aftertrain.ingest.snapshot import CurrentSnapshot, Snapshot, read_snapshot
from aftertrain.lambdas import control
from aftertrain.model.policy import Concurrency, Key, Order, Policies, Rate

HELLO = {"steps": [{"id": "hi", "action": "log", "params": {"message": "hi"}}]}


@dataclass
class Api:
    """A client, its ports, and a source that sends."""

    client: Client
    ports: control_ports_module.ControlPorts
    ingest: IngestPorts

    def snapshot(self) -> Snapshot:
        """The snapshot that a webhook would read now."""
        return read_snapshot(1, self.ports.registry.snapshot().item)

    def send(self, event_id: str, **data: Any) -> None:
        envelope = {
            "event_type": "model.added",
            "event_id": event_id,
            **({"subject": data["key"]} if "key" in data else {}),
            "timestamp": "2026-01-01T00:00:00Z",
            "source": "r",
        }
        receive(request(envelope | {"data": data}, "registry", None), self.snapshot(), self.ingest)
        record = self.ingest.ledger.get(EventKey("registry", event_id))
        assert record is not None
        self.ports.runs.known_events["registry", event_id] = record.event.envelope() | {
            "source_id": "registry",
            "record_id": event_id,
            "received_at": record.received_at,
            "status": "done" if record.done else "received",
            "verdicts": [verdict.item() for verdict in record.all_verdicts],
            "executions": record.executions,
        }


@pytest.fixture
def api() -> Iterator[Api]:
    ports, ingest = control_ports(runs=FakeRuns()), ingest_ports(FakeLedger(), FakeStarter())
    current = mock.Mock(spec=CurrentSnapshot)
    current.get.side_effect = lambda: read_snapshot(1, ports.registry.snapshot().item)
    with (
        api_client(ports) as client,
        mock.patch.object(control.ingest, "ports", return_value=ingest),
        mock.patch.object(control.ingest, "snapshot", return_value=current),
    ):
        client.pipelines.create(id="p", definition=HELLO)
        client.sources.create("registry", kind="platform", auth="none")
        yield Api(client, ports, ingest)


def test_policies_are_taken_as_authors_write_them(api: Api) -> None:
    api.client.event_triggers.create(
        id="t",
        pipeline_id="p",
        event_type="model.added",
        order={"key": "model_name"},
        rate={"limit": 3, "per": "1h"},
        concurrency={"limit": 2, "on_full": "replace", "key": {"pattern": "^a/(.)"}},
        priority=5,
    )
    (watch,) = api.snapshot().compiled_triggers

    assert watch.trigger.priority == 5
    assert watch.trigger.policies == Policies(
        order=Order(Key(("model_name",))),
        rate=Rate(3, 3600.0),
        concurrency=Concurrency(2, "replace", Key(("subject",), "^a/(.)")),
    )


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"concurrency": {"limit": 0}}, "concurrency.limit"),
        ({"concurrency": {"limit": 1, "key": {"pattern": "("}}}, "not a valid RE2 regular expression"),
        ({"assemble": {"pattern": "x"}}, "the pattern needs the groups part and total"),
        ({"assemble": {"index": "a", "marker": "b"}}, "give one of pattern, index and marker"),
        ({"debounce": {"quiet": "soon"}}, "write a duration"),
        ({"debounce": {"quiet": "1h", "max_wait": "1m"}}, "max_wait is less than quiet"),
        ({"rate": {"limit": 1}}, "rate.per"),
        ({"order": "newest"}, "order"),
        ({"params": {"x": "{{ event.a | upper }}"}}, "there is|no path|has no parameter"),
    ],
)
def test_a_policy_that_could_not_work_is_refused(api: Api, policy: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added", **policy)


def test_a_policy_is_taken_away_by_none(api: Api) -> None:
    api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added", rate={"limit": 1, "per": 60})
    api.client.event_triggers.update("t", rate=None)

    assert api.snapshot().compiled_triggers[0].trigger.policies == Policies()


def test_an_event_is_explained_by_every_trigger_on_its_type(api: Api) -> None:
    create = api.client.event_triggers.create
    create(id="yes", pipeline_id="p", event_type="model.added")
    create(id="no", pipeline_id="p", event_type="model.*", filter={"model_name": "llama"})
    create(id="off", pipeline_id="p", event_type="model.added", enabled=False)
    create(id="other", pipeline_id="p", event_type="object.created")
    api.send("e1", model_name="gemma")
    create(id="later", pipeline_id="p", event_type="model.added")

    found = {each["trigger_id"]: each for each in api.client.events.get("registry", "e1").verdicts}

    assert {name: each["verdict"] for name, each in found.items()} == {
        "yes": "started",
        "no": "filtered",
        "off": "disabled",
        "later": "filtered",
    }
    assert (found["no"]["clause"], found["no"]["expected"], found["no"]["actual"]) == (
        "filter.model_name",
        "llama",
        "gemma",
    )
    assert found["later"]["clause"] == "created_at"


def test_a_replay_is_a_new_attempt_on_purpose_and_the_same_attempt_is_the_same(api: Api) -> None:
    api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added")
    api.send("e1")
    first, second = (api.client.events.replay("registry", "e1") for _ in range(2))
    again = api.client.events.replay("registry", "e1", attempt=2)

    assert [each["record_id"] for each in (first, second, again)] == ["e1~2", "e1~3", "e1~2"]
    assert again["executions"] == first["executions"]
    assert len(api.ingest.starter.started) == 3


def test_a_replay_of_a_set_has_its_parts_and_begins_no_other(api: Api) -> None:
    assemble = {"pattern": r"-(?P<part>\d+)-of-(?P<total>\d+)", "deadline": "1h"}
    api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added", assemble=assemble)
    for part in (1, 2):
        api.send(f"e{part}", bucket="b", key=f"m-{part}-of-2")
    ((name, (_, told)),) = api.ingest.starter.started.items()
    api.ports.runs.update({"id": name, "arn": f"arn:{name}", "pipeline_id": "p"})
    api.ports.machines.inputs[f"arn:{name}"] = told

    with pytest.raises(InvalidRequestError, match="this event did not complete a set of 't'"):
        api.client.events.replay("registry", "e1")
    again = api.client.events.replay("registry", "e2")

    (repeated,) = again["executions"]
    parts = [json.loads(text)["event"]["data"]["parts"] for _, text in api.ingest.starter.started.values()]
    assert repeated != name
    assert parts[0] == parts[1]
    assert len(parts[0]) == 2
    api.send("e3", bucket="b", key="m-1-of-2")
    assert len(api.ingest.starter.started) == 2


def test_each_trigger_gets_its_own_parts_and_those_without_a_set_none(api: Api) -> None:
    def sets(pattern: str) -> dict[str, Any]:
        return {"assemble": {"pattern": pattern, "deadline": "1h"}}

    make = api.client.event_triggers.create
    make(id="plain", pipeline_id="p", event_type="model.added")
    make(id="wide", pipeline_id="p", event_type="model.added", **sets(r"-(?P<part>\d+)-of-(?P<total>2)"))
    make(id="narrow", pipeline_id="p", event_type="model.added", **sets(r"(?P<part>\d)-of-(?P<total>2)$"))
    for part in (1, 2):
        api.send(f"e{part}", bucket="b", key=f"{part}/m-{part}-of-2")
    for name, (_, told) in api.ingest.starter.started.items():
        api.ports.runs.update({"id": name, "arn": f"arn:{name}", "pipeline_id": "p"})
        api.ports.machines.inputs[f"arn:{name}"] = told
    api.send("e3", bucket="b", key="2/m-1-of-2")
    before = dict(api.ingest.starter.started)
    for name, (_, told) in before.items():
        api.ports.runs.update({"id": name, "arn": f"arn:{name}", "pipeline_id": "p"})
        api.ports.machines.inputs[f"arn:{name}"] = told

    again = {each["trigger_id"]: each for each in api.client.events.replay("registry", "e3")["verdicts"]}
    told = [json.loads(text) for name, (_, text) in api.ingest.starter.started.items() if name not in before]

    assert {name: each["verdict"] for name, each in again.items()} == {
        "plain": "started",
        "wide": "started",
        "narrow": "started",
    }
    parts = {each["trigger"]["id"]: [part["key"] for part in each["event"]["data"].get("parts", [])] for each in told}
    assert parts["plain"] == []
    assert parts["wide"] == parts["narrow"] == ["2/m-1-of-2", "2/m-2-of-2"]
    only_plain = {
        each["trigger_id"]: each["verdict"] for each in api.client.events.replay("registry", "e1")["verdicts"]
    }
    assert only_plain == {"plain": "started", "wide": "filtered", "narrow": "filtered"}


def test_a_set_that_started_can_be_replayed_while_another_trigger_waits(api: Api) -> None:
    assemble = {"pattern": r"-(?P<part>\d+)-of-(?P<total>\d+)", "deadline": "1h"}
    api.client.event_triggers.create(id="sets", pipeline_id="p", event_type="model.added", assemble=assemble)
    api.client.event_triggers.create(id="full", pipeline_id="p", event_type="model.added", concurrency={"limit": 1})
    for part in (1, 2):
        api.send(f"e{part}", bucket="b", key=f"m-{part}-of-2")
    for name, (_, told) in api.ingest.starter.started.items():
        api.ports.runs.update({"id": name, "arn": f"arn:{name}", "pipeline_id": "p"})
        api.ports.machines.inputs[f"arn:{name}"] = told

    again = {each["trigger_id"]: each["verdict"] for each in api.client.events.replay("registry", "e2")["verdicts"]}

    assert again == {"sets": "started", "full": "queued"}


def test_a_replay_of_all_goes_on_behind_what_is_refused(api: Api) -> None:
    assemble = {"pattern": r"-(?P<part>\d+)-of-(?P<total>\d+)", "deadline": "1h"}
    api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added", assemble=assemble)
    api.client.event_triggers.create(id="u", pipeline_id="p", event_type="model.other")
    api.send("e1", bucket="b", key="m-1-of-2")
    api.send("e2", bucket="b", key="m-2-of-2")

    found = list(api.client.events.replay_since("registry", 86_400))

    assert all("did not complete a set" in each["refused"] for each in found)
    assert len(found) == 2


def test_what_was_never_received_cannot_be_replayed(api: Api) -> None:
    with pytest.raises(InvalidRequestError, match="has sent no event"):
        api.client.events.replay("registry", "never")


def test_a_paused_trigger_goes_on_when_it_is_resumed(api: Api) -> None:
    api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added", rate={"limit": 1, "per": "1h"})
    for number in range(3):
        api.send(f"e{number}")
    assert [each.verdicts[0]["verdict"] for each in api.client.events.list()] == ["started", "paused", "paused"]

    assert api.client.event_triggers.resume("t") == 2
    assert len(api.ingest.redrives.sent) == 2
    with pytest.raises(InvalidRequestError, match="is not paused"):
        api.client.event_triggers.resume("t")


def test_events_that_started_nothing_are_listed_only_on_demand(api: Api) -> None:
    api.send("e1")

    assert api.client.events.list() == []
    assert [each.event_id for each in api.client.events.list(everything=True)] == ["e1"]


def test_what_was_given_up_is_queued_again(api: Api) -> None:
    api.ports.dead_letters.held = 3

    assert [api.client.events.replay_dead_letters() for _ in range(2)] == [3, 0]


def test_an_execution_is_stopped_while_it_runs(api: Api) -> None:
    item = {"id": "e", "arn": "arn:e", "status": "running", "pipeline_id": "p", "version": 1}
    more = {"trigger_id": "t", "event": {}, "started_at": "2026-01-01T00:00:00+00:00", "stopped_at": None}
    api.ports.runs.update(item | more | {"error": None, "cause": None})
    api.client.executions.stop("e", "a better one is coming")

    assert api.ports.machines.stopped == [("arn:e", "a better one is coming")]
    api.ports.runs.update(item | more | {"status": "failed", "error": None, "cause": None})
    with pytest.raises(InvalidRequestError, match="has already ended: failed"):
        api.client.executions.stop("e")


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def test_events_of_a_registered_type_have_to_fit(api: Api) -> None:
    api.client.event_types.register("model.added", SCHEMA)
    api.send("good", n=1)
    with pytest.raises(SenderError, match=r"data\.n must be integer") as caught:
        api.send("bad", n="one")

    assert caught.value.field == "data.n"
    assert api.client.event_types.list() == {"model.added": SCHEMA}
    api.client.event_types.delete("model.added")
    api.send("bad", n="one")


@pytest.mark.parametrize(
    ("event_type", "schema", "why"),
    [
        ("Nodots", {}, "is not a dotted name"),
        ("object.created", {}, "choose another event type"),
        ("a.b", {"type": "objekt"}, "this is not a JSON Schema"),
        ("a.b", {"properties": {"x": {"pattern": "(a+)+$"}}}, "uses 'pattern'"),
        ("a.b", {"$ref": "https://example.com/schema"}, r"uses '\$ref'"),
        ("a.b", {"properties": {"a": {"multipleOf": 0}}}, "above 0"),
        ("a.b", {"enum": ["x" * 17_000]}, "more than 16384 bytes"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(api: Api, event_type: str, schema: Any, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        api.client.event_types.register(event_type, schema)


def test_a_field_may_have_the_name_of_a_keyword(api: Api) -> None:
    schema = {"properties": {"pattern": {"type": "string"}, "id": {"type": "string"}}}
    api.client.event_types.register("a.b", schema)

    assert "a.b" in api.client.event_types.list()


def test_templates_are_checked_against_a_registered_type(api: Api) -> None:
    api.client.event_types.register("run.over", {"properties": {"run_id": {"type": "string"}, "n": {"type": "number"}}})
    step = {"id": "a", "action": "log", "params": {"message": "{{ event.run_idd }}"}}
    with pytest.raises(InvalidRequestError) as caught:
        api.client.pipelines.create(id="q", definition={"steps": [step], "triggers": [{"event_type": "run.over"}]})

    (mistake,) = caught.value.diagnostics
    assert (mistake["code"], mistake["hint"]) == ("AT305", "did you mean 'run_id'?")
    step["params"] = {"message": "{{ event.run_id }} {{ event.n + 1 }} {{ event.else }}"}
    api.client.pipelines.create(id="q", definition={"steps": [step], "triggers": [{"event_type": "run.over"}]})


def test_a_library_for_standard_webhooks_takes_the_secret_that_is_made(api: Api) -> None:
    """Such libraries decode the part after `whsec_` as base64, and use it as the key."""
    source = api.client.sources.create("custom", kind="standard_webhooks")
    key = base64.b64decode((source.secret or "").removeprefix("whsec_"), validate=True)
    body, now = json.dumps({"type": "model.added", "timestamp": "2026-01-01T00:00:00Z", "data": {}}), api.ingest.clock()
    signed = base64.b64encode(hmac.digest(key, f"msg_1.{int(now)}.{body}".encode(), "sha256")).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now)), "webhook-signature": f"v1,{signed}"}

    assert receive(Request("custom", headers, body.encode()), api.snapshot(), api.ingest).received == 1


def test_a_trigger_is_tested_before_it_is_made_and_after(api: Api) -> None:
    written = {"event_type": "model.added", "filter": {"model_name": "llama"}, "pipeline_id": "p"}
    about = {"event_type": "model.added", "event_id": "1", "timestamp": "2026-01-01T00:00:00Z", "source": "s"}
    envelope = about | {"data": {"model_name": "x"}}
    api.client.event_triggers.create(id="t", **written)
    asked = [api.client.event_triggers.test(trigger, envelope) for trigger in ("t", written)]

    assert [(each["verdict"], each["clause"]) for (each,) in asked] == [("filtered", "filter.model_name")] * 2
    assert api.ingest.starter.started == {}
    with pytest.raises(InvalidRequestError, match="event_type"):
        api.client.event_triggers.test({"pipeline_id": "p"}, envelope)


def test_a_backtest_is_asked_of_the_api(api: Api) -> None:
    api.client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added")
    for name in ("llama", "gemma"):
        api.send(name, model_name=name)
        api.ports.runs.known_events["registry", name]["record_id"] = name
    found = api.client.event_triggers.backtest({"event_type": "model.added", "filter": {"model_name": "llama"}})

    assert (found.events, len(found.matched), len(found.missed), found.complete) == (2, 1, 1, True)


def test_a_trigger_names_a_source_that_exists(api: Api) -> None:
    api.client.sources.create("weights", kind="tigris")
    made = api.client.event_triggers.create(pipeline_id="p", event_type="object.created", source="weights", id="t")

    with pytest.raises(InvalidRequestError, match="no source is called 'wieghts': create it first"):
        api.client.event_triggers.update("t", source="wieghts")
    assert made.source == ["weights"]
    assert api.client.event_triggers.update("t", source=["weights", "aws"]).source == ["weights", "aws"]
    assert api.client.event_triggers.update("t", source=None).source is None


def test_the_stages_own_sources_cannot_be_taken(api: Api) -> None:
    with pytest.raises(InvalidRequestError, match="the stage's own events"):
        api.client.sources.create("aws", kind="platform")


def test_an_event_says_that_its_sender_may_not_fire_the_trigger(api: Api) -> None:
    trigger = {"id": "t", "event_type": "object.created"}
    envelope = {"event_type": "object.created", "event_id": "1", "timestamp": "2026-01-01T00:00:00Z", "data": {}}

    (verdict,) = api.client.event_triggers.test(trigger, envelope)
    (named,) = api.client.event_triggers.test(trigger | {"source": "relay"}, envelope)

    assert (verdict["verdict"], verdict["clause"]) == ("filtered", "source")
    assert verdict["expected"] == "a source of kind tigris or s3 or r2 or eventbridge, or `source` names it"
    assert named["verdict"] == "started"
