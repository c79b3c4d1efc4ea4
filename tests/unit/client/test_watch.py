"""An execution that is watched for hours, while the API sometimes does not answer."""

from typing import Any
from unittest import mock

import pytest
from tests.api import execution

from aftertrain.client import executions as module
from aftertrain.client.errors import ApiError, InvalidRequestError, NoCredentialsError, api_error
from aftertrain.client.executions import Executions


class Answers:
    """Gives one answer after the other. Errors are raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def call(self, method: str, path: str, query: Any = None, body: Any = None) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def watched(*answers: Any) -> list[str]:
    return [each.status for each in Executions(Answers(*answers)).watch("t-1", interval=0)]


@pytest.mark.parametrize("hiccup", [0, 429, 503])
def test_a_hiccup_is_no_end(hiccup: int) -> None:
    lost = api_error(hiccup, {})

    assert watched(api_error(404, {}), execution("running"), lost, lost, execution("succeeded")) == [
        "running",
        "succeeded",
    ]


@pytest.mark.parametrize(
    ("answer", "kind"), [(NoCredentialsError(0, {}), NoCredentialsError), (api_error(403, {}), ApiError)]
)
def test_what_will_not_get_better_is_an_end(answer: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        watched(execution("running"), answer)


@pytest.mark.parametrize(("status", "kind"), [(404, InvalidRequestError), (503, ApiError)])
def test_what_lasts_is_an_end(status: int, kind: type[Exception]) -> None:
    with mock.patch.object(module.time, "monotonic", side_effect=[0.0, 1000.0]), pytest.raises(kind):
        watched(api_error(status, {}))
