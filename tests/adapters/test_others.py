"""Queue, objects and channels."""

from typing import Any

import pytest

from aftertrain.aws.channels import SnsChannel, build_channels
from aftertrain.aws.json_objects import S3JsonObjects
from aftertrain.aws.redrives import SqsDeadLetters, SqsRedrives, read_message
from aftertrain.errors import BusyError
from aftertrain.ingest.event_record import EventKey

MESSAGE = {
    "message": "it is 🚀",
    "title": "",
    "channel": "x",
    "recipients": ["<@U1>"],
    "severity": "warning",
    "priority": "high",
    "execution": "t-1",
    "step": "notify",
}


def test_a_key_survives_the_queue(aws: Any) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    key = EventKey("bucket", 'a "b" 🚀')
    SqsRedrives(lambda: sqs, url).send(key)

    assert read_message(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]) == key


def test_a_queue_that_is_gone_is_busy(aws: Any) -> None:
    with pytest.raises(BusyError):
        SqsRedrives(lambda: aws("sqs"), "https://sqs.us-east-1.amazonaws.com/1/none").send(EventKey("a", "b"))


def test_dead_letters_go_back_to_the_queue(aws: Any) -> None:
    sqs = aws("sqs")
    dead, queue = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "queue"))
    for number in range(12):
        SqsRedrives(lambda: sqs, dead).send(EventKey("s", str(number)))
    letters = SqsDeadLetters(sqs, dead, queue)

    assert [letters.replay(1000), letters.replay(1000)] == [12, 0]
    first = sqs.receive_message(QueueUrl=queue)["Messages"][0]
    assert read_message(first["Body"]).source_id == "s"


def test_a_message_can_wait(aws: Any) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    SqsRedrives(lambda: sqs, url).send(EventKey("s", "1"), 30.2)

    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_objects_are_written_read_and_deleted(aws: Any) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="artifacts")
    objects = S3JsonObjects(s3)
    assert objects.read("s3://artifacts/x/y.json") is None
    objects.write("s3://artifacts/x/y.json", {"a": 1})
    assert objects.read("s3://artifacts/x/y.json") == {"a": 1}
    objects.delete("s3://artifacts/x/y.json")
    assert objects.read("s3://artifacts/x/y.json") is None


def test_the_log_channel_logs() -> None:
    lines: list[tuple[str, str, dict[str, Any]]] = []
    channels = build_channels({"default": {"kind": "log"}}, lambda *line: lines.append(line), lambda _: None)
    sent_as = channels["default"].send(MESSAGE)

    assert sent_as == "t-1/notify"
    assert lines[0][:2] == ("warning", "notification: it is 🚀")


def test_the_sns_channel_publishes(aws: Any) -> None:
    arn = aws("sns").create_topic(Name="oncall")["TopicArn"]
    channels = build_channels({"oncall": {"kind": "sns", "topic_arn": arn}}, lambda *_: None, aws)

    assert channels["oncall"].send(MESSAGE)


@pytest.mark.parametrize(
    ("title", "subject"),
    [("Deployed", "Deployed"), ("🚨 down\nnow", "down now"), ("🚨", "Aftertrain"), ("x" * 200, "x" * 99)],
)
def test_a_subject_is_what_sns_takes(aws: Any, title: str, subject: str) -> None:
    sent: list[dict[str, Any]] = []

    class Sns:
        def publish(self, **message: Any) -> dict[str, str]:
            sent.append(message)
            return {"MessageId": "1"}

    SnsChannel(Sns(), "arn").send(MESSAGE | {"title": title})

    assert sent[0]["Subject"] == subject
    assert sent[0]["Message"].startswith(title)


@pytest.mark.parametrize("key", ["run#3/model", "a?step=1/m", "/leading", "a b"])
def test_a_key_may_hold_anything(aws: Any, key: str) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="artifacts")
    S3JsonObjects(s3).write(f"s3://artifacts/{key}", {"a": 1})

    assert s3.list_objects_v2(Bucket="artifacts")["Contents"][0]["Key"] == key
