"""A language model in ONNX, for the evaluation harness: its logits by onnxruntime, its tokens by `tokenizers`.

    model.onnx         input_ids [batch, length], and attention_mask or position_ids if it takes them  ->  logits
    tokenizer.json     as Hugging Face writes it
    config.json        {"eos_token_id": 2, "max_position_embeddings": 2048}

The graph has to be one without a cache (no past_key_values): a whole text is scored at once.
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

LENGTH, GENERATED = 2048, 256  # tokens, where the model and the task do not say


class OnnxLanguageModel(TemplateLM):  # type: ignore[misc]  # the harness is not typed
    """What the harness asks of a model; `providers` are onnxruntime's, such as CUDAExecutionProvider."""

    def __init__(self, folder: Path, providers: list[str] | None = None) -> None:
        super().__init__()
        self.tokenizer = Tokenizer.from_file(str(part(folder, "tokenizer.json")))
        config = read_config(part(folder, "config.json"))
        self._ends = ends(config)
        self._length = longest(config, LENGTH)
        self._session = devices.session(part(folder, "model.onnx"), providers)
        self._inputs = {each.name for each in self._session.get_inputs()}
        unknown = sorted(self._inputs - {"input_ids", "attention_mask", "position_ids"})
        if unknown:
            raise JobError(f"model.onnx takes {unknown[0]!r}: export it without a cache")

    @property
    def eot_token_id(self) -> int:
        """What a text ends with, and stands before one that has nothing before it."""
        return self._ends[0]

    def tok_encode(self, string: str, **_: Any) -> list[int]:
        """A text's tokens."""
        ids: list[int] = self.tokenizer.encode(string, add_special_tokens=False).ids
        return ids

    def _loglikelihood_tokens(self, requests: Any, **_: Any) -> list[tuple[float, bool]]:
        """Of each continuation: how likely it is, and whether it is what the model would have said."""
        return [self._likelihood([*context, *following], len(following)) for _, context, following in requests]

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:  # noqa: ARG002 - the harness's
        """How likely each text is as a whole."""
        return [self._rolled(self.tok_encode(request.args[0])) for request in requests]

    def _rolled(self, tokens: list[int]) -> float:
        windows = get_rolling_token_windows(tokens, self.eot_token_id, self._length, 1)
        pairs = (make_disjoint_window(window) for window in windows)
        return sum(self._likelihood([*context, *following], len(following))[0] for context, following in pairs)

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:  # noqa: ARG002 - the harness's
        """What the model goes on with, the likeliest token each time."""
        return [self._generated(*request.args) for request in requests]

    def _generated(self, context: str, told: dict[str, Any]) -> str:
        stops = [told["until"]] if isinstance(told.get("until"), str) else list(told.get("until", []))
        tokens, text = self.tok_encode(context) or [self.eot_token_id], ""
        begun = len(tokens)
        for _ in range(int(told.get("max_gen_toks", GENERATED))):
            likeliest = int(np.argmax(self._logits(tokens[-self._length :])[-1]))
            if likeliest in self._ends:
                break
            tokens.append(likeliest)
            text = self.tokenizer.decode(tokens[begun:])
            ends = [text.index(stop) for stop in stops if stop and stop in text]
            if ends:
                return text[: min(ends)]
        return text

    def _likelihood(self, tokens: list[int], following: int) -> tuple[float, bool]:
        """Of the last tokens after those before them; what does not fit is cut off at the front."""
        given = tokens[-(self._length + 1) :]
        logits = self._logits(given[:-1])[-following:]
        wanted = np.array(given[-following:])
        shifted = logits - logits.max(axis=1, keepdims=True)
        chances = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return float(chances[np.arange(following), wanted].sum()), bool((logits.argmax(axis=1) == wanted).all())

    def _logits(self, tokens: list[int]) -> np.ndarray[Any, Any]:
        """[length, vocabulary]."""
        ids = np.array([tokens], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "position_ids": np.arange(ids.shape[1])[None]}
        found = self._session.run(["logits"], {name: given[name] for name in self._inputs})[0][0]
        logits: np.ndarray[Any, Any] = found.astype(np.float64)
        if np.isnan(logits).any():
            raise JobError("the model answers with what is no number: its training diverged")
        return logits
