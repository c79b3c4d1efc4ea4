"""The stack's resources, and above all its permissions."""

import importlib
import json
from typing import Any

import pytest


def resources(template: Any, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = template.find_resources(kind)
    return found


def functions(template: Any) -> dict[str, Any]:
    """The functions' properties, by the last part of their handler's module."""
    found = (each["Properties"] for each in resources(template, "AWS::Lambda::Function").values())
    return {each["Handler"].split(".")[-2]: each for each in found}


def statements(template: Any, function: str) -> list[dict[str, Any]]:
    """Every policy statement of a function's role."""
    role = functions(template)[function]["Role"]["Fn::GetAtt"][0]
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(template: Any, function: str) -> set[str]:
    listed = (statement["Action"] for statement in statements(template, function))
    return {action for each in listed for action in ([each] if isinstance(each, str) else each)}


LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
ADMIT_AND_START = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "states:StartExecution",
    "states:DescribeExecution",
    "states:StopExecution",
    "sqs:SendMessage",
}
TAKE_MESSAGES = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
}
PERMITTED = {
    "webhook": ADMIT_AND_START,
    "account_events": ADMIT_AND_START | TAKE_MESSAGES,
    "redrive": ADMIT_AND_START | TAKE_MESSAGES | {"s3:GetObject", "s3:ListBucket", "secretsmanager:GetSecretValue"},
    "sweep": {"dynamodb:Query", "dynamodb:UpdateItem", "sqs:SendMessage"},
    "status": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "states:DescribeExecution",
        "states:StopExecution",
        "sqs:SendMessage",
    },
    "tasks": ADMIT_AND_START
    | {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:ListBucket",
        "sns:Publish",
        "ses:SendEmail",
        "secretsmanager:GetSecretValue",
        "dynamodb:Query",
        "cloudwatch:DescribeAlarms",
        "states:SendTaskSuccess",
    },
    "approve": {"dynamodb:GetItem", "dynamodb:PutItem", "states:SendTaskSuccess", "states:SendTaskFailure"},
    "control": ADMIT_AND_START
    | {
        "dynamodb:Query",
        "dynamodb:Scan",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "dynamodb:DeleteItem",
        "s3:GetObject",
        "states:CreateStateMachine",
        "states:UpdateStateMachine",
        "states:PublishStateMachineVersion",
        "states:CreateActivity",
        "states:GetExecutionHistory",
        "states:SendTaskSuccess",
        "states:SendTaskFailure",
        "iam:PassRole",
    },
}


@pytest.mark.parametrize("function", sorted(PERMITTED))
def test_each_function_may_do_what_it_does_and_nothing_else(template: Any, function: str) -> None:
    assert actions(template, function) == PERMITTED[function] | LOGS


@pytest.mark.parametrize("function", sorted(PERMITTED))
def test_no_function_may_do_anything_everywhere(template: Any, function: str) -> None:
    """Except answers to tasks, whose tokens are the permission, and reading alarms, which AWS cannot restrict."""
    for statement in statements(template, function):
        listed = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        known = ("SendTask", "DescribeAlarms")
        assert statement["Resource"] != "*" or all(any(each in action for each in known) for action in listed)


