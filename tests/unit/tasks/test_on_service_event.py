"""Deployments on a service: a step starts them, the service reports their end, and the step gets its answer."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import tasks_ports
from tests.unit.tasks.stage import TARGET_A, TARGET_B, A, B, Stage

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import ReplicaError
from aftertrain.fleets.service_fleet import ServiceState
from aftertrain.tasks.deployments.on_service_event import on_service_event
from aftertrain.tasks.ports import DeploymentFailedError, TaskError
from aftertrain.tasks.watch_clusters import watch_clusters


def test_the_step_waits_until_the_service_is_through() -> None:
    stage = Stage()

    assert stage.step("create", "e1", model_uri=A, replicas=2) == {}
    assert (stage.answers, stage.events) == ([], [])
    assert stage.told() == "healthy"
    ((token, output),) = stage.answers
    assert (token, output["status"], output["replicas"]) == ("t1", "healthy", 2)
    assert output["endpoint_urls"] == ["https://runtime/endpoint-digits"]
    assert [event.type for event in stage.events] == ["deployment.created"]


def test_what_a_deployment_may_go_back_to_is_kept(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)
    serving.told()

    assert f"tidy {' '.join(sorted([TARGET_A, TARGET_B]))}" in serving.service.made
    serving.step("delete", "e3", "t3")
    assert "tidy" in serving.service.made


def test_a_deployment_is_good_if_nothing_can_be_tidied(serving: Stage) -> None:
    serving.service.refuses["tidy"] = OperatorError("AccessDenied")
    serving.step("update", "e2", "t2", model_uri=B)
    serving.told()

    ((_, output),) = serving.answers
    assert output["status"] == "healthy"


def test_news_of_what_is_still_moving_changes_nothing() -> None:
    stage = Stage()
    stage.step("create", "e1", model_uri=A)

    assert on_service_event(stage.service.resource, stage.ports) == "rolling"
    assert stage.answers == []


def test_news_that_comes_twice_is_answered_once(serving: Stage) -> None:
    assert on_service_event(serving.service.resource, serving.ports) == "healthy"
    assert (serving.answers, serving.events) == ([], [])


def test_a_resource_of_somebody_else_is_none_of_ours() -> None:
    assert on_service_event("endpoint-of-others", Stage().ports) is None


def test_a_service_that_goes_back_fails_the_step(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)
    serving.service.reason = "alarm p99 went off"
    serving.told(at_target=False)

    ((token, (error, cause)),) = serving.answers
    assert (token, error) == ("t2", "DeploymentFailedError")
    assert "is rolled_back: alarm p99 went off" in cause
    assert serving.events[-1].type == "deployment.failed"
    assert on_service_event(serving.service.resource, serving.ports) == "rolled_back"
    assert len(serving.answers) == 1


def test_a_release_that_does_not_answer_goes_back_to_the_one_before(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)
    serving.service.refuses["probe"] = ReplicaError("no finite outputs")
    assert serving.told() == "rolling"
    assert serving.service.made.count(f"back {TARGET_A} 1") == 1
    assert serving.told() == "rolled_back"

    assert "no finite outputs" in serving.answers[0][1][1]
    assert serving.service.target == TARGET_A


def test_the_first_release_of_a_service_that_does_not_answer_is_removed() -> None:
    stage = Stage()
    stage.step("create", "e1", model_uri=A)
    stage.service.refuses["probe"] = ReplicaError("no finite outputs")

    assert stage.told() == "rolled_back"
    assert stage.service.state == "missing"


def test_a_step_that_hears_nothing_looks_by_itself() -> None:
    """Its heartbeat has run out, so Step Functions calls again, with a new token."""
    stage = Stage()
    stage.step("create", "e1", model_uri=A)
    stage.service.arrive()
    output = stage.step("create", "e1", "t2", model_uri=A)

    assert output["status"] == "healthy"
    assert stage.answers == [("t2", output)]
    assert [each for each in stage.service.made if each.startswith("shift")] == [f"shift {TARGET_A}"]


def test_the_last_try_is_the_one_that_is_answered() -> None:
    stage = Stage()
    stage.step("create", "e1", model_uri=A)
    stage.step("create", "e1", "t2", model_uri=A)
    stage.told()

    assert [token for token, _ in stage.answers] == ["t2"]


@pytest.mark.parametrize("call", ["look", "prepare", "shift", "probe"])
def test_a_service_that_does_not_answer_is_asked_again(call: str) -> None:
    stage = Stage()
    stage.service.refuses[call] = BusyError("try later")
    if call == "probe":
        stage.step("create", "e1", model_uri=A)
        stage.service.arrive()
    with pytest.raises(BusyError):
        stage.step("create", "e1", model_uri=A)
    stage.service.refuses.clear()
    stage.step("create", "e1", model_uri=A)

    assert stage.told() == "healthy"


def test_what_the_service_refuses_fails_the_step_at_once() -> None:
    stage = Stage()
    stage.service.refuses["prepare"] = OperatorError("no quota for it")
    with pytest.raises(DeploymentFailedError, match="is rolled_back: no quota for it"):
        stage.step("create", "e1", model_uri=A)


def test_a_service_that_takes_no_change_is_left_as_it_is(serving: Stage) -> None:
    serving.service.refuses["shift"] = OperatorError("no quota for it")
    with pytest.raises(DeploymentFailedError, match="is rolled_back: no quota for it"):
        serving.step("update", "e2", "t2", model_uri=B)

    assert not any(each.startswith("back") for each in serving.service.made)


def test_a_service_that_somebody_else_changes_is_left_to_them(serving: Stage) -> None:
    serving.service.state, serving.service.target = "moving", "by-hand"
    with pytest.raises(DeploymentFailedError, match="the service is busy with another change"):
        serving.step("update", "e2", "t2", model_uri=B)

    assert f"shift {TARGET_B}" not in serving.service.made


def test_what_somebody_else_has_brought_is_not_taken_back(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)
    serving.service.refuses["probe"] = ReplicaError("no finite outputs")
    serving.service.refuses["back"] = BusyError("try later")
    with pytest.raises(BusyError):
        serving.told()
    serving.service.refuses.clear()
    serving.service.target = "by-hand"

    assert serving.told() == "failed"
    assert "and then: somebody else has changed the service to by-hand" in serving.answers[0][1][1]
    assert serving.service.target == "by-hand"


def test_scaling_waits_for_the_service_too(serving: Stage) -> None:
    serving.step("scale", "e2", "t2", replicas=3)
    assert serving.told() == "healthy"

    assert serving.answers[0][1]["replicas"] == 3
    assert "resize 3" in serving.service.made


def test_deleting_is_over_when_it_is_accepted(serving: Stage) -> None:
    assert serving.step("delete", "e2")["status"] == "deleted"
    assert serving.service.state == "missing"
    assert serving.events[-1].type == "deployment.deleted"


def test_a_service_without_a_prediction_to_ask_for_is_refused() -> None:
    stage = Stage()
    del stage.deployments.known["c"]["probe"]
    with pytest.raises(TaskError, match="set a probe on the step or the cluster"):
        stage.step("create", "e1", model_uri=A)
    assert stage.service.made == []


def test_the_health_of_services_counts_what_is_wanted(serving: Stage) -> None:
    serving.service.desired, serving.service.size = 3, 2

    assert watch_clusters("look-1", serving.ports) == {"c": "degraded"}
    serving.service.size = 3
    assert watch_clusters("look-2", serving.ports) == {"c": "healthy"}
    assert [event.type for event in serving.events] == ["cluster.unhealthy", "cluster.ready"]


def test_a_cluster_that_cannot_be_looked_at_does_not_keep_the_others() -> None:
    lines: list[Any] = []
    stage = Stage()
    stage.deployments.known["a"] = {"id": "a", "kind": "oip", "replicas": []}
    ports = tasks_ports(
        deployments=stage.deployments, log=lambda *line: lines.append(line), calls=None,
        service_fleet=lambda cluster, name: stage.service,
    )  # fmt: skip
    stage.step("create", "e1", model_uri=A)
    stage.service.refuses["look"] = BusyError("try later")

    assert set(watch_clusters("look-1", ports)) == {"a"}
    assert "cluster c could not be checked" in lines[0][1]


def test_a_service_goes_back_to_as_many_as_there_were(serving: Stage) -> None:
    serving.step("scale", "e2", replicas=4)
    serving.told()
    serving.step("update", "e3", "t3", model_uri=B)
    serving.service.refuses["probe"] = ReplicaError("no finite outputs")
    serving.told()

    assert f"back {TARGET_A} 4" in serving.service.made


def test_a_service_that_has_taken_a_scaling_in_is_waited_for(serving: Stage) -> None:
    """ECS has no deployment for a scaling. It reports the desired number at once, and the running one later."""
    serving.step("scale", "e2", "t2", replicas=3)
    serving.service.state = "settled"

    assert on_service_event(serving.service.resource, serving.ports) == "rolling"
    serving.service.size = 3
    assert on_service_event(serving.service.resource, serving.ports) == "healthy"


def test_a_first_release_that_failed_leaves_the_cluster_healthy_and_can_be_deleted() -> None:
    stage = Stage()
    stage.step("create", "e1", model_uri=A)
    stage.service.refuses["probe"] = ReplicaError("no finite outputs")
    stage.told()

    assert watch_clusters("look-1", stage.ports) == {"c": "healthy"}
    assert stage.step("delete", "e2")["status"] == "deleted"


def test_what_was_rolled_back_is_not_rolled_out_anew_by_a_look_that_fails(serving: Stage) -> None:
    serving.step("update", "e2", "t2", model_uri=B)
    serving.service.arrive(at_target=False)
    looks, look = iter(range(1)), serving.service.look

    def once() -> ServiceState:
        if next(looks, None) is None:
            raise BusyError("try later")
        return look()

    serving.service.look = once  # type: ignore[method-assign]  # one look tells the end; another would ask for a retry
    with pytest.raises(DeploymentFailedError):
        serving.step("update", "e2", "t3", model_uri=B)


def test_an_answer_does_not_close_the_roll_out_that_comes_after_it(serving: Stage) -> None:
    """The answered step continues at once: the next step may record its own roll-out before the answer is recorded."""

    class Quick:
        def succeed(self, token: str, output: dict[str, Any]) -> None:
            answers.append(token)
            if token == "t2":
                serving.step("scale", "e3", "t3", replicas=3)

        def fail(self, token: str, error: str, cause: str) -> None:
            raise AssertionError(cause)

    answers: list[str] = []
    serving.step("update", "e2", "t2", model_uri=B)
    serving.ports = replace(serving.ports, answers=Quick())
    serving.told()
    serving.told()

    assert answers == ["t2", "t3"]


def test_a_second_deployment_does_not_take_a_service_away(serving: Stage) -> None:
    with pytest.raises(TaskError, match="endpoint-digits serves 'digits' of 'c': delete that first"):
        serving.step("create", "e2", model_uri=B, deployment_name="letters")
    serving.step("delete", "e3")

    assert serving.step("create", "e4", model_uri=B, deployment_name="letters") == {}


def test_a_delete_whose_answer_is_lost_is_a_delete(serving: Stage) -> None:
    """The client repeats the request by itself, and is refused because the service is being deleted."""
    remove = serving.service.remove

    def lost() -> None:
        remove()
        raise OperatorError("the endpoint is being deleted")

    serving.service.remove = lost  # type: ignore[method-assign]  # once
    assert serving.step("delete", "e2")["status"] == "deleted"


def test_replicas_that_do_not_serve_are_taken_away_again() -> None:
    stage = Stage()
    stage.step("create", "e1", model_uri=A, replicas=2)
    stage.told()
    stage.step("scale", "e2", "t2", replicas=4)
    stage.service.refuses["probe"] = ReplicaError("no finite outputs")
    stage.told()

    assert stage.service.desired == 2
    assert stage.told() == "rolled_back"


def test_as_many_as_are_asked_for_serve_also_if_the_model_is_the_same() -> None:
    stage = Stage()
    stage.step("create", "e1", model_uri=A, replicas=4)
    stage.told()
    stage.step("scale", "e2", "t2", replicas=2)
    stage.told()
    stage.step("create", "e3", "t3", model_uri=A, replicas=4)

    assert stage.told() == "healthy"
    assert stage.service.size == 4
