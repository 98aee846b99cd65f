"""What a run takes of the machine: its arithmetic, and its memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from edge.errors import CatdogError


def set_precision(asked: str) -> str:
    """Choose the arithmetic of the networks built from now on, and return its name."""
    half = asked == "bfloat16" or (asked == "auto" and bool(tf.config.list_physical_devices("GPU")))
    # Weights and logits stay float32. bfloat16 has float32's range, so that no loss need be scaled.
    keras.config.set_dtype_policy("mixed_bfloat16" if half else "float32")
    return "bfloat16" if half else "float32"


@contextmanager
def memory_is_short() -> Iterator[None]:
    """Say what to do where the memory of the machine, or of its GPU, does not suffice."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise CatdogError("training", "needs more memory than there is", "Lower --batch or --side") from None