def test_every_handler_exists(template: Any) -> None:
    assert set(functions(template)) == set(PERMITTED)
    for properties in functions(template).values():
        module, _, name = properties["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_functions_run_on_python_313_on_arm_with_logs_that_end(template: Any) -> None:
    for properties in functions(template).values():
        assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
        assert "LogGroup" in properties["LoggingConfig"]
    retentions = {each["Properties"]["RetentionInDays"] for each in resources(template, "AWS::Logs::LogGroup").values()}
    assert retentions == {30}


def test_the_webhook_answers_before_senders_hang_up(template: Any) -> None:
    assert functions(template)["webhook"]["Timeout"] < 10


def test_tables_can_be_restored_and_are_kept(template: Any) -> None:
    """All except the latches: they are worthless once an execution has ended."""
    tables = resources(template, "AWS::DynamoDB::Table")
    kept = [table for name, table in tables.items() if not name.startswith("ComputeLatches")]
    for table in kept:
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["Properties"]["DeletionProtectionEnabled"] is True
        assert table["DeletionPolicy"] == "Retain"
    lives = [table["Properties"].get("TimeToLiveSpecification") for table in tables.values()]
    assert lives.count({"AttributeName": "expires_at", "Enabled": True}) == 2


def test_the_webhook_and_the_links_are_open_and_the_api_is_behind_iam(template: Any) -> None:
    routes = {
        each["Properties"]["RouteKey"]: each["Properties"]
        for each in resources(template, "AWS::ApiGatewayV2::Route").values()
    }
    (stage,) = resources(template, "AWS::ApiGatewayV2::Stage").values()

    for method in ("POST", "OPTIONS"):
        assert routes.pop(f"{method} /events/{{source}}").get("AuthorizationType", "NONE") == "NONE"
    for method in ("GET", "POST"):
        assert routes.pop(f"{method} /approvals/{{approval}}").get("AuthorizationType", "NONE") == "NONE"
    assert {name.split()[1] for name in routes} == {"/v1/{proxy+}"}
    assert {route["AuthorizationType"] for route in routes.values()} == {"AWS_IAM"}
    assert stage["Properties"]["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 1000, "ThrottlingRateLimit": 500}


def test_what_the_queue_gives_up_on_is_kept_and_raises_an_alarm(template: Any) -> None:
    queues = [each["Properties"] for each in resources(template, "AWS::SQS::Queue").values()]
    alarms = [each["Properties"] for each in resources(template, "AWS::CloudWatch::Alarm").values()]

    assert {queue.get("MessageRetentionPeriod") for queue in queues} == {None, 1_209_600}
    assert [queue["RedrivePolicy"]["maxReceiveCount"] for queue in queues if "RedrivePolicy" in queue] == [5, 240]
    assert [alarm.get("MetricName") for alarm in alarms].count("ApproximateNumberOfMessagesVisible") == 2
    assert all(alarm["AlarmActions"] == ["arn:aws:sns:us-east-1:123456789012:alarms"] for alarm in alarms)


def test_jobs_that_come_for_no_worker_raise_an_alarm(template: Any) -> None:
    alarms = [each["Properties"] for each in resources(template, "AWS::CloudWatch::Alarm").values()]
    (asked,) = (alarm["Metrics"] for alarm in alarms if "Metrics" in alarm)
    expression, *metrics = asked
    counted = {each["Id"]: each["MetricStat"] for each in metrics}

    nobody, long = "FILL(came, 0) > 0 AND FILL(taken, 0) == 0", "FILL(waited, 0) > 3600000"
    assert expression["Expression"] == f"IF(({nobody}) OR {long}, 1, 0)"
    assert {name: each["Metric"]["MetricName"] for name, each in counted.items()} == {
        "came": "ActivitiesScheduled",
        "taken": "ActivitiesStarted",
        "waited": "ActivityScheduleTime",
    }
    assert {(each["Period"], each["Stat"]) for each in counted.values()} == {(3600, "Sum"), (3600, "Maximum")}
    assert all(":activity:aftertrain-" in json.dumps(each["Metric"]["Dimensions"]) for each in counted.values())


def test_a_batch_fails_message_by_message(template: Any) -> None:
    sources = [each["Properties"] for each in resources(template, "AWS::Lambda::EventSourceMapping").values()]

    assert [(each["BatchSize"], each.get("FunctionResponseTypes")) for each in sources] == [
        (10, ["ReportBatchItemFailures"]),
        (1, None),  # of the account's events, each by itself
    ]


def test_only_the_function_that_puts_events_back_may_seem_to_loop(template: Any) -> None:
    loops = {name for name, each in functions(template).items() if each.get("RecursiveLoop") == "Allow"}

    assert loops == {"redrive"}


def test_events_of_the_account_wait_in_a_queue(template: Any) -> None:
    rules = [each["Properties"] for each in resources(template, "AWS::Events::Rule").values()]
    taken = [rule for rule in rules if rule.get("EventPattern", {}).get("source") in (["aws.s3"], ["aws.sagemaker"])]

    assert len(taken) == 2
    assert all("AccountEvents" in str(rule["Targets"][0]["Arn"]) for rule in taken)


def test_the_sweeper_runs_every_minute_and_status_changes_are_pushed(template: Any) -> None:
    rules = [each["Properties"] for each in resources(template, "AWS::Events::Rule").values()]

    assert "rate(1 minute)" in {rule.get("ScheduleExpression") for rule in rules}
    patterns = (rule["EventPattern"] for rule in rules if "EventPattern" in rule)
    (pattern,) = (pattern for pattern in patterns if pattern["source"] == ["aws.states"])
    assert pattern["detail-type"] == ["Step Functions Execution Status Change"]
    assert "prefix" in pattern["detail"]["stateMachineArn"][0]


def test_machines_may_invoke_the_tasks_meet_at_latches_and_run_each_other_and_nothing_else(template: Any) -> None:
    roles = [
        name
        for name, role in resources(template, "AWS::IAM::Role").items()
        if "states.amazonaws.com" in str(role["Properties"]["AssumeRolePolicyDocument"])
    ]
    policies = [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if {"Ref": roles[0]} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]

    assert len(roles) == 1
    assert [statement["Action"] for statement in policies] == [
        "lambda:InvokeFunction",
        ["dynamodb:UpdateItem", "dynamodb:GetItem"],
        "states:SendTaskSuccess",
        "states:StartExecution",
        ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
        ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    ]
    assert "ComputeLatches" in str(policies[1]["Resource"])


def test_the_bucket_is_private_encrypted_and_asked_over_tls_only(template: Any) -> None:
    (bucket,) = resources(template, "AWS::S3::Bucket").values()
    (policy,) = resources(template, "AWS::S3::BucketPolicy").values()

    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket["Properties"]
    assert "aws:SecureTransport" in str(policy)


def test_a_worker_may_read_the_model_buckets_and_write_only_where_outputs_go(template: Any) -> None:
    (policy,) = resources(template, "AWS::IAM::ManagedPolicy").values()
    reads, writes = (
        next(each for each in policy["Properties"]["PolicyDocument"]["Statement"] if action in each["Action"])
        for action in ("s3:GetObject", "s3:PutObject")
    )

    assert "s3:::weights/*" in str(reads["Resource"])
    assert "/executions/*" in str(writes["Resource"])
    assert "weights" not in str(writes["Resource"])


def test_the_tasks_function_can_be_put_where_replicas_are(template: Any) -> None:
    inside = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}

    assert {name: each.get("VpcConfig") for name, each in functions(template).items() if "VpcConfig" in each} == {
        "tasks": inside
    }


def test_the_outputs_are_what_the_readme_names(template: Any) -> None:
    assert set(template.to_json()["Outputs"]) == {
        "ActivityArn",
        "ApiUrl",
        "ArtifactsBucket",
        "WebhookUrl",
        "WorkerPolicyArn",
    }


def test_events_of_the_account_are_taken_in_of_the_services_and_buckets_that_are_named(template: Any) -> None:
    rules = [each["Properties"].get("EventPattern") for each in resources(template, "AWS::Events::Rule").values()]

    assert {"source": ["aws.s3"], "detail": {"bucket": {"name": ["weights"]}}} in rules
    assert {"source": ["aws.sagemaker"]} in rules
