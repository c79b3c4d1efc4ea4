"""A field that our own dialects write is known. A field that nearly has its name is a mistake."""

import json
from pathlib import Path

import pytest

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

SENDERS = sorted((Path(__file__).parents[2] / "golden" / "senders").glob("*.json"))
FIELDS = sorted(
    {
        (event["event_type"], field)
        for file in SENDERS
        for event in json.loads(file.read_text())
        for field in event.get("data", {})
    }
)


def compiled(event_type: str, field: str) -> None:
    step = {"id": "note", "action": "log", "params": {"message": f"it is {{{{ event['{field}'] }}}}"}}
    compile_pipeline({"name": "p", "steps": [step], "triggers": [{"event_type": event_type}]}, PLACEHOLDERS)


@pytest.mark.parametrize(("event_type", "field"), FIELDS)
def test_what_a_sender_writes_can_be_read(event_type: str, field: str) -> None:
    compiled(event_type, field)


@pytest.mark.parametrize(("event_type", "field"), [("model.added", "model_versio"), ("cluster.ready", "cluster_nam")])
def test_what_nearly_has_its_name_is_a_mistake(event_type: str, field: str) -> None:
    with pytest.raises(CompileError, match=f"have no field '{field}'"):
        compiled(event_type, field)
