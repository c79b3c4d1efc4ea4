"""A record whose triggers could not all be read -> the starts and verdicts of those that can be read now.

    Verdict("trig-9", "received", clause="trigger", final=False)  ->  Start("trig-9-0d9c…", …), once code reads trig-9

A deploy that is rolled back, or is on its way, leaves older code beside triggers of a newer version. Their events stay
`received` until code comes that can read them, and then start what they would have started.
"""

from aftertrain.expressions.budget import Budget, OverBudgetError
from aftertrain.ingest.compiled_trigger import CompiledTrigger, find_mismatch, find_source_mismatch
from aftertrain.ingest.event_record import EventRecord, Start, new_start, over_budget
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.authority import source_of


def read_again(record: EventRecord, snapshot: Snapshot) -> list[Start | Verdict]:
    """One start or verdict for each trigger that could not be read before."""
    by_id = {compiled.trigger.id: compiled for compiled in snapshot.compiled_triggers}
    return [
        verdict
        if verdict.trigger_id in snapshot.unreadable
        else _decide(verdict.trigger_id, by_id.get(verdict.trigger_id), record, snapshot)
        for verdict in record.unread
    ]


def _decide(
    trigger_id: str, compiled: CompiledTrigger | None, record: EventRecord, snapshot: Snapshot
) -> Start | Verdict:
    if compiled is None:
        actual = "it was disabled or deleted while the event waited"
        return Verdict(trigger_id, "disabled", "trigger", "the trigger exists and is enabled", actual)
    event, source = record.event, source_of(record.key.source_id, snapshot.sources)
    try:
        mismatch = find_source_mismatch(event.type, compiled.trigger, source)
        mismatch = mismatch or find_mismatch(event, compiled, Budget())
    except OverBudgetError:
        return over_budget(trigger_id)
    if mismatch is not None:
        return Verdict(trigger_id, "filtered", mismatch.clause, mismatch.expected, mismatch.actual)
    return new_start(compiled.trigger, event, record.key)
