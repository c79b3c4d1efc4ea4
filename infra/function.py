"""Our Lambda functions: one bundle, one handler each, logs with a retention, and only granted permissions."""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.encryption import key_statements
from infra.retention import log_retention
from infra.settings import Settings

HANDLERS = "aftertrain.lambdas"


class Functions:
    """Makes functions from one bundle."""

    def __init__(self, settings: Settings, bundle: Path) -> None:
        self._settings = settings
        self._code = lambda_.Code.from_asset(str(bundle))

    def make(
        self,
        scope: Construct,
        name: str,
        *,
        environment: dict[str, str],
        timeout: int,
        memory: int = 512,
        loops: bool = False,
    ) -> lambda_.Function:
        """The function with the handler `aftertrain.lambdas.<name>.handler`; `timeout` in seconds, `memory` in MB.

        `loops`: it may send to the queue that invokes it; otherwise Lambda stops such a loop after some sixteen rounds.
        """
        settings = self._settings
        log_group = logs.LogGroup(
            scope,
            f"{name.title()}Logs",
            retention=log_retention(settings),
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(scope, f"{name.title()}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        for statement in key_statements(settings):
            role.add_to_policy(statement)
        return lambda_.Function(
            scope,
            f"{name.title()}Function",
            code=self._code,
            handler=f"{HANDLERS}.{name}.handler",
            runtime=lambda_.Runtime(f"python{settings.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=_architecture(settings),
            role=role,
            log_group=log_group,
            timeout=Duration.seconds(timeout),
            memory_size=memory,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if loops else None,
            environment={
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": "Aftertrain",
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
            },
        )


def allow(
    function: lambda_.Function, *actions: str, on: list[str], when: dict[str, dict[str, list[str]]] | None = None
) -> None:
    """Grant a function's role exactly these actions on exactly these resources, under this condition."""
    function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=on, conditions=when))


def _architecture(settings: Settings) -> lambda_.Architecture:
    arm = settings.machine in ("aarch64", "arm64")
    return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64
