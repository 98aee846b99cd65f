"""A tiny sealed model that knows colours: built byte by byte, without TensorFlow.

The picture is averaged to one colour, and label number i of the first three wants its channel (red, green, blue)
strong; labels beyond them want it weak. So a red picture is the first label, a green one the second, a blue one the
third, with a probability near 1, and a grey one is evenly torn: tests can state what the answer must be.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.contract import Contract, seal
from edge.fit import FitRule

FLOAT32 = schema.TensorType.FLOAT32
_STEEPNESS = 10.0  # logit of a channel at 255: softmax((10, 0, 0)) is 0.9999


def tiny_model(
    path: Path,
    side: int = 32,
    labels: Sequence[str] = ("red", "green", "blue"),
    input_dtype: str = "uint8",
    weights_dtype: str = "float32",
    **contract: Any,
) -> Path:
    """Write a sealed .tflite model that names the strongest colour of a picture.

    Args:
        path: the file to write.
        side: height and width of the input in pixels.
        labels: two or more.
        input_dtype: "uint8" (scale 1, zero point 0) or "float32" (0..255); the output is float32.
        weights_dtype: "float32", or "float16" as a float16 variant keeps them.
        contract: other fields of the `Contract`, e.g. thresholds={"red": 0.9}, fallback="green".

    Returns:
        path.
    """
    rule = contract.pop("fit", FitRule(side, side))
    fields = {"name": "tiny", "variant": "float32", "labels": tuple(labels), "fit": rule, **contract}
    path.write_bytes(seal(_flatbuffer(side, len(labels), input_dtype, weights_dtype), Contract(**fields)))
    return path


class Graph:
    """Collects tensors and operators of a TFLite graph, and packs them."""

    def __init__(self) -> None:
        self.buffers, self.tensors, self.codes, self.operators = [schema.BufferT()], [], [], []

    def tensor(self, name: str, shape: Sequence[int], kind: int, value: Any = None) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, 0
        if kind == schema.TensorType.UINT8:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [1.0], [0]
        if value is not None:
            buffer = schema.BufferT()
            kept = "<f2" if kind == schema.TensorType.FLOAT16 else "<f4"
            buffer.data = np.frombuffer(np.asarray(value, kept).tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, name: str, inputs: list[int], output: int, options: str, **fields: Any) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = 1
        self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = len(self.codes) - 1, inputs, [output]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, options + "T")()
        for field, value in fields.items():
            setattr(operator.builtinOptions, field, value)
        self.operators.append(operator)
        return output

    def picture(self, side: int, dtype: str) -> tuple[int, int]:
        """Add the input of the network; return its tensor, and that of the same picture in floats."""
        if dtype == "float32":
            picture = self.tensor("picture", (1, side, side, 3), FLOAT32)
            return picture, picture
        picture = self.tensor("picture", (1, side, side, 3), schema.TensorType.UINT8)
        wide = self.tensor("wide", (1, side, side, 3), FLOAT32)
        return picture, self.operator("DEQUANTIZE", [picture], wide, "DequantizeOptions")

    def mean(self, maps: int, side: int, channels: int) -> int:
        pooled = self.tensor("mean", (1, 1, 1, channels), FLOAT32)
        window = {"filterHeight": side, "filterWidth": side, "strideH": 1, "strideW": 1}
        valid = schema.Padding.VALID
        return self.operator("AVERAGE_POOL_2D", [maps], pooled, "Pool2DOptions", padding=valid, **window)

    def probabilities(self, features: int, weights: int, count: int) -> int:
        bias = self.tensor("bias", (count,), FLOAT32, np.zeros(count))
        logits = self.tensor("logits", (1, count), FLOAT32)
        self.operator("FULLY_CONNECTED", [features, weights, bias], logits, "FullyConnectedOptions")
        answer = self.tensor("probabilities", (1, count), FLOAT32)
        return self.operator("SOFTMAX", [logits], answer, "SoftmaxOptions", beta=1.0)

    def pack(self, first: int, last: int) -> bytes:
        graph = schema.SubGraphT()
        graph.name, graph.inputs, graph.outputs = "main", [first], [last]
        graph.tensors, graph.operators = self.tensors, self.operators
        model = schema.ModelT()
        model.version, model.description = 3, "names the strongest colour"
        model.operatorCodes, model.subgraphs, model.buffers = self.codes, [graph], self.buffers
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _flatbuffer(side: int, count: int, input_dtype: str, weights_dtype: str) -> bytes:
    graph = Graph()
    first, picture = graph.picture(side, input_dtype)
    colour = graph.mean(picture, side, 3)
    rows = [np.eye(3)[i % 3] * (1 if i < 3 else -1) for i in range(count)]
    values = np.array(rows) * _STEEPNESS / 255
    if weights_dtype == "float16":
        half = graph.tensor("half weights", (count, 3), schema.TensorType.FLOAT16, values)
        weights = graph.tensor("weights", (count, 3), FLOAT32)
        graph.operator("DEQUANTIZE", [half], weights, "DequantizeOptions")
    else:
        weights = graph.tensor("weights", (count, 3), FLOAT32, values)
    return graph.pack(first, graph.probabilities(colour, weights, count))
