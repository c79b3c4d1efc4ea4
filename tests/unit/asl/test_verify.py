"""Every known malformed machine, each of which some validator or emulator accepts, and sound ones."""

import copy
import json
from typing import Any

import jsonata
import pytest

from aftertrain.asl.verify.jsonata import JsonataSyntaxError, scan
from aftertrain.asl.verify.verify import size_faults, verify

END = {"Type": "Succeed"}
CODE = "{% $states.input.x %}"
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "End": True}
WAIT = {**TASK, "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"}
TOKEN = {"Arguments": {"Token": "{% $states.context.Task.Token %}"}}


def machine(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def branch(name: str, **fields: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True, **fields}}}


def pass_(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "End": True, **fields}


def retried(**fields: Any) -> dict[str, Any]:
    return {**TASK, "Retry": [{"ErrorEquals": ["States.Timeout"], **fields}]}


def caught(*errors: list[str], **fields: Any) -> dict[str, Any]:
    return {**TASK, "Catch": [{"ErrorEquals": each, "Next": "z", **fields} for each in errors]}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param(machine(a=pass_(End=True, Next="b")), "either Next or End", id="both-ends"),
        pytest.param(machine(a={"Type": "Pass", "Next": "b"}), "no state 'b'", id="unknown-target"),
        pytest.param(machine(a=pass_(), b=pass_()), "nothing leads to it", id="unreachable"),
        pytest.param(machine(a={"Type": "Pass"}), "either Next or End", id="no-end"),
        pytest.param(machine(a=pass_(Output="{% $states.input. %}")), "is not expected", id="syntax"),
        pytest.param(machine(a={**TASK, "Parameters": {}}), "no field 'Parameters'", id="jsonpath-field"),
        pytest.param(machine(a=pass_(Output="{% $nobody %}")), "$nobody may have no value", id="unknown-variable"),
        pytest.param(machine(a=pass_(Output="{% $states.result %}")), "no result here", id="result-of-pass"),
        pytest.param(
            machine(a={**TASK, "Arguments": {"x": "{% $states.result %}"}}), "no result here", id="result-in-arguments"
        ),
        pytest.param(
            machine(a={**TASK, "Output": "{% $states.errorOutput %}"}), "no errorOutput here", id="error-output"
        ),
        pytest.param(machine(a=pass_(Output="{% $eval('1') %}")), "no function $eval", id="eval"),
        pytest.param(machine(**{"a" * 81: pass_()}), "1 to 80 characters", id="long-name"),
        pytest.param(machine(**{"": pass_()}) | {"StartAt": ""}, "1 to 80 characters", id="empty-name"),
        pytest.param(machine(a=pass_(Assign={"1x": 1})), "it is no name", id="variable-name"),
        pytest.param(machine(a={"Type": "Pass", "End": False}), "End is true", id="end-false"),
        pytest.param(machine(a=pass_(QueryLanguage="JSONPath")), "QueryLanguage is JSONata", id="other-language"),
        pytest.param(machine(a={"Type": "Parallel", "Branches": [], "End": True}), "Branches is empty", id="no-branch"),
        pytest.param(machine(a={"Type": "Choice", "Choices": [], "Default": "z"}, z=END), "Choices is empty", id="no"),
        pytest.param(machine(a={"Type": "Wait", "End": True}), "either Seconds or Timestamp", id="no-time"),
        pytest.param(machine(a=retried(JitterStrategy="SOME")), "no JitterStrategy 'SOME'", id="jitter"),
        pytest.param(machine(a=retried(MaxDelaySeconds=1)), "not more than IntervalSeconds", id="short-delay"),
        pytest.param(
            machine(
                a={
                    "Type": "Map",
                    "Items": [],
                    "Label": "l" * 41,
                    "ItemProcessor": branch("x") | {"ProcessorConfig": {"Mode": "NEAR"}},
                    "End": True,
                }
            ),
            "there is no Mode 'NEAR'",
            id="map-mode",
        ),
        pytest.param(
            machine(a={"Type": "Parallel", "Branches": [branch("a")], "End": True}), "stands 2 times", id="same-name"
        ),
        pytest.param(machine(a=caught(["States.ALL"], ["X"]), z=END), "last entry of Catch", id="all-not-last"),
        pytest.param(machine(a=caught(["States.ALL", "X"]), z=END), "stands alone", id="all-not-alone"),
        pytest.param(machine(a={"Type": "Fail", "Assign": {"x": 1}}), "no field 'Assign'", id="assign-in-fail"),
        pytest.param(machine(a=pass_(Assign={"states": 1})), "the name is not free", id="reserved-name"),
        pytest.param(
            machine(
                a={"Type": "Pass", "Assign": {"v": 1}, "Next": "p"},
                p={"Type": "Parallel", "Branches": [branch("x", Assign={"v": 2})], "End": True},
            ),
            "assigned in a branch and outside",
            id="shadowed",
        ),
        pytest.param(machine(a=pass_(Output=" {% 1 %}")), "no blanks around it", id="blank-in-front"),
        pytest.param(machine(a=pass_(Output="{% 1")), "ends with %}", id="not-closed"),
        pytest.param(
            machine(a={"Type": "Choice", "Choices": [{"Condition": "x = 1", "Next": "z"}]}, z=END),
            "a condition is an expression",
            id="literal-condition",
        ),
        pytest.param(machine(a={"Type": "Taks", "End": True}), "no type 'Taks'", id="unknown-type"),
        pytest.param(machine(a={**TASK, "Resource": "arn:aws:states:::foo:bar"}), "no integration", id="unknown-call"),
        pytest.param(machine(a={**TASK, "Resource": "nonsense"}), "nothing that a Task can call", id="no-resource"),
        pytest.param(
            machine(a={**TASK, "Resource": "arn:aws:states:::batch:submitJob.sync:2"}), "no pattern", id="wrong-suffix"
        ),
        pytest.param(
            machine(a={**WAIT, **TOKEN, "Resource": "arn:aws:states:::dynamodb:updateItem.waitForTaskToken"}),
            "no pattern 'waitForTaskToken'",
            id="optimised-callback",
        ),
        pytest.param(
            machine(a={**WAIT, **TOKEN, "Resource": "arn:aws:states:::aws-sdk:batch:submitJob.sync"}),
            "no pattern 'sync'",
            id="sdk-sync",
        ),
        pytest.param(machine(a=retried(MaxAttempts=-1)), "MaxAttempts is -1", id="negative-attempts"),
        pytest.param(machine(a=retried(IntervalSeconds=0)), "IntervalSeconds is 0", id="no-interval"),
        pytest.param(machine(a=pass_(Output="{% $ %}")), "$ and $$ are not known", id="bare-context"),
        pytest.param(machine(a=pass_(Output="{% x[$ = 1] %}")), "$ and $$ are not known", id="context-in-predicate"),
        pytest.param(machine(a={**TASK, "Argumnts": {}}), "no field 'Argumnts'", id="misspelt"),
        pytest.param(machine(a={**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}), "not less than", id="heartbeat"),
        pytest.param(machine(a=WAIT), "hands to nobody", id="no-token"),
        pytest.param(machine(a={"Type": "Pass", "Next": "a"}), "never ends", id="circle"),
        pytest.param(
            machine(a={"Type": "Map", "Items": [], "ItemProcessor": branch("x"), "ItemsPath": "$", "End": True}),
            "no field 'ItemsPath'",
            id="jsonpath-map",
        ),
        pytest.param(machine(a={"Type": "Choice", "Choices": [{"Next": "z"}]}, z=END), "needs Condition", id="no-rule"),
        pytest.param({**machine(a=pass_()), "StartAt": "b"}, "no state 'b' to start at", id="no-start"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_found(given: dict[str, Any], fault: str) -> None:
    assert any(fault in each for each in verify(given)), verify(given)


def test_a_definition_of_more_than_a_megabyte_is_refused() -> None:
    at_most = "é" * 524_288

    assert size_faults(at_most) == []
    assert size_faults(f"{at_most}x") == ["the definition has 1048577 bytes; at most 1048576 are allowed"]


def test_a_variable_needs_a_value_on_every_way() -> None:
    both = machine(
        a={"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Assign": {"v": 1}, "Next": "z"}], "Default": "b"},
        b={"Type": "Pass", "Assign": {"v": 2}, "Next": "z"},
        z=pass_(Output="{% $v %}"),
    )
    one = copy.deepcopy(both)
    del one["States"]["b"]["Assign"]

    assert verify(both) == []
    assert verify(one) == ["state 'z', Output: $v may have no value"]


