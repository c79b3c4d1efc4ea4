"""Running a machine with branches that really run side by side, on moto's interpreter with its gaps filled.

    with interpreter(answer) as run:
        execution = run(machine, {"event": …})

moto 5.2.5 has threads for branches, task tokens and DynamoDB, but no JSONata: its evaluator needs a Java runtime. The
patches give it jsonata-python with the functions that Step Functions adds (from ministack), pass variables on as JSON,
and call `answer` where a Lambda would be invoked. They let one thread at a time into the table, so that conditional
writes are atomic, and shorten the pause before a retry to a hundredth.
"""

import contextlib
import itertools
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
import jsonata
import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as moto_retrier
import moto.stepfunctions.parser.asl.component.intrinsic.jsonata as moto_intrinsic
import moto.stepfunctions.parser.asl.jsonata.jsonata as moto_jsonata
from botocore.session import get_session
from ministack.services.stepfunctions import _register_sfn_jsonata_functions
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.asl.component.common.error_name import custom_error_name
from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from sfnx import testing

TABLE, REGION = "latches", "us-east-1"
Answer = Callable[[str, dict[str, Any]], Any]
_models = get_session()


def _evaluate(expression: str) -> Any:
    try:
        parsed = jsonata.Jsonata.jsonata(expression)
        _register_sfn_jsonata_functions(parsed)
        return parsed.evaluate(None)
    except Exception as error:
        raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error


def _declarations(bindings: dict[str, Any]) -> str:
    return "".join(f"{name}:={moto_jsonata.to_json_str(value)};" for name, value in bindings.items())


def _shape(service: Any, *, output: bool, name: str | None, action: str | None) -> Any:
    model = _models.get_service_model(service._get_boto_service_name(name))
    wanted = service._get_boto_service_action(action).replace("_", "").lower()
    for operation in model.operation_names:
        if operation.lower() == wanted:
            found = model.operation_model(operation)
            return found.output_shape if output else found.input_shape
    return None


def _parameters(self: Any, parameters: dict, boto_service_name: Any = None, service_action_name: Any = None) -> None:
    shape = _shape(self, output=False, name=boto_service_name, action=service_action_name)
    if shape is not None:
        self._to_boto_request(parameters, shape)


def _response(self: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None) -> None:
    shape = _shape(self, output=True, name=boto_service_name, action=service_action_name)
    if shape is not None:
        self._from_boto_response(response, shape)


def _lambda(answer: Answer) -> Callable[..., None]:
    def invoke(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> None:
        payload = json.loads(normalised_parameters["Payload"])
        try:
            env.stack.append({"StatusCode": 200, "Payload": answer(payload["step"], payload)})
        except testing.Failure as failure:
            cause = json.dumps({"errorType": failure.error, "errorMessage": failure.cause})
            raise LambdaFunctionErrorException("Unhandled", cause) from None

    return invoke


def _shortly(seconds: float) -> None:
    time.sleep(seconds / 100)


def _one_by_one(call: Callable[..., Any]) -> Callable[..., Any]:
    lock = threading.RLock()

    def alone(self: Any) -> Any:
        with lock:
            return call(self)

    return alone


@contextlib.contextmanager
def interpreter(answer: Answer) -> Iterator[Callable[[dict[str, Any], dict[str, Any]], testing.Execution]]:
    """A function that runs a machine to its end. `answer` gets a step's id and payload."""
    holders = [module for module in [*sys.modules.values()] if hasattr(module, "encode_jsonata_variable_declarations")]
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(moto_jsonata, "_eval_jsonata", _evaluate))
        for module in holders:
            stack.enter_context(mock.patch.object(module, "encode_jsonata_variable_declarations", _declarations))
        # Its own stand-ins for these say that they are not supported.
        stack.enter_context(mock.patch.dict(moto_intrinsic._DECLARATION_BY_VARIABLE_REFERENCE, clear=True))
        stack.enter_context(mock.patch.object(StateTaskService, "_normalise_parameters", _parameters))
        stack.enter_context(mock.patch.object(StateTaskService, "_normalise_response", _response))
        stack.enter_context(mock.patch.object(StateTaskServiceLambda, "_eval_service_task", _lambda(answer)))
        stack.enter_context(mock.patch.object(DynamoHandler, "call_action", _one_by_one(DynamoHandler.call_action)))
        stack.enter_context(mock.patch.object(moto_retrier, "time", SimpleNamespace(sleep=_shortly)))
        stack.enter_context(mock.patch.object(custom_error_name, "ILLEGAL_CUSTOM_ERROR_PREFIX", "\0"))
        # It logs the whole machine for each error that a machine catches.
        stack.enter_context(mock.patch.object(logging.getLogger("moto"), "disabled", new=True))
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL + 1)
        stack.enter_context(
            mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "batch": {"use_docker": False}})
        )
        yield _runner()


def _runner() -> Callable[[dict[str, Any], dict[str, Any]], testing.Execution]:
    credentials = {"region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    states, dynamodb = boto3.client("stepfunctions", **credentials), boto3.client("dynamodb", **credentials)
    key = {"AttributeName": "pk"}
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[key | {"KeyType": "HASH"}],
        AttributeDefinitions=[key | {"AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    numbers = itertools.count()

    def run(machine: dict[str, Any], given: dict[str, Any]) -> testing.Execution:
        name = f"m{next(numbers)}"
        text = json.dumps(machine).replace("${LatchTable}", TABLE)
        arn = states.create_state_machine(name=name, definition=text, roleArn="arn:aws:iam::123456789012:role/r")
        started = states.start_execution(stateMachineArn=arn["stateMachineArn"], name="x", input=json.dumps(given))
        end = time.monotonic() + 60
        while (found := states.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
            assert time.monotonic() < end, "the execution did not end"
            time.sleep(0.02)
        output = json.loads(found["output"]) if found["status"] == "SUCCEEDED" else None
        return _ended(found, output)

    return run


def _ended(found: dict[str, Any], output: Any) -> Any:
    class Ended:
        """An execution as the tests read it, in either interpreter."""

        error = found.get("error") or (None if found["status"] == "SUCCEEDED" else found["status"])
        cause = found.get("cause")

    Ended.output = output  # type: ignore[attr-defined]  # the class is made here
    return Ended()
