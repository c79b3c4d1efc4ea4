"""Score a checkpoint on held-out data: the share of examples whose highest logit is the label's."""

from pathlib import Path
from typing import Any

import numpy as np

from aftertrain.jobs.checkpoint import load_checkpoint, read_examples
from aftertrain.jobs.contract import JobInput


def evaluate(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {model_uri, accuracy, examples}. Raises: JobError."""
    uri = job.param("model_uri")
    model = load_checkpoint(uri, folder)
    inputs, labels = read_examples(job.param("dataset_uri"), folder)
    hits = np.argmax(model.logits(inputs), axis=1) == labels
    return {"model_uri": uri, "accuracy": float(hits.mean()), "examples": len(labels)}
