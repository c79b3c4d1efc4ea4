"""A Task's resource -> what Step Functions would refuse in it.

How each service can be called: docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html. Listed are the
optimised integrations that our machines use or may use; the SDK integrations exist for every service.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

TOKEN = "$states.context.Task.Token"  # noqa: S105 - the name of a value, not a secret
_INTEGRATION = re.compile(r"^arn:aws[a-z-]*:states:[^:]*:[^:]*:(?:(aws-sdk):)?([a-z0-9]+):([A-Za-z]+)(?:\.(.+))?$")
_ARN = re.compile(r"^(arn:aws[a-z-]*:(lambda|states):[^:]*:\d*:(function|activity):.+|\$\{.+)$")
OPTIMISED: dict[str, set[str]] = {
    "lambda:invoke": {"", "waitForTaskToken"},
    "dynamodb:getItem": {""},
    "dynamodb:putItem": {""},
    "dynamodb:updateItem": {""},
    "dynamodb:deleteItem": {""},
    "batch:submitJob": {"", "sync"},
    "sagemaker:createProcessingJob": {"", "sync"},
    "sagemaker:createTrainingJob": {"", "sync"},
    "sagemaker:createTransformJob": {"", "sync"},
    "sagemaker:createModel": {""},
    "sagemaker:createEndpoint": {""},
    "sagemaker:createEndpointConfig": {""},
    "sagemaker:updateEndpoint": {""},
    "ecs:runTask": {"", "sync", "waitForTaskToken"},
    "sns:publish": {"", "waitForTaskToken"},
    "sqs:sendMessage": {"", "waitForTaskToken"},
    "events:putEvents": {"", "waitForTaskToken"},
    "states:startExecution": {"", "sync", "sync:2", "waitForTaskToken"},
    "http:invoke": {""},
}


def resource_faults(name: str, state: Any) -> Iterator[str]:
    """The faults in a Task's resource and arguments."""
    resource = state.get("Resource", "")
    match = _INTEGRATION.match(resource)
    if match is None:
        if not _ARN.match(resource):
            yield f"state {name!r}: {resource!r} is nothing that a Task can call"
        return
    sdk, service, action, pattern = match.groups()
    if sdk:
        if pattern not in (None, "waitForTaskToken"):
            yield f"state {name!r}: a call of the SDK has no pattern {pattern!r}"
    elif (call := f"{service}:{action}") not in OPTIMISED:
        yield f"state {name!r}: there is no integration {call!r}"
    elif (pattern or "") not in OPTIMISED[call]:
        yield f"state {name!r}: {call} has no pattern {pattern!r}"
    if pattern == "waitForTaskToken" and TOKEN not in json.dumps(state.get("Arguments", "")):
        yield f"state {name!r}: it waits for a token that it hands to nobody"
