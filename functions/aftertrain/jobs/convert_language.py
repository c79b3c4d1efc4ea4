"""Convert a transformers language model, and compare both models on real texts.

    onnx         model.onnx with model.onnx.data  [batch, length] tokens -> logits, without a cache
    safetensors  model.safetensors                the same weights, optionally in half precision

Tokenizer and configuration are copied, so `language_model_evaluate` can score the resulting folder.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.conversion import Array, Logits, compare, make, publish
from aftertrain.jobs.model_folder import fetch_model, longest, part, read_config
from aftertrain.jobs.storage import fetch

NEEDS = ("tokenizers", "torch", "transformers", "onnxscript")
MODEL = "model"  # subfolder of the job's folder, which also holds the job's own files


def convert_language(job: JobInput, folder: Path) -> dict[str, Any]:
    """Write the converted model below the job's output URI.

    Returns: {model_uri, format, precision, size_bytes, max_abs_error, agreement, compared}; `compared` counts tokens.
    Raises: JobError if the two models differ by more than the tolerance anywhere, or a library is missing.
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise JobError(f"{' and '.join(missing)} {verb} missing in the job's image: install aftertrain[torch]")
    from aftertrain.jobs.torch_language import TorchLanguageModel

    source, output_folder = fetch_model(job.param("model_uri"), folder / "model"), folder / "converted"
    # Check the samples before loading the weights.
    batches = _batches(source, fetch(job.param("sample_uri"), folder), int(job.params.get("max_tokens", 512)))

    def onnx(precision: str, target: Path) -> Logits:
        return TorchLanguageModel(source, precision).write_onnx(target)

    def safetensors(precision: str, target: Path) -> Logits:
        return TorchLanguageModel(source, precision).write_safetensors(target)

    converted = make(job, {"onnx": onnx, "safetensors": safetensors}, output_folder)
    tolerance = float(job.params.get("tolerance", 1e-3))
    comparison = compare(TorchLanguageModel(source).logits, converted, batches, tolerance)
    return {
        "model_uri": f"{job.output_uri}/{MODEL}/",
        "format": str(job.params.get("format", "onnx")),
        "precision": str(job.params.get("precision", "float32")),
        "size_bytes": publish(output_folder, f"{job.output_uri}/{MODEL}"),
        "max_abs_error": comparison.error,
        "agreement": comparison.agreeing / comparison.compared,
        "compared": comparison.compared,
    }


def _batches(model: Path, texts: Path, max_tokens: int) -> list[dict[str, Array]]:
    """The tokens of each text alone: logits are [length, vocabulary], and few of them fit into memory.

    Raises: JobError if there is no text.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(part(model, "tokenizer.json")))
    max_tokens = min(max_tokens, longest(read_config(part(model, "config.json")), max_tokens))
    try:
        lines = texts.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise JobError(f"{texts.name} is not UTF-8: {error}") from None
    tokens = [np.array([tokenizer.encode(line).ids[:max_tokens]], dtype=np.int64) for line in lines if line.strip()]
    batches = [{"input_ids": ids, "attention_mask": np.ones_like(ids)} for ids in tokens if ids.size]
    if not batches:
        raise JobError(f"{texts.name} has no text: write one per line")
    return batches
