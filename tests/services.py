"""S3, Batch and SageMaker as a state machine sees them. Requests are checked against botocore's models.

    services = Services(outcomes=["succeeds"])
    testing.run(machine, given, tasks=services)

The outcomes of a job: succeeds, fails, "fails, and says why" (in its output), refused (a wrong request), lost (it was
submitted, and the answer was lost), "lost, fails", stopped (with its execution, which is then redriven), and "stopped,
runs on".
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator
from sfnx import testing

_models = get_session()
_SDK = re.compile(r":states:::(?:aws-sdk:)?([a-z0-9]+):([A-Za-z]+)")
_SERVICE = {"sfn": "stepfunctions"}
REDRIVEN = "Test.Redriven"
OUTPUT = {"model_uri": "s3://m/a", "accuracy": 0.9, "examples": 10}


def faults(resource: str, arguments: Any) -> str:
    """The service model's complaint about a request, or "". Step Functions writes every name in PascalCase."""
    service, action = _SDK.search(resource).groups()  # type: ignore[union-attr]  # an activity has no model
    model = _models.get_service_model(_SERVICE.get(service, service))
    operation = model.operation_model(action[0].upper() + action[1:])
    shape = operation.input_shape
    report = ParamValidator().validate(_as_sent(arguments, shape), shape)
    return str(report.generate_report())


def _as_sent(value: Any, shape: Any) -> Any:
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            names = {name[0].upper() + name[1:]: name for name in shape.members}
            return {
                names.get(key, key): _as_sent(item, shape.members[names[key]]) if key in names else item
                for key, item in value.items()
            }
        case "list" if isinstance(value, list):
            return [_as_sent(item, shape.member) for item in value]
        case "map" if isinstance(value, dict):
            return {key: _as_sent(item, shape.value) for key, item in value.items()}
        case "blob":
            return json.dumps(value).encode()
        case _:
            return value


@dataclass
class Services:
    """Answers the call of each Task. `jobs`: the statuses by name. `objects`: the bucket's content, by key.

    `execution`: its entry in the context object, if it may be redriven.
    """

    outcomes: list[str]
    jobs: dict[str, str] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    execution: dict[str, Any] = field(default_factory=dict)

    def __call__(self, call: testing.Call) -> Any:
        resource, arguments = str(call.resource), json.loads(json.dumps(call.arguments))
        assert faults(resource, arguments) == ""
        action = resource.rpartition(":::")[2]
        self.calls.append(action)
        return self._answer(action, arguments)

    def _answer(self, action: str, given: dict[str, Any]) -> Any:
        match action:
            case "aws-sdk:s3:putObject":
                self.objects[given["Key"]] = given["Body"]
                return {"ETag": "e"}
            case "aws-sdk:s3:getObject":
                if given["Key"] not in self.objects:
                    raise testing.Failure("S3.NoSuchKeyException", "an unknown key")
                return {"Body": json.dumps(self.objects[given["Key"]])}
            case "aws-sdk:batch:listJobs":
                begin = given["Filters"][0]["Values"][0].removesuffix("*")
                return {"JobSummaryList": [{"Status": each} for each in self._found(begin)]}
            case "aws-sdk:sagemaker:listProcessingJobs":
                summaries = [{"ProcessingJobStatus": each} for each in self._found(given["NameContains"])]
                return {"ProcessingJobSummaries": summaries}
            case "aws-sdk:sagemaker:listTrainingJobs":
                return {"TrainingJobSummaries": [{"TrainingJobStatus": e} for e in self._found(given["NameContains"])]}
            case "batch:submitJob.sync":
                return self._run(given["JobName"], "Batch.AWSBatchException", "SUCCEEDED", "RUNNING")
            case "sagemaker:createProcessingJob.sync":
                return self._run(given["ProcessingJobName"], "SageMaker.SdkClientException", "Completed", "InProgress")
            case "sagemaker:createTrainingJob.sync":
                return self._run(given["TrainingJobName"], "SageMaker.SdkClientException", "Completed", "InProgress")
        raise AssertionError(action)

    def _found(self, begin: str) -> list[str]:
        found = [status for name, status in self.jobs.items() if name.startswith(begin)]
        for name, status in self.jobs.items():  # what runs is over when it is looked at next
            if status in ("RUNNING", "InProgress"):
                self._end(name, {"RUNNING": "SUCCEEDED", "InProgress": "Completed"}[status])
        return found

    def _run(self, name: str, unsure: str, done: str, alive: str) -> Any:
        assert name not in self.jobs, f"{name} was submitted twice"
        outcome = self.outcomes.pop(0)
        if outcome == "refused":
            raise testing.Failure(unsure, "ValidationException: the image is not there")
        if outcome.startswith("lost"):
            self.jobs[name] = "FAILED" if outcome == "lost, fails" else alive
            raise testing.Failure(unsure, "the connection was reset")
        if outcome.startswith("stopped"):
            self.jobs[name] = alive if outcome == "stopped, runs on" else "FAILED"
            self.execution["RedriveCount"] += 1
            raise testing.Failure(REDRIVEN, "it begins with this state again")
        if outcome.startswith("fails"):
            self.jobs[name] = "FAILED"
            if outcome == "fails, and says why":
                self._write({"error": "JobError", "cause": "the accuracy is too low", "job": f"id-{name}"})
            told = {"JobId": f"id-{name}", "StatusReason": "Essential container exited"}
            raise testing.Failure("States.TaskFailed", json.dumps(told))
        self._end(name, done)
        return {"Status": done}

    def _end(self, name: str, done: str) -> None:
        self.jobs[name] = done
        self._write({"output": OUTPUT})

    def _write(self, output: dict[str, Any]) -> None:
        for key in [key for key in self.objects if key.endswith("input.json")]:
            self.objects[key.replace("input.json", "output.json")] = output
