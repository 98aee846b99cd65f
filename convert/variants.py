"""One Keras model becomes four TFLite flatbuffers."""

import io
import warnings
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from edge.errors import CatdogError, ModelError, first_line
from edge.fit import Image
from edge.quiet import quiet

VARIANTS = {
    "float32": "the network as it was trained",
    "float16": "weights in half precision: half the file, the same speed",
    "dynamic": "weights in int8, arithmetic partly in float: a small file, often slower than float32",
    "int8": "weights and arithmetic in int8, uint8 pixels in: the smallest and fastest",
}


def convert(model: Any, variant: str, calibration: Image) -> bytes:
    """Convert a Keras model of one picture.

    Args:
        model: float32 (1, height, width, 3) -> (1, labels).
        variant: a key of VARIANTS.
        calibration: uint8 (photos, height, width, 3), from which int8 takes its ranges.

    Returns:
        A bare TFLite flatbuffer.

    Raises:
        CatdogError: TensorFlow cannot convert the model.
        ModelError: the int8 input would not take pixels as they are.
    """
    content = run(converter(model, variant, calibration), f"{variant} variant")
    if variant == "int8":
        check_pixels(content)
    return content


def converter(model: Any, variant: str, calibration: Image) -> Any:
    """Return TensorFlow's converter, set up for a variant; arguments are those of `convert`."""
    import tensorflow as tf

    made = tf.lite.TFLiteConverter.from_keras_model(model)
    if variant != "float32":
        made.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        made.target_spec.supported_types = [tf.float16]
    if variant == "int8":
        made.representative_dataset = lambda: ([picture[None].astype(np.float32)] for picture in calibration)
        made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        made.inference_input_type = tf.uint8
        made.inference_output_type = tf.uint8
    return made


def run(made: Any, name: str) -> bytes:
    """Return what a converter gives, in silence; `name` is what errors call it."""
    try:
        # C++, Python and the warnings module each have their say, hundreds of lines of it.
        with quiet(1, 2), redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bytes(made.convert())
    except Exception as fault:  # the converter raises many kinds, all meaning this
        raise CatdogError(name, f"cannot be made ({first_line(fault)})", "Check the model's layers") from None


def check_pixels(content: bytes) -> None:
    """Raise ModelError unless a flatbuffer takes pixels as they are: uint8 with scale 1 and zero point 0."""
    from edge import runtime

    tensor = runtime.load(content, 1, "int8 variant").get_input_details()[0]
    if tensor["dtype"] != np.uint8 or tuple(tensor["quantization"]) != (1.0, 0):
        wrong = f"its input is {np.dtype(tensor['dtype']).name} {tensor['quantization']}, not uint8 with scale 1 from 0"
        raise ModelError("int8 variant", wrong, "Put the scaling of pixels (Rescaling) inside the model")
