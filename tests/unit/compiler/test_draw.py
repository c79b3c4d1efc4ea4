"""Views of a pipeline, and its cost."""

from aftertrain.asl.measure import Measure, measure
from aftertrain.compiler import draw
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import Compiled, compile_pipeline

TEXT = """
name: shown
steps:
  - {id: a, action: log, params: {message: x}}
  - {id: b, action: log, depends_on: [a], condition: event.b, params: {message: x}}
  - {id: c, action: log, depends_on: [a, b], foreach: {items: [1, 2, 3]}, params: {message: "{{ item | string }}"}}
on_failure:
  - {id: tell, action: log, params: {message: "{{ failure.cause }}"}}
"""


def compiled(text: str = TEXT) -> Compiled:
    return compile_pipeline(text, PLACEHOLDERS)


def test_mermaid() -> None:
    assert (
        draw.mermaid(compiled())
        == """flowchart LR
    s0["a<br/>log"]
    s1{{"b<br/>log"}}
    s2["c<br/>log"]
    s0 --> s1
    s1 --> s2
    f0["tell<br/>log"]
"""
    )


def test_dot() -> None:
    assert (
        draw.dot(compiled())
        == r"""digraph {
  rankdir=LR;
  node [shape=box, style=rounded];
  "a" [label="a\nlog"];
  "b" [label="b\nlog", shape=diamond];
  "c" [label="c\nlog"];
  "a" -> "b";
  "b" -> "c";
  "tell" [label="tell\nlog"];
}
"""
    )


def test_tree() -> None:
    assert (
        draw.tree(compiled())
        == """shown
├─ a  log
├─ b  log  after a  if event.b
├─ c  log  for each item  after b
└─ tell  log  on failure
"""
    )


def test_a_measure_counts_the_longest_way() -> None:
    """One Task has five events, and the execution two of its own. A failure adds one more."""
    one = measure(compiled("steps: [{id: a, action: log, params: {message: x}}]").machine)

    assert one == Measure(transitions=1, max_transitions=2, max_events=8, writes=0, invocations=1)


def test_every_item_and_every_retry_counts() -> None:
    text = "steps: [{id: a, action: log, foreach: {items: [1, 2, 3]}, params: {message: x}}]"
    loop = measure(compiled(text).machine)
    retried = measure(compiled(text.replace("foreach", "retry: {max_attempts: 3}, foreach")).machine)

    assert (loop.transitions, loop.invocations) == (1 + 3 + 2, 3)
    assert retried.max_events == loop.max_events + 3 * 2 * 3
