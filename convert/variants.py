"""One Keras model becomes four TFLite flatbuffers."""

import io
import warnings
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from edge.errors import CatdogError, ModelError, printable
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
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if variant != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if variant == "int8":
        converter.representative_dataset = lambda: ([picture[None].astype(np.float32)] for picture in calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
    try:
        # C++, Python and the warnings module each have their say, hundreds of lines of it.
        with quiet(1, 2), redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = bytes(converter.convert())
    except Exception as fault:  # the converter raises many kinds, all meaning this
        first_line = printable((str(fault).strip() or type(fault).__name__).splitlines()[0][:150])
        raise CatdogError(f"{variant} variant", f"cannot be made ({first_line})", "Check the model's layers") from None
    if variant == "int8":
        _check_pixels(content)
    return content


def _check_pixels(content: bytes) -> None:
    from edge import runtime

    tensor = runtime.load(content, 1, "int8 variant").get_input_details()[0]
    if tensor["dtype"] != np.uint8 or tuple(tensor["quantization"]) != (1.0, 0):
        raise ModelError(
            "int8 variant",
            f"its input is {np.dtype(tensor['dtype']).name} {tensor['quantization']}, not uint8 with scale 1 from 0",
            "Put the scaling of pixels (Rescaling) inside the model",
        )
