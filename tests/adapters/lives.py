"""The course of jobs on moto's Batch and SageMaker. moto itself knows only success and failure.

    with batch_lives(["reclaimed", "succeeds"]):       attempts of Batch, one after the other, by the job's own rules
    with sagemaker_lives(["fails"]):                   adds `.sync` for SageMaker and a stop, which moto lacks

The reason of an end has the services' own words, as far as they are documented. A `terminated` job runs until somebody
stops it.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from unittest import mock

import boto3
import moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_factory as factory
from botocore.session import get_session
from moto.batch_simple.models import BatchSimpleBackend
from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

ACCOUNT = "123456789012"  # moto's
# How a try on Batch ends: what Batch says of it, what it says of the container, and the program's code.
BATCH = {
    "succeeds": ("Essential container in task exited", "", 0),
    "reclaimed": ("Host EC2 (instance i-0a1b2c3d4e5f) terminated.", "", None),
    "fails": ("Essential container in task exited", "", 1),
    "out of memory": ("Essential container in task exited", "OutOfMemoryError: container killed", 137),
    "takes too long": ("Job attempt duration exceeded timeout", "", 137),
}
# How a job on SageMaker ends: its status, and the reason.
SAGEMAKER = {
    "succeeds": ("Completed", ""),
    "fails": ("Failed", "AlgorithmError: the accuracy is 0.7000, below the gate's 0.8"),
    "reclaimed for good": ("Failed", "MaxWaitTimeExceeded: no spot capacity in time"),
    "takes too long": ("Stopped", "MaxRuntimeExceeded"),
    "terminated": ("Stopped", ""),
}


@contextlib.contextmanager
def batch_lives(lives: list[str], program: Callable[[str], None] = lambda _: None) -> Iterator[dict[str, int]]:
    """Each attempt takes the next life, and runs the program with the job's id. Yields the attempts of each job."""
    asked: dict[str, dict[str, Any]] = {}
    tries: dict[str, int] = {}
    submit = StateTaskServiceBatch._eval_service_task

    def submitted(self: Any, normalised_parameters: dict[str, Any], **others: Any) -> None:
        asked[normalised_parameters["jobName"]] = normalised_parameters
        submit(self, normalised_parameters=normalised_parameters, **others)

    def lived(self: Any, include_start_attempt: bool, job: Any) -> None:
        self.backend._jobs[job.job_id] = job
        job.job_started_at, job.log_stream_name = datetime.now(UTC), job._stream_name
        strategy = asked[job.job_name]["retryStrategy"]
        for _ in range(strategy["attempts"]):
            life = lives.pop(0)
            tries[job.job_name] = tries.get(job.job_name, 0) + 1
            job._start_attempt()
            program(job.job_id)
            if life == "terminated":
                job.status = "RUNNING"
                job.terminate = lambda reason: _ended(job, reason)
                return
            if life == "succeeds":
                job._mark_stopped(success=True)
                return
            if retried(strategy["evaluateOnExit"], *BATCH[life]) is False:
                break
        _ended(job, BATCH[life][0])

    with (
        mock.patch.object(StateTaskServiceBatch, "_eval_service_task", submitted),
        mock.patch.object(BatchSimpleBackend, "_mark_job_as_finished", lived),
    ):
        yield tries


def _ended(job: Any, reason: str) -> None:
    job.job_stopped_reason = reason
    job._mark_stopped(success=False)


def retried(rules: list[dict[str, str]], status: str, reason: str, code: int | None) -> bool:
    """Batch's decision on a failed attempt: the first rule whose conditions all hold. It tries again if none matches.

    docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
    """
    said = {"onStatusReason": status, "onReason": reason, "onExitCode": "" if code is None else str(code)}
    for rule in rules:
        if all(fnmatchcase(said[name], rule[name]) for name in said if name in rule):
            return rule["action"] == "RETRY"
    return True


def _kind(parameters: dict[str, Any]) -> str:
    return "Processing" if "ProcessingJobName" in parameters else "Training"


def _pascal(action: str) -> str:
    return action[0].upper() + action[1:]


def _client(part: Any) -> Any:
    return boto3.client("sagemaker", region_name=part.region, aws_access_key_id="x", aws_secret_access_key="x")


@contextlib.contextmanager
def sagemaker_lives(lives: list[str]) -> Iterator[list[str]]:
    """Each job takes the next life. Yields the names of the created jobs."""
    made: list[str] = []

    class Service(_SageMaker):
        def _eval_service_task(
            self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
        ) -> None:
            super()._eval_service_task(env, resource_runtime_part, normalised_parameters, state_credentials)
            kind = _kind(normalised_parameters)
            name = normalised_parameters[f"{kind}JobName"]
            backend = sagemaker_backends[ACCOUNT][resource_runtime_part.region]
            job = getattr(backend, f"{kind.lower()}_jobs")[name]
            status, reason = SAGEMAKER[lives.pop(0)]
            setattr(job, f"{kind.lower()}_job_status", status)
            job.failure_reason = reason or None
            made.append(name)

    known = factory.state_task_service_for

    def service_for(service_name: str) -> Any:
        return Service() if service_name == "sagemaker" else known(service_name=service_name)

    with (
        mock.patch.object(factory, "state_task_service_for", service_for),
        mock.patch.object(SageMakerResponse, "stop_training_job", _stop_training_job, create=True),
    ):
        yield made


def _stop_training_job(response: SageMakerResponse) -> ActionResult:
    """moto can stop processing jobs. This stops training jobs as well."""
    name = response._get_param("TrainingJobName")
    response.sagemaker_backend.training_jobs[name].training_job_status = "Stopped"
    return EmptyResult()


class _SageMaker(StateTaskServiceCallback):
    """`createProcessingJob.sync` and `createTrainingJob.sync`: create the job, then describe it to its end."""

    def __init__(self) -> None:
        # With tokens, for moto ends what waits by them also where nobody waits by one.
        super().__init__(supported_integration_patterns={ResourceCondition.Sync, ResourceCondition.WaitForTaskToken})

    def _get_supported_parameters(self) -> set[str]:
        operation = get_session().get_service_model("sagemaker").operation_model(_pascal(self.resource.api_action))
        return set(operation.input_shape.members)

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        response = getattr(_client(resource_runtime_part), self._get_boto_service_action())(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(response)

    def _build_sync_resolver(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Callable[[], dict[str, Any] | None]:
        client = _client(resource_runtime_part)
        env.stack.pop()
        kind = _kind(normalised_parameters)
        name = {f"{kind}JobName": normalised_parameters[f"{kind}JobName"]}

        def resolve() -> dict[str, Any] | None:
            found = getattr(client, f"describe_{kind.lower()}_job")(**name)
            found.pop("ResponseMetadata", None)
            status = found[f"{kind}JobStatus"]
            if status in ("InProgress", "Stopping"):
                return None
            described: dict[str, Any] = json.loads(to_json_str(found))
            if status == "Completed":
                return described
            raise FailureEventException(self._failed(env, described))

        return resolve

    def _failed(self, env: Any, described: dict[str, Any]) -> Any:
        failed = StatesErrorNameType.StatesTaskFailed
        details = TaskFailedEventDetails(
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
            error=failed.to_name(),
            cause=json.dumps(described),
        )
        return FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=failed),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )
