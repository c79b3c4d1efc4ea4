"""All that is wrong with a definition is told at once, whatever stage finds it."""

import pytest

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

GOOD = "  - {id: good, action: log, params: {message: m}}\n"
# A mistake that hides what lies behind it, and one in a step that does not.
HIDING = {
    "AT103": "  - {id: x, action: log, dependson: [good], params: {message: m}}\n",
    "AT203": "  - {id: x, action: lgo}\n",
    "AT204": "  - {id: x, action: log, params: {message: m, nope: 1}}\n",
    "AT206": "  - {id: x, action: log, params: {message: [1]}}\n",
    "AT301": "  - {id: x, action: log, depends_on: [zz], params: {message: m}}\n",
    "AT303": '  - {id: x, action: log, params: {message: "{{ stps.a }}"}}\n',
    "AT304": '  - {id: x, action: log, params: {message: "{{ steps.zz.output }}"}}\n',
}
FOUND_LATER = '  - {id: y, action: log, params: {message: "{{ steps.good.output.mesage }}"}, condition: "1"}\n'


def codes(text: str) -> list[str]:
    with pytest.raises(CompileError) as caught:
        compile_pipeline(text, PLACEHOLDERS)
    return [each.code for each in caught.value.diagnostics]


@pytest.mark.parametrize("code", sorted(HIDING))
def test_one_mistake_hides_no_other(code: str) -> None:
    text = f"steps:\n{HIDING[code]}{GOOD}{FOUND_LATER}"

    assert sorted(codes(text)) == sorted([code, "AT305", "AT310"])


def test_what_rests_on_a_mistake_is_not_complained_of() -> None:
    text = f"steps:\n{HIDING['AT203']}" + '  - {id: y, action: log, params: {message: "{{ steps.x.output.z }}"}}\n'

    assert codes(text) == ["AT203"]


def test_circles_and_twins_are_told_alone() -> None:
    circle = "steps:\n" + "".join(
        f"  - {{id: {one}, action: log, depends_on: [{other}], params: {{message: m}}}}\n"
        for one, other in ("ab", "ba")
    )

    assert codes(circle + FOUND_LATER.replace("good", "a")) == ["AT302"]
    assert codes(f"steps:\n{GOOD}{GOOD}{FOUND_LATER}") == ["AT201"]
