"""The findings of a demo run -> the report at its end."""

from dataclasses import dataclass
from datetime import datetime

from rich.table import Table

from aftertrain.client.models import Execution, ReceivedEvent
from aftertrain.errors import OperatorError
from aftertrain.local.object_notification import SentNotification


@dataclass(frozen=True, slots=True)
class Findings:
    """The three deliveries, the execution, the event that must match nothing, and each replica's prediction."""

    first: SentNotification
    again: SentNotification
    other: SentNotification
    other_event: ReceivedEvent
    execution: Execution
    predictions: list[tuple[str, int, int, str]]

    @property
    def milliseconds_to_first_step(self) -> float:
        """From sending the notification to the start of the first step."""
        starts = [datetime.fromisoformat(step.started_at) for step in self.execution.steps if step.started_at]
        return (min(starts).timestamp() - self.first.sent_at) * 1000


def check(found: Findings) -> None:
    """Compare the findings with the system's promises.

    Raises: OperatorError that names the broken promise.
    """
    execution = found.execution
    promises = {
        f"the execution {execution.id} succeeds; it {execution.status}: {execution.cause}": execution.status
        == "succeeded",
        "the first notification starts one execution": found.first.answer["executions"] == [execution.id],
        "the redelivery is known as a duplicate": found.again.answer["duplicates"] == 1,
        "the redelivery answers with the same execution": found.again.answer["executions"] == [execution.id],
        "an object outside of final/ starts nothing": found.other.answer["executions"] == [],
        "every replica serves one and the same version": len({version for *_, version in found.predictions}) == 1,
    }
    broken = [promise for promise, kept in promises.items() if not kept]
    if broken:
        raise OperatorError(f"this was promised and did not happen: {'; '.join(broken)}")


def report(found: Findings) -> Table:
    """The findings, one a line."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    evaluated, converted = found.execution.step("evaluate").output, found.execution.step("convert").output
    table.add_row("accuracy", f"{evaluated['accuracy']:.4f} on {evaluated['examples']} held-out digits")
    parity = f"{converted['max_abs_error']:.2g} at most over {converted['compared']} inputs"
    table.add_row("ONNX parity error", parity)
    table.add_row("POST to first step", f"{found.milliseconds_to_first_step:.0f} ms")
    table.add_row(
        "webhook answered in",
        f"{found.first.seconds * 1000:.0f} ms, then {found.again.seconds * 1000:.0f} ms",
    )
    table.add_row("two notifications", f"one execution: {found.execution.id}")
    for verdict in found.other_event.verdicts:
        table.add_row(
            "third notification", f"matched nothing: {verdict['expected']} is false for {verdict['actual']!r}"
        )
    for url, answer, label, version in found.predictions:
        table.add_row("prediction", f"{url} says {answer} for a {label} (version {version})")
    return table
