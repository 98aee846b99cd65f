"""Where plain int8 loses too much: find the few layers that lose it, and keep them in float.

Most losses have one cause: a tensor of which a few values are huge, so that 256 steps are too coarse for the others.
Its producer and its consumers then stay in float, and everything else in int8. The layers are found on calibration
photos alone; the photos that judge a model choose nothing of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convert.adapt import layers_of
from convert.variants import check_pixels, converter, run
from edge import runtime
from edge.fit import Image
from edge.quiet import quiet

_PROBES = 48  # calibration pictures on which layers are compared
_MOST = 16  # layers in float: with more, int8 is not worth its name
_ENOUGH = 0.9  # share of the curable loss that the chosen layers must cure
_WORTH = 0.5  # share of the whole loss that must be curable at all


class Mixed(NamedTuple):
    """An int8 network some layers of which compute in float: its bare flatbuffer, and the layers' names."""

    content: bytes
    float_layers: tuple[str, ...]


def convert_mixed(model: Any, calibration: Image) -> Mixed | None:
    """Convert a Keras model of one picture to int8, keeping in float the layers that lose most.

    First each layer is quantised alone, with all others in float, and the mean difference of the probabilities that
    this makes ranks it. Then the worst one, the worst two ... up to _MOST or half of all layers stay in float, and
    the fewest are taken that cure nearly as much as the most.

    Args:
        model: float32 (1, height, width, 3) -> (1, labels).
        calibration: uint8 (photos, height, width, 3), from which the ranges are taken.

    Returns:
        None where the loss comes from no few layers, but from all.

    Raises:
        CatdogError: TensorFlow cannot convert the model.
        ModelError: the input would not take pixels as they are.
    """
    made = converter(model, "int8", calibration)
    made._experimental_calibrate_only = True  # as tf.lite.experimental.QuantizationDebugger does
    calibrated, layers = _with_plain_names(run(made, "int8 variant"))
    probes = calibration[:: -(-len(calibration) // _PROBES)]
    reference = _outputs(calibrated, probes)

    def loss(in_float: Iterable[str]) -> float:
        return float(np.abs(_outputs(_quantise(calibrated, in_float), probes) - reference).mean())

    alone = {name: loss(other for other in layers if other != name) for name in layers}
    ranked = sorted(layers, key=lambda name: -alone[name])
    losses = [loss(ranked[:count]) for count in range(min(len(ranked) // 2, _MOST) + 1)]
    count = fewest(losses)
    if not count:
        return None
    content = _quantise(calibrated, ranked[:count])
    check_pixels(content)
    return Mixed(content, _readable([layers[name] for name in layers if name in ranked[:count]], model))


def fewest(losses: Sequence[float]) -> int:
    """Return how many layers to keep in float, where `losses[n]` is what n of them leave; 0 where it is not worth it.

    The first layer may gain nothing: producer and consumer of a tensor must both stay in float before it counts.
    """
    curable = losses[0] - min(losses)
    if curable < _WORTH * losses[0] or curable == 0:
        return 0
    return next(count for count, left in enumerate(losses) if losses[0] - left >= _ENOUGH * curable)


def _with_plain_names(content: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a flatbuffer whose tensors are called t0, t1, ..., and for each operator's output what it was called.

    The quantiser finds tensors to leave in float by name, but none whose name has been put together of several.
    """
    from tensorflow.lite.tools import flatbuffer_utils

    network = flatbuffer_utils.convert_bytearray_to_object(content)
    graph = network.subgraphs[0]
    former = [tensor.name.decode() for tensor in graph.tensors]
    for number, tensor in enumerate(graph.tensors):
        tensor.name = f"t{number}"
    outputs = [output for operator in graph.operators for output in operator.outputs]
    renamed = bytes(flatbuffer_utils.convert_object_to_bytearray(network))
    return renamed, {f"t{output}": former[output] for output in outputs}


def _quantise(calibrated: bytes, in_float: Iterable[str]) -> bytes:
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize  # what the converter's last step is

    with quiet(1, 2):
        return bytes(
            mlir_quantize(
                calibrated, input_data_type=tf.uint8, output_data_type=tf.uint8, denylisted_nodes=list(in_float)
            )
        )


def _outputs(content: bytes, pictures: Image) -> npt.NDArray[np.float32]:
    """Return the probabilities float32 (pictures, labels) of a flatbuffer."""
    interpreter = runtime.load(content, 1, "int8 variant")
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = given["quantization"] if given["dtype"] != np.float32 else (1.0, 0)
    rows = []
    for picture in pictures:
        interpreter.set_tensor(taken["index"], picture[None].astype(taken["dtype"]))
        interpreter.invoke()
        rows.append((interpreter.get_tensor(given["index"])[0].astype(np.float32) - zero_point) * scale)
    return np.stack(rows)


def _readable(tensors: Sequence[str], model: Any) -> tuple[str, ...]:
    """Return the names of the Keras layers that gave tensors such as "functional_1/conv2d_1/Relu;..."."""
    known = {layer.name for layer in layers_of(model)}
    return tuple(dict.fromkeys(_layer_of(tensor, known) for tensor in tensors))


def _layer_of(tensor: str, known: set[str]) -> str:
    for part in tensor.split(";")[0].split("/")[::-1]:
        for name in (part, part.rpartition("_")[0]):  # Keras numbers a layer's calls: the second one is name_1
            if name in known:
                return name
    return "probabilities" if tensor.startswith("StatefulPartitionedCall") else tensor
