"""Reads and compiles definition files; mistakes are shown in the file."""

from dataclasses import replace
from pathlib import Path

from aftertrain.cli.failures import DefinitionFileError
from aftertrain.compiler.bindings import PLACEHOLDERS, WORKER
from aftertrain.compiler.compile import Compiled, compile_pipeline
from aftertrain.compiler.diagnostics import CompileError, Diagnostic
from aftertrain.model.definition import Compute


def compiled(file: Path, compute: Compute = WORKER) -> Compiled:
    """Compile a file with placeholders for the stage. Raises: DefinitionFileError."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DefinitionFileError(file, "", [Diagnostic("AT101", (), "this is not UTF-8 text")]) from None
    try:
        return compile_pipeline(text, replace(PLACEHOLDERS, compute=compute))
    except CompileError as error:
        raise DefinitionFileError(file, text, list(error.diagnostics)) from None
