"""An error -> the text on standard error."""

from pathlib import Path

from aftertrain.client.errors import ApiError
from aftertrain.compiler.diagnostics import CompileError, Diagnostic, Mark, render
from aftertrain.errors import AftertrainError


class DefinitionFileError(CompileError):
    """A definition file has mistakes; the error knows the file, so that they can be shown in it."""

    def __init__(self, file: Path, text: str, diagnostics: list[Diagnostic]) -> None:
        super().__init__(diagnostics)
        self.file, self.text = file, text


def explain(error: AftertrainError) -> str:
    """The message, or every diagnostic."""
    match error:
        case DefinitionFileError():
            return "\n".join(render(item, str(error.file), error.text) for item in error.diagnostics)
        case ApiError() if error.diagnostics:
            return "\n".join(_render_item(item) for item in error.diagnostics)
        case _:
            return f"aftertrain: {error.message}"


def diagnostic_of(item: dict[str, object]) -> Diagnostic:
    """A diagnostic in the API's form."""
    line, column = item.get("line"), item.get("column")
    mark = Mark(line, column) if isinstance(line, int) and isinstance(column, int) else None
    return Diagnostic(str(item["code"]), (str(item["where"]),), str(item["message"]), str(item["hint"]), mark)


def _render_item(item: dict[str, object]) -> str:
    return render(diagnostic_of(item), "definition", None)
