"""Where in the picture the evidence for each label lies: class activation maps, on the device, of the file as it is.

A network that ends in global average pooling and one dense layer decides by a sum over places, so the share of each
place is known exactly (Zhou et al., CVPR 2016). In memory, the pooling's input becomes a second output of the model;
the rest is a product with the dense layer's weights.
"""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge import flatbuffer, runtime
from edge.errors import ModelError

Floats = npt.NDArray[np.float32]

# Of TensorFlow Lite's schema.fbs: slots of tables, and numbers of operators.
_CODES, _SUBGRAPHS, _OUTPUTS, _OPERATORS = 1, 2, 2, 3
_CODE, _TAKES, _GIVES = 0, 1, 2  # of Operator
_OLD_CODE, _NEW_CODE = 0, 3  # of OperatorCode
_AVERAGE_POOL, _DEQUANTIZE, _DENSE, _RESHAPE, _SOFTMAX, _MEAN = 1, 6, 9, 22, 25, 40


class Head(NamedTuple):
    """The end of a network: numbers of tensors.

    Attributes:
        maps: what the pooling takes, (1, rows, columns, channels).
        weights: of the dense layer, (labels, channels).
    """

    maps: int
    weights: int


class _Operator(NamedTuple):
    kind: int
    takes: tuple[int, ...]
    gives: int


def find_head(content: bytes) -> Head | None:
    """Return the end of a model's network; None where it does not end in pooling, one dense layer and a softmax.

    Args:
        content: of a .tflite file that a runtime has accepted.
    """
    by_output = {operator.gives: operator for operator in _operators(content)}
    softmax = [operator for operator in by_output.values() if operator.kind == _SOFTMAX]
    dense = by_output.get(softmax[-1].takes[0]) if softmax else None
    if dense is None or dense.kind != _DENSE:
        return None
    pooling = by_output.get(dense.takes[0])
    if pooling is not None and pooling.kind == _RESHAPE:
        pooling = by_output.get(pooling.takes[0])
    if pooling is None or pooling.kind not in (_MEAN, _AVERAGE_POOL):
        return None
    widened = by_output.get(dense.takes[1])  # weights that are kept as float16
    is_widened = widened is not None and widened.kind == _DEQUANTIZE
    return Head(pooling.takes[0], widened.takes[0] if widened and is_widened else dense.takes[1])


def _operators(content: bytes) -> list[_Operator]:
    model = flatbuffer.root(content)
    # Codes up to 127 stand in the old field, later ones in the new one: the larger counts (schema.fbs, OperatorCode).
    codes = [max(code.number(_OLD_CODE, "b"), code.number(_NEW_CODE, "i")) for code in model.tables(_CODES)]
    graph = model.tables(_SUBGRAPHS)[0]
    return [
        _Operator(codes[operator.number(_CODE, "I")], tuple(operator.numbers(_TAKES)), operator.numbers(_GIVES)[0])
        for operator in graph.tables(_OPERATORS)
    ]


def with_output(content: bytes, tensor: int) -> bytes:
    """Return a model with one more output: the list of outputs is written anew at the end, and all else stays."""
    graph = flatbuffer.root(content).tables(_SUBGRAPHS)[0]
    outputs = [*graph.numbers(_OUTPUTS), tensor]
    place = graph.places()[_OUTPUTS]
    changed = bytearray(content) + bytes(-len(content) % 4)
    struct.pack_into("<I", changed, place, len(changed) - place)
    return bytes(changed) + struct.pack(f"<I{len(outputs)}i", len(outputs), *outputs)


class Attention:
    """A model that shows where it looks, to answer in place of the plain one.

    Args:
        content: of the model file.
        labels: how many it knows.
        threads: of one inference.
        name: what errors call it.

    Attributes:
        interpreter: answers as the plain one does.

    Raises:
        ModelError: the network does not end in global average pooling, one dense layer and a softmax.
    """

    def __init__(self, content: bytes, labels: int, threads: int, name: object) -> None:
        head = find_head(content)
        if head is None:
            raise ModelError(name, "has no class activation map", "Use a network that ends in global average pooling")
        self._content = with_output(content, head.maps)  # stays alive with its interpreter
        self.interpreter: Any = runtime.load(self._content, threads, name)
        details = {int(one["index"]): one for one in self.interpreter.get_tensor_details()}
        self._index, self._maps = head.maps, details[head.maps]
        weights = details[head.weights]
        values = self.interpreter.get_tensor(head.weights)
        self._weights = _dequantised(values, weights, axis=0)
        if self._weights.shape != (labels, int(self._maps["shape"][-1])):
            raise ModelError(
                name, "has no class activation map", "Use a network whose last layer is its only dense one"
            )
        # Softmax is blind to what all labels have in common: only what one has beyond the mean is evidence for it.
        self._weights -= self._weights.mean(axis=0)

    def take(self) -> npt.NDArray[Any]:
        """Return a copy of what the pooling took of the latest picture: (rows, columns, channels), raw."""
        raw: npt.NDArray[Any] = self.interpreter.get_tensor(self._index)[0]
        return raw

    def maps(self, raw: npt.NDArray[Any]) -> Floats:
        """Return the evidence for each label: float32 (labels, rows, columns).

        The sum of a label's map is what its score has beyond the mean of all scores, less the same of its bias.

        Args:
            raw: what `take` gave.
        """
        values = _dequantised(raw, self._maps, axis=2)
        shares: Floats = np.einsum("lc,rkc->lrk", self._weights, values) / (raw.shape[0] * raw.shape[1])
        return shares.astype(np.float32, copy=False)


def _dequantised(values: npt.NDArray[Any], tensor: Mapping[str, Any], axis: int) -> Floats:
    """Return what quantised values stand for; `axis`: along which scales differ, where there are several."""
    result: Floats = values.astype(np.float32)
    told = tensor["quantization_parameters"]
    scales, zero_points = np.asarray(told["scales"], np.float32), np.asarray(told["zero_points"], np.float32)
    if not scales.size or values.dtype.kind == "f":
        return result
    shape = [1] * values.ndim
    shape[axis] = -1
    return (result - zero_points.reshape(shape)) * scales.reshape(shape)
