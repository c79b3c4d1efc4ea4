"""An ONNX language model for the evaluation harness: logits by onnxruntime, tokens by `tokenizers`.

    model.onnx         input_ids [batch, length], and attention_mask or position_ids if it takes them  ->  logits
    tokenizer.json     as Hugging Face writes it
    config.json        {"eos_token_id": 2, "max_position_embeddings": 2048}

The graph must be without a cache (no past_key_values): a whole text is scored at once.
"""

from pathlib import Path
from typing import Any

import numpy as np
from lm_eval.api.model import TemplateLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from tokenizers import Tokenizer

from aftertrain.jobs import devices
from aftertrain.jobs.contract import JobError
from aftertrain.jobs.model_folder import ends, longest, part, read_config

LENGTH, GENERATED = 2048, 256  # tokens, unless the model and the task say otherwise


class OnnxLanguageModel(TemplateLM):  # type: ignore[misc]  # the harness is untyped
    """The harness' model interface; `providers`: onnxruntime's, such as CUDAExecutionProvider."""

    def __init__(self, folder: Path, providers: list[str] | None = None) -> None:
        super().__init__()
        self.tokenizer = Tokenizer.from_file(str(part(folder, "tokenizer.json")))
        config = read_config(part(folder, "config.json"))
        self._end_tokens = ends(config)
        self._length = longest(config, LENGTH)
        self._session = devices.session(part(folder, "model.onnx"), providers)
        self._inputs = {tensor.name for tensor in self._session.get_inputs()}
        unknown = sorted(self._inputs - {"input_ids", "attention_mask", "position_ids"})
        if unknown:
            raise JobError(f"model.onnx takes {unknown[0]!r}: export it without a cache")

    @property
    def eot_token_id(self) -> int:
        """The token that ends a text, and precedes a text without context."""
        return self._end_tokens[0]

    def tok_encode(self, string: str, **_: Any) -> list[int]:
        """A text's tokens."""
        ids: list[int] = self.tokenizer.encode(string, add_special_tokens=False).ids
        return ids

    def _loglikelihood_tokens(self, requests: Any, **_: Any) -> list[tuple[float, bool]]:
        """For each continuation: its log-likelihood, and whether it is the greedy one."""
        return [self._likelihood([*context, *following], len(following)) for _, context, following in requests]

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:  # noqa: ARG002 - the harness's
        """The log-likelihood of each whole text."""
        return [self._rolling_likelihood(self.tok_encode(request.args[0])) for request in requests]

    def _rolling_likelihood(self, tokens: list[int]) -> float:
        windows = get_rolling_token_windows(tokens, self.eot_token_id, self._length, 1)
        pairs = (make_disjoint_window(window) for window in windows)
        return sum(self._likelihood([*context, *following], len(following))[0] for context, following in pairs)

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:  # noqa: ARG002 - the harness's
        """The greedy continuation of each text."""
        return [self._generate_text(*request.args) for request in requests]

    def _generate_text(self, context: str, options: dict[str, Any]) -> str:
        stops = [options["until"]] if isinstance(options.get("until"), str) else list(options.get("until", []))
        tokens, text = self.tok_encode(context) or [self.eot_token_id], ""
        start = len(tokens)
        for _ in range(int(options.get("max_gen_toks", GENERATED))):
            likeliest = int(np.argmax(self._logits(tokens[-self._length :])[-1]))
            if likeliest in self._end_tokens:
                break
            tokens.append(likeliest)
            text = self.tokenizer.decode(tokens[start:])
            positions = [text.index(stop) for stop in stops if stop and stop in text]
            if positions:
                return text[: min(positions)]
        return text

    def _likelihood(self, tokens: list[int], following: int) -> tuple[float, bool]:
        """The log-likelihood of the last tokens given those before; a too long context loses its beginning."""
        window = tokens[-(self._length + 1) :]
        logits = self._logits(window[:-1])[-following:]
        targets = np.array(window[-following:])
        shifted = logits - logits.max(axis=1, keepdims=True)
        chances = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return float(chances[np.arange(following), targets].sum()), bool((logits.argmax(axis=1) == targets).all())

    def _logits(self, tokens: list[int]) -> np.ndarray[Any, Any]:
        """[length, vocabulary]."""
        ids = np.array([tokens], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "position_ids": np.arange(ids.shape[1])[None]}
        output = self._session.run(["logits"], {name: feed[name] for name in self._inputs})[0][0]
        logits: np.ndarray[Any, Any] = output.astype(np.float64)
        if np.isnan(logits).any():
            raise JobError("the model answers with NaN: its training diverged")
        return logits
