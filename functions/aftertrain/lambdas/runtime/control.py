"""What the control plane needs, built once per process from the environment."""

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from aftertrain.aws.approvals import StepFunctionsAnswers
from aftertrain.aws.clients import patient
from aftertrain.aws.job_ends import ServiceJobs
from aftertrain.aws.machines import StepFunctionsMachines
from aftertrain.aws.places import definitions, places
from aftertrain.aws.progress import S3Progress
from aftertrain.aws.redrives import SqsDeadLetters
from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.runs import DynamoRuns
from aftertrain.compiler.bindings import PLACEHOLDERS, Bindings
from aftertrain.control.job_ends import end_jobs
from aftertrain.control.lookup import callee, schema_of
from aftertrain.control.ports import Item, Ports


@cache
def runs() -> DynamoRuns:
    """The ledger's projections alone, for who needs nothing else."""
    return DynamoRuns(patient("dynamodb"), os.environ["LEDGER_TABLE"])


@cache
def machines() -> StepFunctionsMachines:
    """Step Functions; who publishes nothing needs no role and no names."""
    environment = os.environ
    return StepFunctionsMachines(
        patient("stepfunctions"),
        role_arn=environment.get("MACHINE_ROLE_ARN", ""),
        name_prefix=environment.get("NAME_PREFIX", ""),
        machine_arn_prefix=environment.get("MACHINE_ARN_PREFIX", ""),
        definitions=definitions(environment, patient),
    )


@cache
def left_jobs() -> Callable[[Item], int] | None:
    """What ends the jobs that an execution has left behind, on a stage that has services for jobs."""
    if "PLACES" not in os.environ:
        return None
    registry = DynamoRegistry(patient("dynamodb"), os.environ["REGISTRY_TABLE"])
    bindings, jobs = replace(PLACEHOLDERS, **places(os.environ)), ServiceJobs(patient)
    return lambda execution: end_jobs(execution, registry, machines(), bindings, jobs)


@cache
def ports() -> Ports:
    """The registry, Step Functions and the ledger's projections."""
    environment = os.environ
    registry = DynamoRegistry(patient("dynamodb"), environment["REGISTRY_TABLE"])
    return Ports(
        registry=registry,
        machines=machines(),
        runs=runs(),
        dead_letters=SqsDeadLetters(patient("sqs"), environment["DEAD_LETTERS_URL"], environment["REDRIVE_QUEUE_URL"]),
        answers=StepFunctionsAnswers(patient("stepfunctions")),
        progress=S3Progress(patient("s3")),
        bindings=Bindings(
            tasks_function=environment["TASKS_FUNCTION_ARN"],
            activity_prefix=environment["ACTIVITY_ARN_PREFIX"],
            artifacts_uri=environment["ARTIFACTS_URI"],
            latch_table=environment["LATCH_TABLE"],
            **places(environment),
            callee=lambda pipeline_id: callee(registry, pipeline_id),
            schema_of=lambda event_type: schema_of(registry, event_type),
        ),
        clock=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"),
        token=lambda: secrets.token_urlsafe(32),
        suffix=lambda: secrets.token_hex(4),
        webhook_url=environment["WEBHOOK_URL"],
    )
