"""Queue of unfinished events -> finished events. An event that fails for now goes back to the queue alone."""

from typing import Any

from aftertrain.aws.redrives import read_message
from aftertrain.errors import BusyError
from aftertrain.ingest.drive import redrive
from aftertrain.lambdas.observability import count, count_verdicts, logger, metrics
from aftertrain.lambdas.runtime import ingest as runtime


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point; answers with the failed messages, in the form of SQS' partial batch responses."""
    failed = [message["messageId"] for message in event["Records"] if not _redrive_message(message)]
    count("EventsNotRedriven", len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _redrive_message(message: dict[str, Any]) -> bool:
    key = read_message(message["body"])
    try:
        verdicts = redrive(key, runtime.slow_ports())
    except BusyError as error:
        logger.warning("not now", extra={"source_id": key.source_id, "event_id": key.event_id, "why": error.message})
        return False
    except Exception:  # one bad event must not take its neighbours to the dead-letter queue
        logger.exception("an event could not be handled", extra={"source_id": key.source_id, "event_id": key.event_id})
        return False
    if verdicts is not None:
        count("EventsRedriven")
        count_verdicts(verdicts)
        decided = {verdict.trigger_id: verdict.verdict for verdict in verdicts}
        logger.info("redriven", extra={"source_id": key.source_id, "event_id": key.event_id, "verdicts": decided})
    return True