def test_what_a_branch_assigns_is_gone_behind_it() -> None:
    inner = branch("x", Assign={"v": 1})
    given = machine(p={"Type": "Parallel", "Branches": [inner], "Next": "z"}, z=pass_(Output="{% $v %}"))

    assert verify(given) == ["state 'z', Output: $v may have no value"]


def test_an_item_of_a_distributed_map_sees_nothing_from_outside() -> None:
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **branch("x", Output="{% $v %}")}
    given = machine(
        a={"Type": "Pass", "Assign": {"v": 1}, "Next": "m"},
        m={"Type": "Map", "Items": [1], "ItemProcessor": inner, "End": True},
    )

    assert verify(given) == ["state 'x', Output: $v may have no value"]


GOOD = [
    "1 + 2 * -3",
    "a.b[0].c",
    "$states.input.x ? 'y' : \"z\"",
    "($f := function($v, $i) {$v & $i}; $map([1, 2], $f))",
    "$reduce([1..3], function($a, $b) {$a + $b}, 0)",
    "{'a': 1, \"b\": [1, {'c': null}]}",
    "$replace('a', /^\\s+|\\/x$/i, '')",
    "$sort(x, function($l, $r) {$l > $r})",
    "x ~> $sum()",
    "`odd name`.b[c = 1 and d in [1, 2]]",
    "$exists($v) and $not(true or false)",
    "10 / 2 / 5",
    "x^(>price, <name)",
    "/* why */ 1",
    "(1; 2;)",
    "$a .b. c",
    "($f := function() {1}; {'g': $f}.g())",
    "[0..2, 4, 6..$n := 8]",
    "$f(?, 1)",
    "x{'a': 1}.b[]",
]


