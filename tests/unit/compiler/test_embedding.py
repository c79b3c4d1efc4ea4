"""Values in code: refused where they could change it, and harmless where they are quoted."""

import json
import shlex
import subprocess
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

KEY = "{{ event.key }}"


def codes(command: list[str], **more: Any) -> set[str]:
    step = {"id": "run", "action": "job_run", "params": {"command": command}}
    try:
        compile_pipeline({"steps": [step], **more}, PLACEHOLDERS)
    except CompileError as error:
        return {found.code for found in error.diagnostics}
    return set()


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", f"echo scoring {KEY}"],
        ["bash", "-lc", KEY],
        ["/bin/bash", "-euo", "pipefail", "-c", f"score {KEY}"],
        ["bash", "-c", "-x", f"score {KEY}"],
        ["env", "A=1", "bash", "-ec", f"score {KEY}"],
        ["timeout", "60", "sh", "-c", f"score {KEY}"],
        ["docker", "exec", "box", "sh", "-c", f"score {KEY}"],
        ["env", "-S", f"sh -c {KEY}"],
        ["sudo", "-u", "me", "dash", "-c", "{% if event.x %}{{ event.x }}{% endif %}"],
        ["python3.11", "-c", f"print('{KEY}')"],
        ["python", f"-cprint('{KEY}')"],
        ["perl", "-e", KEY],
        ["node", "--eval", KEY],
        ["awk", f"/{KEY}/"],
        ["ssh", KEY],
        ["pwsh", "-Command", KEY],
        ["fish", "-c", "echo {{ event.key | shquote }}"],
        ["{{ event.program }}", "-c", KEY],
        ["sh", "-c", "echo {{ steps.other.output.result.name }}"],
    ],
)
def test_a_value_in_code_is_refused(command: list[str]) -> None:
    other = {"id": "other", "action": "job_run", "params": {"command": ["x"]}}
    step = {"id": "run", "action": "job_run", "params": {"command": command}}
    with pytest.raises(CompileError) as raised:
        compile_pipeline({"steps": [other, step]}, PLACEHOLDERS)

    assert {found.code for found in raised.value.diagnostics} == {"AT213"}


@pytest.mark.parametrize(
    "command",
    [
        ["python", "score.py", KEY],
        ["sh", "-c", 'score "$1"', "sh", KEY],
        ["bash", "run.sh", "-c", KEY],
        ["python", "-m", "score", "-c", KEY],
        ["python", "train.py", "--mode", "watch", KEY],
        ["python", "train.py", "--shell", "parallel", KEY],
        ["sh", "-c", "score {{ event.key | shquote }} | tee log"],
        ["sh", "-c", "A='x' score --name={{ event.key | shquote }}"],
        ["sh", "-c", "score --epochs {{ params.epochs }} --n {{ event.n | int }}"],
        ["sh", "-c", "score {{ 'a' if event.x == 'y' else 'b' }}"],
        ["sh", "-c", "score # no value here"],
    ],
)
def test_a_value_beside_code_stays(command: list[str]) -> None:
    assert codes(command, parameters=[{"name": "epochs", "type": "integer", "default": 3}]) == set()


@pytest.mark.parametrize(
    "code",
    [
        "echo '{{ event.key | shquote }}'",
        'echo "{{ event.key | shquote }}"',
        "echo `score {{ event.key | shquote }}`",
        "# {{ event.key | shquote }}",
        "cat <<EOF\n{{ event.key | shquote }}\nEOF",
        "echo \\{{ event.key | shquote }}",
        "echo ${{ event.key | shquote }}",
    ],
)
def test_a_quoted_value_must_stand_outside_of_quotes(code: str) -> None:
    assert codes(["sh", "-c", code]) == {"AT213"}


def rendered(code: str, key: str) -> str:
    """The code that a shell gets, as the machine renders it."""
    step = {"id": "run", "action": "job_run", "params": {"command": ["sh", "-c", code]}}
    machine = json.loads(compile_pipeline({"steps": [step]}, PLACEHOLDERS).asl)
    seen: list[Any] = []

    def answer(call: testing.Call) -> Any:
        seen.append(call.arguments)
        return {"result": None}

    testing.run(machine, {"event": {"data": {"key": key}}, "params": {}, "trigger": {"id": "t"}}, tasks=answer)
    command: str = seen[0]["params"]["command"][2]
    return command


FORMS = [
    "printf %s {{ event.key | shquote }}",
    "printf '%s' x{{ event.key | shquote }}y; true",
    "a='b'; printf %s {{ event.key | shquote }}",
]


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), st.sampled_from(FORMS))
@example("'; touch /tmp/x; '", FORMS[0])
@example("$(id)`id`\\", FORMS[1])
@example("\n# x\n", FORMS[2])
def test_nothing_breaks_out_of_quotes(key: str, form: str) -> None:
    code = rendered(form, key)
    ran = subprocess.run(["/bin/sh", "-c", code], capture_output=True, check=True)

    assert key in ran.stdout.decode()
    assert ran.stdout.decode() in (key, f"x{key}y")
    assert ran.stderr == b""
    assert key in "".join(shlex.split(code)) or "\\" in key
