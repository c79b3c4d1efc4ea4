"""A multi-layer perceptron: its forward pass in numpy, and the same as an ONNX graph.

Mlp(weights=(W0 [32, 64], W1 [10, 32]), biases=(b0 [32], b1 [10]), activation="relu").logits(x [n, 64])  ->  [n, 10]
"""

from dataclasses import dataclass
from itertools import count, pairwise, takewhile
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from aftertrain.jobs.contract import JobError

Array = np.ndarray[Any, Any]
OPSET = 17
IR_VERSION = 8
_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}


@dataclass(frozen=True, slots=True)
class Mlp:
    """Dense layers with an activation between them, and none after the last; weights are [out, in]."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: str

    @classmethod
    def from_tensors(cls, tensors: dict[str, Array], activation: str) -> "Mlp":
        """Read `layers.N.weight` and `layers.N.bias`. Raises: JobError for a missing or misfitting tensor."""
        if activation not in _ACTIVATIONS:
            raise JobError(f"unknown activation {activation!r}: known are {', '.join(_ACTIVATIONS)}")
        layers = list(takewhile(lambda layer: f"layers.{layer}.weight" in tensors, count()))
        if not layers or not all(f"layers.{layer}.bias" in tensors for layer in layers):
            raise JobError(f"an mlp has layers.0.weight, layers.0.bias, …; this has {sorted(tensors)}")
        weights = tuple(tensors[f"layers.{layer}.weight"].astype(np.float32) for layer in layers)
        biases = tuple(tensors[f"layers.{layer}.bias"].astype(np.float32) for layer in layers)
        for (wide, narrow), layer in zip(pairwise(weights), layers, strict=False):
            if narrow.shape[1] != wide.shape[0]:
                raise JobError(
                    f"layer {layer} returns {wide.shape[0]} values, but the next one takes {narrow.shape[1]}"
                )
        return cls(weights, biases, activation)

    def tensors(self) -> dict[str, Array]:
        """The tensors that `from_tensors` reads."""
        weights = {f"layers.{layer}.weight": weight for layer, weight in enumerate(self.weights)}
        return weights | {f"layers.{layer}.bias": bias for layer, bias in enumerate(self.biases)}

    @property
    def features(self) -> int:
        """The number of values of one input."""
        return int(self.weights[0].shape[1])

    def logits(self, inputs: Array) -> Array:
        """The scores of every class, [n, classes]. Raises: JobError if the inputs do not fit."""
        if inputs.ndim != 2 or inputs.shape[1] != self.features:
            raise JobError(f"the model takes inputs [n, {self.features}]; these are {list(inputs.shape)}")
        values = inputs.astype(np.float32)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values = self._activate(values @ weight.T + bias)
        result: Array = values @ self.weights[-1].T + self.biases[-1]
        return result

    def onnx(self) -> onnx.ModelProto:
        """The same computation as a checked ONNX model: `input` [batch, features] -> `logits` [batch, classes]."""
        nodes, constants, value = [], [], "input"
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            constants += [
                numpy_helper.from_array(weight, f"layers.{layer}.weight"),
                numpy_helper.from_array(bias, f"layers.{layer}.bias"),
            ]
            output = "logits" if layer == last else f"dense.{layer}"
            names = [value, f"layers.{layer}.weight", f"layers.{layer}.bias"]
            nodes.append(helper.make_node("Gemm", names, [output], transB=1))
            if layer != last:
                value = f"active.{layer}"
                nodes.append(helper.make_node(_ACTIVATIONS[self.activation], [output], [value]))
        model = helper.make_model(
            helper.make_graph(nodes, "mlp", *self._graph_inputs_and_outputs(), initializer=constants),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model)
        return model

    def _graph_inputs_and_outputs(self) -> tuple[list[Any], list[Any]]:
        classes = int(self.weights[-1].shape[0])
        model_input = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", self.features])
        model_output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes])
        return [model_input], [model_output]

    def _activate(self, values: Array) -> Array:
        match self.activation:
            case "relu":
                return np.maximum(values, 0)
            case "tanh":
                return np.tanh(values)
            case _:
                return 1 / (1 + np.exp(-values))
