"""The SDK's classes -> its reference, from signatures and docstrings."""

import inspect
from inspect import getdoc

from docs.pages.markdown import code, table
from pydantic import BaseModel

from aftertrain.client import Client, errors, models
from aftertrain.client.transport import Transport

INTRO = """# Python SDK

```python
from aftertrain import Client

client = Client()
```

The client speaks HTTP to the API and signs each call with your AWS credentials. Without a URL it uses
`AFTERTRAIN_API_URL`. It needs none of the package's extras.
"""


class _NoTransport(Transport):
    def call(self, method: str, path: str, query: object = None, body: object = None) -> object:
        raise AssertionError(f"the docs make no call: {method} {path} {query} {body}")


def page() -> str:
    """The whole page."""
    client = Client(transport=_NoTransport())
    lines = [INTRO]
    for name, resource in sorted(vars(client).items()):
        lines += [f"## client.{name}", "", _doc(type(resource)), ""]
        for method_name, method in inspect.getmembers(type(resource), inspect.isfunction):
            if not method_name.startswith("_"):
                lines += _method(f"client.{name}.{method_name}", method)
    return "\n".join([*lines, *_answers(), *_errors()]).rstrip() + "\n"


def _method(name: str, method: object) -> list[str]:
    signature = str(inspect.signature(method)).replace("(self, ", "(").replace("(self)", "()")  # type: ignore[arg-type]  # a function
    signature = signature.replace("aftertrain.client.models.", "").replace("'", "")
    return [f"### {name}", "", "```text", f"{name}{_defaults(signature)}", "```", "", _doc(method), ""]


def _defaults(signature: str) -> str:
    before, marker, after = signature.partition("<object object at ")
    return before + "UNCHANGED" + _defaults(after.partition(">")[2]) if marker else signature


def _doc(documented: object) -> str:
    text = getdoc(documented) or ""
    return text.replace("\nRaises:", "\n\nRaises:").replace("\nReturns:", "\n\nReturns:")


def _answers() -> list[str]:
    lines = ["## Answers", "", "Unknown fields of a newer API are kept and can be read by name.", ""]
    for name, model in inspect.getmembers(models, inspect.isclass):
        if issubclass(model, BaseModel) and model.__module__ == models.__name__ and model is not models.Resource:
            fields = ", ".join(map(code, model.model_fields))
            lines += [f"### {name}", "", _doc(model), "", f"Fields: {fields}.", ""]
    return lines


def _errors() -> list[str]:
    rows = [(code(kind.__name__), _doc(kind).split("\n")[0]) for kind in (errors.ApiError, errors.InvalidRequestError)]
    rows.append((code("NoCredentialsError"), _doc(errors.NoCredentialsError).split("\n")[0]))
    return ["## Errors", "", *table(("error", "when"), rows)]
