"""What the control plane needs, built once per process from the environment."""

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from aftertrain.aws.approvals import StepFunctionsApprovalAnswers
from aftertrain.aws.clients import slow_client
from aftertrain.aws.compute_bindings import compute_bindings, definitions
from aftertrain.aws.jittered_pause import pause
from aftertrain.aws.job_progress import S3Progress
from aftertrain.aws.ledger_view import DynamoLedgerView
from aftertrain.aws.machines import StepFunctionsMachines
from aftertrain.aws.redrives import SqsDeadLetters
from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.service_jobs import ServiceJobs
from aftertrain.compiler.bindings import PLACEHOLDERS, Bindings
from aftertrain.control.orphaned_jobs import end_jobs
from aftertrain.control.ports import ControlPorts, Item
from aftertrain.control.require import callee, schema_of


@cache
def runs() -> DynamoLedgerView:
    """The ledger's projections alone, for who needs nothing else."""
    return DynamoLedgerView(slow_client("dynamodb"), os.environ["LEDGER_TABLE"])


@cache
def machines() -> StepFunctionsMachines:
    """Step Functions; who publishes nothing needs no role and no names."""
    environment = os.environ
    return StepFunctionsMachines(
        slow_client("stepfunctions"),
        role_arn=environment.get("MACHINE_ROLE_ARN", ""),
        name_prefix=environment.get("NAME_PREFIX", ""),
        machine_arn_prefix=environment.get("MACHINE_ARN_PREFIX", ""),
        definitions=definitions(environment, slow_client),
    )


@cache
def service_jobs() -> Callable[[Item], int] | None:
    """What ends the jobs that an execution has left behind, on a stage that has services for jobs."""
    if "JOB_BACKENDS" not in os.environ:
        return None
    registry = DynamoRegistry(slow_client("dynamodb"), os.environ["REGISTRY_TABLE"])
    bindings, jobs = replace(PLACEHOLDERS, **compute_bindings(os.environ)), ServiceJobs(slow_client)
    return lambda execution: end_jobs(execution, registry, machines(), bindings, jobs)


@cache
def ports() -> ControlPorts:
    """The registry, Step Functions and the ledger's projections."""
    environment = os.environ
    registry = DynamoRegistry(slow_client("dynamodb"), environment["REGISTRY_TABLE"])
    return ControlPorts(
        registry=registry,
        machines=machines(),
        runs=runs(),
        dead_letters=SqsDeadLetters(
            slow_client("sqs"), environment["DEAD_LETTERS_URL"], environment["REDRIVE_QUEUE_URL"]
        ),
        answers=StepFunctionsApprovalAnswers(slow_client("stepfunctions")),
        progress=S3Progress(slow_client("s3")),
        bindings=Bindings(
            tasks_function=environment["TASKS_FUNCTION_ARN"],
            activity_prefix=environment["ACTIVITY_ARN_PREFIX"],
            artifacts_uri=environment["ARTIFACTS_URI"],
            latch_table=environment["LATCH_TABLE"],
            **compute_bindings(environment),
            callee=lambda pipeline_id: callee(registry, pipeline_id),
            schema_of=lambda event_type: schema_of(registry, event_type),
        ),
        clock=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"),
        token=lambda: secrets.token_urlsafe(32),
        suffix=lambda: secrets.token_hex(4),
        webhook_url=environment["WEBHOOK_URL"],
        pause=pause,
    )
