"""A service that never arrives: its roll-out is rolled back. A step may interrupt it, or wait for it."""

import pytest
from tests.unit.tasks.stage import TARGET_A, TARGET_B, A, B, Stage

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import ReplicaError
from aftertrain.tasks.deployments.on_service_event import on_service_event
from aftertrain.tasks.ports import DeploymentFailedError, TaskError


def test_a_service_that_never_gets_there_is_sent_back(stuck: Stage) -> None:
    assert on_service_event(stuck.service.resource, stuck.ports) == "rolling"
    stuck.ports.sleep(700)

    assert on_service_event(stuck.service.resource, stuck.ports) == "rolling"
    assert f"back {TARGET_A} 1" in stuck.service.made
    assert stuck.told() == "rolled_back"
    assert "it had not finished after 600 seconds" in stuck.answers[0][1][1]


@pytest.mark.parametrize("seconds", [60, 2000])
def test_a_rollback_does_not_wait_for_what_is_stuck(stuck: Stage, seconds: int) -> None:
    stuck.ports.sleep(seconds)
    stuck.step("rollback", "e3", "t3")

    assert f"shift {TARGET_A}" in stuck.service.made
    assert stuck.told() == "healthy"
    assert stuck.answers[-1][0] == "t3"


def test_who_is_interrupted_hears_of_it(stuck: Stage) -> None:
    stuck.step("rollback", "e3", "t3")

    why = "deployment 'digits' on 'c' is failed: another step has interrupted it (rollback)"
    assert stuck.answers == [("t2", ("DeploymentFailedError", why))]
    assert [(event.type, event.data["model_uri"]) for event in stuck.events] == [("deployment.failed", B)]
    with pytest.raises(TaskError, match="is being rolled out by execution 'e3'"):
        stuck.step("update", "e2", "t2", model_uri=B)
    stuck.told()
    with pytest.raises(TaskError, match="this roll-out was interrupted"):
        stuck.step("update", "e2", "t2", model_uri=B)
    stuck.step("scale", "e4", "t4", replicas=2)
    stuck.told()
    with pytest.raises(TaskError, match="this roll-out was interrupted"):
        stuck.step("update", "e2", "t2", model_uri=B)


@pytest.mark.parametrize(("verb", "call"), [("rollback", "prepare"), ("rollback", "shift"), ("delete", "remove")])
def test_what_is_refused_overtakes_nothing(stuck: Stage, verb: str, call: str) -> None:
    stuck.service.refuses[call] = OperatorError("denied")
    with pytest.raises(DeploymentFailedError, match="denied"):
        stuck.step(verb, "e3", "t3")
    stuck.service.refuses.clear()

    assert stuck.answers == []
    assert (stuck.told(), stuck.service.target) == ("healthy", TARGET_B)
    assert [token for token, _ in stuck.answers] == ["t2"]


@pytest.mark.parametrize("verb", ["rollback", "delete"])
def test_who_overtakes_before_anything_is_asked_for_is_not_forgotten(stuck: Stage, verb: str) -> None:
    stuck.service.refuses["prepare"] = BusyError("throttled")
    with pytest.raises(BusyError):
        stuck.step("rollback", "e3", "t3")
    stuck.service.refuses.clear()
    with pytest.raises(TaskError, match="is being rolled out by execution 'e3'"):
        stuck.step("scale", "e5", "t5", replicas=2)
    stuck.step(verb, "e4", "t4")

    assert [token for token, _ in stuck.answers if token != "t4"] == ["t3", "t2"]
    stuck.told()
    for execution, token in (("e2", "t2"), ("e3", "t3")):
        with pytest.raises(TaskError, match="this roll-out was interrupted"):
            stuck.step("update", execution, token, model_uri=B)


def test_an_update_that_nobody_looks_after_is_not_ended_by_one_that_is_refused(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)
    serving.ports.sleep(2000)
    with pytest.raises(DeploymentFailedError, match="busy with another change"):
        serving.step("update", "e3", "t3", model_uri="s3://artifacts/c.tar.gz")

    assert serving.told() == "healthy"
    assert [token for token, _ in serving.answers] == ["t2"]


def test_a_rollback_that_goes_wrong_leaves_what_the_record_says(stuck: Stage) -> None:
    stuck.step("rollback", "e3", "t3")
    stuck.service.refuses["probe"] = ReplicaError("no finite outputs")

    stuck.told()
    assert (stuck.told(), stuck.service.target) == ("rolled_back", TARGET_A)


def test_what_came_to_be_served_by_nobody_is_deleted_once(stuck: Stage) -> None:
    stage = Stage()
    stage.service.interruptible = True
    stage.step("create", "e1", model_uri=A)

    first = stage.step("delete", "e4", "t4")
    again = stage.step("delete", "e4", "t4")
    assert first["status"] == again["status"] == "deleted"


def test_what_cannot_be_interrupted_is_waited_for(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)

    with pytest.raises(TaskError, match="is being rolled out by execution 'e2'"):
        serving.step("rollback", "e3", "t3")


def test_a_scaling_interrupts_nothing(stuck: Stage) -> None:
    with pytest.raises(TaskError, match="is being rolled out by execution 'e2'"):
        stuck.step("scale", "e3", "t3", replicas=3)
