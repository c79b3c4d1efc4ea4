"""Replicas of the Open Inference Protocol: the requests, and the answers that are accepted."""

from typing import Any

import pytest
from tests.fakes import FakeCalls, FakeObjects
from tests.ingest_fakes import FakeClock

from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.oip import OipFleet, zeros

URL, REPOSITORY = "http://r0", "s3://artifacts/clusters/c/0"
ASSIGNMENT = f"{REPOSITORY}/digits.json"
RELEASE = Release("digits", "v2", "s3://artifacts/model.onnx", ready_timeout=5)
METADATA = {"inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, 3]}]}
ANSWER = {"model_version": "v2", "outputs": [{"name": "logits", "data": [0.5, 1.0]}]}


def fleet(**answers: Any) -> tuple[OipFleet, FakeObjects, FakeCalls]:
    """A fleet of one replica. Answers are chosen by the last part of the path."""
    given = {"POST http://r0/v2/models/digits/infer": ANSWER, "GET http://r0/v2/models/digits": METADATA}
    named = {f"/{name}": answer for name, answer in answers.items()}
    objects, calls, clock = FakeObjects(), FakeCalls(named | given), FakeClock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    return OipFleet({URL: REPOSITORY}, objects, calls, clock, sleep), objects, calls


def test_an_update_assigns_loads_waits_and_probes() -> None:
    replicas, objects, calls = fleet()
    replicas.update(URL, RELEASE)

    assert objects.objects == {ASSIGNMENT: {"name": "digits", "version": "v2", "uri": "s3://artifacts/model.onnx"}}
    assert calls.made == [
        "POST http://r0/v2/repository/models/digits/load",
        "GET http://r0/v2/models/digits/ready",
        "GET http://r0/v2/models/digits",
        "POST http://r0/v2/models/digits/infer",
    ]


def test_a_given_probe_is_used() -> None:
    replicas, _, calls = fleet()
    replicas.update(URL, Release("digits", "v2", "s3://x/y", {"inputs": []}))

    assert "GET http://r0/v2/models/digits" not in calls.made


def test_a_model_may_take_its_time() -> None:
    replicas, _, calls = fleet(ready=[ReplicaError("not yet"), ReplicaError("not yet"), {}])
    replicas.update(URL, RELEASE)

    assert calls.made.count("GET http://r0/v2/models/digits/ready") == 3


def test_a_model_that_does_not_get_ready_in_time_is_given_up() -> None:
    replicas, _, _ = fleet(ready=[ReplicaError("not yet")] * 100)
    with pytest.raises(ReplicaError, match="was not ready after 5 s: not yet"):
        replicas.update(URL, RELEASE)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ANSWER | {"model_version": "v1"}, "answers as version 'v1', not 'v2'"),
        (ANSWER | {"outputs": []}, "without finite outputs"),
        (ANSWER | {"outputs": [{"data": []}]}, "without finite outputs"),
        (ANSWER | {"outputs": [{"data": [float("nan")]}]}, "without finite outputs"),
        (ReplicaError("status 500"), "status 500"),
        ([[]], "does not follow the protocol"),
        (ANSWER | {"outputs": [5]}, "does not follow the protocol"),
    ],
)
def test_a_probe_is_believed_only_if_it_is_sound(answer: Any, why: str) -> None:
    replicas, _, _ = fleet(infer=answer)
    with pytest.raises(ReplicaError, match=why):
        replicas.update(URL, RELEASE)


def test_restoring_assigns_and_loads_what_was_there() -> None:
    replicas, objects, calls = fleet()
    replicas.restore(URL, RELEASE, {"name": "digits", "version": "v1", "uri": "s3://old"})

    assert objects.objects[ASSIGNMENT]["version"] == "v1"
    assert calls.made[0] == "POST http://r0/v2/repository/models/digits/load"


def test_restoring_nothing_unloads() -> None:
    replicas, objects, calls = fleet()
    objects.write(ASSIGNMENT, {"version": "v2"})
    replicas.restore(URL, RELEASE, None)

    assert objects.objects == {}
    assert calls.made == ["POST http://r0/v2/repository/models/digits/unload"]


def test_what_never_loaded_needs_no_unloading() -> None:
    replicas, _, _ = fleet(unload=ReplicaError("404"), ready=ReplicaError("404"))
    replicas.restore(URL, RELEASE, None)


def test_what_goes_on_serving_is_a_failure() -> None:
    replicas, _, _ = fleet(unload=ReplicaError("500"))
    with pytest.raises(ReplicaError, match="500"):
        replicas.restore(URL, RELEASE, None)


def test_zeros_have_the_shape_of_the_inputs() -> None:
    request = zeros(
        {
            "inputs": [
                {"name": "a", "datatype": "FP32", "shape": [-1, 2]},
                {"name": "b", "datatype": "BYTES", "shape": [1]},
                {"name": "c", "datatype": "INT64", "shape": [2]},
            ]
        }
    )

    assert [(each["shape"], each["data"]) for each in request["inputs"]] == [
        ([1, 2], [0.0, 0.0]),
        ([1], [""]),
        ([2], [0, 0]),
    ]
