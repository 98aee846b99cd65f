"""TFLite graphs: the multiply-adds of a model, and yardsticks, made with the schema that ai-edge-litert ships.

A yardstick is a stack of 1 x 1 convolutions: nothing but matrix products, which is what the runtime's kernels are best
at. What it reaches is what any model could reach at most on this machine with this runtime.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from edge.graph import CONV, DENSE, DEPTHWISE, operators, shapes

try:
    from ai_edge_litert import schema_py_generated as schema
except ImportError:  # tflite-runtime ships none
    schema = None

MISSING = "not measured: this needs the schema that ai-edge-litert ships"


class Yardstick(NamedTuple):
    """A stack of `layers` convolutions 1 x 1 on side x side x channels, in "float32" or "int8"."""

    kind: str
    side: int
    channels: int
    layers: int = 4

    @property
    def macs(self) -> int:
        """Multiply-adds of one inference."""
        return self.layers * self.side**2 * self.channels**2

    @property
    def shape(self) -> str:
        return f"{self.layers} x conv 1x1, {self.side}x{self.side}x{self.channels}"


# From much picture and few channels to the reverse: which one a processor likes best depends on its caches.
SHAPES = ((56, 64), (28, 128), (14, 256), (7, 512))
YARDSTICKS = tuple(Yardstick(kind, side, channels) for kind in ("float32", "int8") for side, channels in SHAPES)


def can_build() -> bool:
    """True where the schema is there."""
    return schema is not None


def macs(content: bytes) -> int:
    """Return the multiply-adds of one inference: convolutions and dense layers."""
    sizes, count = shapes(content), 0
    for step in operators(content):
        if step.kind in (CONV, DEPTHWISE, DENSE):
            weights = sizes[step.takes[1]]  # (out, h, w, in), (1, h, w, out) or (out, in)
            of_one = weights[1:3] if step.kind == DEPTHWISE else weights[1:]
            count += math.prod(sizes[step.gives]) * math.prod(of_one)
    return count


def build(yardstick: Yardstick) -> bytes:
    """Return a yardstick as a TFLite model with seeded random weights; needs the schema."""
    random = np.random.default_rng(1)
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators, model.buffers = [], [], [schema.BufferT()]
    last = first = _activation(graph, yardstick)
    for _ in range(yardstick.layers):
        operator = schema.OperatorT()
        operator.opcodeIndex = 0
        operator.inputs = [last, *_weights(graph, model, yardstick, random)]
        last = _activation(graph, yardstick)
        operator.outputs = [last]
        operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, _one_by_one()
        graph.operators.append(operator)
    graph.inputs, graph.outputs = [first], [last]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 3 if yardstick.kind == "int8" else 1  # versions.cc: 3 takes int8
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    builder = schema.flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _one_by_one() -> Any:
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = 1
    options.padding, options.fusedActivationFunction = schema.Padding.VALID, schema.ActivationFunctionType.RELU
    return options


def _activation(graph: Any, yardstick: Yardstick) -> int:
    return _tensor(graph, (1, yardstick.side, yardstick.side, yardstick.channels), yardstick.kind, [0.05])


def _weights(graph: Any, model: Any, yardstick: Yardstick, random: np.random.Generator) -> tuple[int, int]:
    """Add weights and bias of one layer; return their tensors' numbers."""
    count = yardstick.channels
    # He et al. 2015: values keep their size from layer to layer, so that none becomes a slow denormal number.
    values = random.normal(0, math.sqrt(2 / count), (count, 1, 1, count)).astype("<f4")
    bias = np.zeros(count, "<f4")
    if yardstick.kind == "int8":
        values, bias = np.clip(values * 256, -127, 127).astype(np.int8), np.zeros(count, "<i4")
    scales = [1 / 256] * count
    return (
        _tensor(graph, values.shape, yardstick.kind, scales, _buffer(model, values)),
        _tensor(graph, bias.shape, "int32" if yardstick.kind == "int8" else "float32", [s * 0.05 for s in scales],
                _buffer(model, bias)),
    )  # fmt: skip


def _buffer(model: Any, values: Any) -> int:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _tensor(graph: Any, shape: tuple[int, ...], kind: str, scales: list[float], buffer: int = 0) -> int:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = f"t{len(graph.tensors)}", list(shape), buffer
    tensor.type = getattr(schema.TensorType, kind.upper())
    if kind != "float32":
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = scales, [0] * len(scales)
        tensor.quantization.quantizedDimension = 0
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1