@pytest.mark.parametrize("code", GOOD)
def test_what_is_jsonata_is_read(code: str) -> None:
    assert scan(code)
    jsonata.Jsonata.jsonata(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "1 +",
        "(1",
        "[1, 2",
        "{'a' 1}",
        "a.",
        "'x",
        "1 2",
        "function($a) $a",
        "function(a) {1}",
        "function($a.b) {1}",
        "1 := 2",
        "$a.b := 2",
        "a b",
        "?",
        "$f(1,)",
        "[1, 2,]",
        "{'a': 1,}",
        "function($a,) {1}",
        "x^()",
        "1..2",
        "[1..2..3]",
    ],
)
def test_what_is_none_is_refused(code: str) -> None:
    with pytest.raises(JsonataSyntaxError):
        scan(code)
    with pytest.raises(jsonata.JException):
        jsonata.Jsonata.jsonata(code)


def test_variables_are_told_from_what_is_bound_inside() -> None:
    found = scan("($a := $b; $f := function($c) {$c & $a & $d}; $f($e) & $sum($a) & $states.context.x)")

    assert (found.free - {"states"}, found.called, found.states) == ({"b", "d", "e"}, {"sum"}, {"context"})


def test_what_lies_below_a_variable_is_not_called_by_its_name() -> None:
    found = scan("$v.f(1) & $w . g(2) & $states . input.x & $states.result")

    assert (found.free, found.called, found.states) == ({"v", "w"}, set(), {"input", "result"})


def test_texts_that_are_no_code_are_let_be() -> None:
    assert verify(machine(a=pass_(Output={"x": "100 %", "y": "{{ z }}", "z": json.dumps({"a": 1})}))) == []
