"""A transformers language model in PyTorch: its logits, and its export to other formats.

    model.safetensors    or model-00001-of-00002.safetensors … with their index
    config.json          {"architectures": ["LlamaForCausalLM"], …}: any that transformers knows
    tokenizer.json

Pickled weights and code in a checkpoint are not loaded. Everything runs on the CPU, so memory is the only limit of a
model's size.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.conversion import Array, Logits, onnx_logits
from aftertrain.jobs.model_folder import BESIDE


class TorchLanguageModel:
    """A causal language model in one precision."""

    def __init__(self, folder: Path, precision: str = "float32") -> None:
        """Raises: JobError with the reason if transformers does not load it."""
        self.folder = folder
        try:
            self._model = transformers.AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=getattr(torch, precision),
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
            ).eval()
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise JobError(f"transformers cannot load the checkpoint: {error}") from None

    def logits(self, arrays: Mapping[str, Array]) -> Array:
        """{input_ids, attention_mask}, each [batch, length]  ->  [batch, length, vocabulary]."""
        with torch.inference_mode():
            inputs = {name: torch.from_numpy(value) for name, value in arrays.items()}
            result: Array = self._model(**inputs, use_cache=False).logits.float().numpy()
        return result

    def write_onnx(self, folder: Path) -> Logits:
        """Write model.onnx without a cache, and its weights. Raises: JobError if PyTorch cannot export the model."""
        target = folder / "model.onnx"
        # Sizes above 1, which would count as fixed, and two tensors: a shared one would become one input.
        tokens, mask = (torch.ones(2, 8, dtype=torch.int64) for _ in range(2))
        sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
        try:
            torch.onnx.export(
                _WithoutCache(self._model).eval(),
                (tokens, mask),
                target,
                input_names=["input_ids", "attention_mask"],
                output_names=["logits"],
                dynamic_shapes=(sizes, sizes),
                external_data=True,
                dynamo=True,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise JobError(f"PyTorch cannot export the model: {error}") from None
        self._copy_tokenizer_and_config(folder)
        return onnx_logits(target)

    def write_safetensors(self, folder: Path) -> Logits:
        """Write the weights in the loaded precision; returns the logits of the weights read back."""
        self._model.save_pretrained(folder)
        self._copy_tokenizer_and_config(folder)
        return TorchLanguageModel(folder, str(self._model.dtype).removeprefix("torch.")).logits

    def _copy_tokenizer_and_config(self, folder: Path) -> None:
        """Copy tokenizer and configuration; files that exist already are newer."""
        for name in BESIDE:
            if (self.folder / name).exists() and not (folder / name).exists():
                shutil.copyfile(self.folder / name, folder / name)


class _WithoutCache(torch.nn.Module):  # type: ignore[misc]  # types are checked without PyTorch
    """The exported function: the whole text in, its logits out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        return self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits
