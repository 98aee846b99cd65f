"""The graph of a .tflite file, read as far as is needed to know its end, and where the places of its maps look.

Slots and numbers are of TensorFlow Lite's schema.fbs.
"""

import struct
from typing import NamedTuple

from edge import flatbuffer
from edge.flatbuffer import Table

AVERAGE_POOL, CONV, DEPTHWISE, DEQUANTIZE, DENSE = 1, 3, 4, 6, 9  # of BuiltinOperator
MAX_POOL, RESHAPE, SOFTMAX, PAD, MEAN = 17, 22, 25, 34, 40
OUTPUTS = 2  # of SubGraph
_CODES, _SUBGRAPHS, _BUFFERS = 1, 2, 4  # of Model
_TENSORS, _INPUTS, _OPERATORS = 0, 1, 3  # of SubGraph
_SHAPE, _BUFFER = 0, 2  # of Tensor
_CODE, _TAKES, _GIVES, _OPTIONS = 0, 1, 2, 4  # of Operator
_OLD_CODE, _NEW_CODE = 0, 3  # of OperatorCode
_PADDING, _STRIDE_X, _STRIDE_Y, _FILTER_X, _FILTER_Y = 0, 1, 2, 3, 4  # of the options of convolutions and poolings
_SAME = 0


class Operator(NamedTuple):
    """One step: its kind, numbers of the tensors it takes, number of the one it gives, its options."""

    kind: int
    takes: tuple[int, ...]
    gives: int
    options: Table | None


class View(NamedTuple):
    """Where the places of a map look, along one side of the picture, in its pixels."""

    start: float  # the middle of what the first place looks at; 0 is the middle of the first pixel
    step: float  # from one place to the next


def main(content: bytes) -> Table:
    """Return the graph that a model runs."""
    return flatbuffer.root(content).tables(_SUBGRAPHS)[0]


def operators(content: bytes) -> list[Operator]:
    """Return the steps of a model that a runtime has accepted, in their order."""
    # Codes up to 127 stand in the old field, later ones in the new one: the larger counts.
    codes = [
        max(code.number(_OLD_CODE, "b"), code.number(_NEW_CODE, "i"))
        for code in flatbuffer.root(content).tables(_CODES)
    ]
    return [
        Operator(codes[one.number(_CODE, "I")], tuple(one.numbers(_TAKES)), one.numbers(_GIVES)[0], one.table(_OPTIONS))
        for one in main(content).tables(_OPERATORS)
    ]


def shapes(content: bytes) -> list[list[int]]:
    """Return the shape of each tensor, by its number."""
    return [tensor.numbers(_SHAPE) for tensor in main(content).tables(_TENSORS)]


def views(content: bytes) -> dict[int, tuple[View, View]]:
    """Return, for each map that comes of the picture by known steps, where its places look: down and across."""
    graph, buffers = main(content), flatbuffer.root(content).tables(_BUFFERS)
    tensors, sizes = graph.tables(_TENSORS), shapes(content)
    known = {graph.numbers(_INPUTS)[0]: (View(0.0, 1.0), View(0.0, 1.0))}
    for step in operators(content):
        first = next((tensor for tensor in step.takes if tensor in known), None)
        if first is None:
            continue
        before = known[first]
        if step.kind == PAD:
            padding = struct.unpack_from("<8i", buffers[tensors[step.takes[1]].number(_BUFFER, "I")].raw(0))
            known[step.gives] = (_padded(before[0], padding[2]), _padded(before[1], padding[4]))
        elif step.kind in (CONV, DEPTHWISE, AVERAGE_POOL, MAX_POOL):
            known[step.gives] = _slid(before, step, sizes)
        elif sizes[step.gives][1:3] == sizes[first][1:3]:
            known[step.gives] = before
    return known


def _padded(before: View, by: int) -> View:
    return View(before.start - by * before.step, before.step)


def _slid(before: tuple[View, View], step: Operator, shapes: list[list[int]]) -> tuple[View, View]:
    assert step.options is not None
    strides = [step.options.number(slot, "i") for slot in (_STRIDE_Y, _STRIDE_X)]
    if step.kind in (CONV, DEPTHWISE):
        kernels = shapes[step.takes[1]][1:3]
    else:
        kernels = [step.options.number(slot, "i") for slot in (_FILTER_Y, _FILTER_X)]
    is_same = step.options.number(_PADDING, "b") == _SAME
    sizes = zip(shapes[step.takes[0]][1:3], shapes[step.gives][1:3], strict=True)
    after = []
    for view, stride, kernel, (taken, given) in zip(before, strides, kernels, sizes, strict=True):
        padding = max((given - 1) * stride + kernel - taken, 0) // 2 if is_same else 0  # the odd one goes behind
        after.append(View(view.start + ((kernel - 1) / 2 - padding) * view.step, view.step * stride))
    return after[0], after[1]
