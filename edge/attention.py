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

from edge import graph, runtime
from edge.errors import ModelError

Floats = npt.NDArray[np.float32]


class Head(NamedTuple):
    """The end of a network: tensors that the pooling takes, (1, rows, columns, channels), and of the dense weights."""

    maps: int
    weights: int


def find_head(content: bytes) -> Head | None:
    """Return the end of a model that a runtime accepts; None for anything but pooling, a dense layer and a softmax."""
    by_output = {operator.gives: operator for operator in graph.operators(content)}
    softmax = [operator for operator in by_output.values() if operator.kind == graph.SOFTMAX]
    dense = by_output.get(softmax[-1].takes[0]) if softmax else None
    if dense is None or dense.kind != graph.DENSE:
        return None
    pooling = by_output.get(dense.takes[0])
    if pooling is not None and pooling.kind == graph.RESHAPE:
        pooling = by_output.get(pooling.takes[0])
    if pooling is None or pooling.kind not in (graph.MEAN, graph.AVERAGE_POOL):
        return None
    widened = by_output.get(dense.takes[1])  # weights that are kept as float16
    is_widened = widened is not None and widened.kind == graph.DEQUANTIZE
    return Head(pooling.takes[0], widened.takes[0] if widened and is_widened else dense.takes[1])


def with_output(content: bytes, tensor: int) -> bytes:
    """Return a model with one more output: the list of outputs is written anew at the end, and all else stays."""
    main = graph.main(content)
    outputs = [*main.numbers(graph.OUTPUTS), tensor]
    place = main.places()[graph.OUTPUTS]
    changed = bytearray(content) + bytes(-len(content) % 4)
    struct.pack_into("<I", changed, place, len(changed) - place)
    return bytes(changed) + struct.pack(f"<I{len(outputs)}i", len(outputs), *outputs)


class Attention:
    """A model that shows where it looks, to answer in place of the plain one; errors call it `name`.

    Attributes:
        interpreter: answers as the plain one does.
        box: left, top, width, height of the maps in shares of the input, by what their places look at.

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
            wrong = "has no class activation map"
            raise ModelError(name, wrong, "Use a network whose last layer is its only dense one")
        self.box = _box(content, head.maps, self.interpreter.get_input_details()[0]["shape"], self._maps["shape"])
        # Softmax is blind to what all labels have in common: only what one has beyond the mean is evidence for it.
        self._weights -= self._weights.mean(axis=0)

    def take(self) -> npt.NDArray[Any]:
        """Return a copy of what the pooling took of the latest picture: (rows, columns, channels), raw."""
        raw: npt.NDArray[Any] = self.interpreter.get_tensor(self._index)[0]
        return raw

    def maps(self, raw: npt.NDArray[Any]) -> Floats:
        """Return the evidence for each label, of what `take` gave: float32 (labels, rows, columns).

        The sum of a label's map is what its score has beyond the mean of all scores, less the same of its bias.
        """
        values = _dequantised(raw, self._maps, axis=2)
        shares: Floats = np.einsum("lc,rkc->lrk", self._weights, values) / (raw.shape[0] * raw.shape[1])
        return shares.astype(np.float32, copy=False)


def _box(content: bytes, maps: int, taken: npt.NDArray[Any], given: npt.NDArray[Any]) -> tuple[float, ...]:
    """Return where maps belong. Padding at one side only, as MobileNet has it, shifts what a place looks at."""
    views = graph.views(content).get(maps)
    if views is None:
        return 0.0, 0.0, 1.0, 1.0
    starts = [(view.start + 0.5 - view.step / 2) / size for view, size in zip(views, taken[1:3], strict=True)]
    sizes = [view.step * cells / size for view, cells, size in zip(views, given[1:3], taken[1:3], strict=True)]
    return float(starts[1]), float(starts[0]), float(sizes[1]), float(sizes[0])


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
