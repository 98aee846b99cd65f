"""A .keras file and its record become a network with a known contract."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from edge.errors import InputError
from edge.fit import FitRule
from edge.quiet import quiet
from edge.record import file_digest, read_record


class Parent(NamedTuple):
    """The model to convert.

    Attributes:
        path: its .keras file.
        model: float32 (1, height, width, 3) RGB 0..255 -> probabilities (1, labels).
        labels: one per output.
        fit: how a photo becomes its input.
        digest: SHA-256 of the .keras file, in hex.
        record: what the trainer wrote beside it; empty where there is none.
    """

    path: Path
    model: Any
    labels: tuple[str, ...]
    fit: FitRule
    digest: str
    record: dict[str, Any]


def load(path: Path, labels: tuple[str, ...] = ()) -> Parent:
    """Load a Keras image classifier.

    Args:
        path: a .keras file with one (batch, height, width, 3) input and one output that sums to 1.
        labels: the names of its outputs, where no record beside it gives them.

    Raises:
        InputError: the file is missing, damaged, no classifier of this form, or its record is another model's.
    """
    record = read_record(path)
    model = _read_keras(path)
    height, width = _check_input(path, model)
    labels = labels or tuple(record.get("labels", ()))
    if not labels:
        raise InputError(path, "has no record that names its classes", "Name them: --labels cat,dog,neither")
    outputs = model.outputs[0].shape[-1]
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2 or outputs != len(labels):
        shapes = ", ".join(str(tuple(output.shape)) for output in model.outputs)
        raise InputError(path, f"gives {shapes}, not one row of {len(labels)} probabilities", "Check --labels")
    fit = FitRule(**record["fit"]) if "fit" in record else FitRule(height, width)
    return Parent(path, _of_one_picture(model, height, width), labels, fit, file_digest(path), record)


def _read_keras(path: Path) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with quiet(2):
        import keras
    keras.utils.clear_session()  # names count from the start, so that equal models give equal files
    try:
        # Safe mode stays on: a .keras file from elsewhere must not run code of its own.
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as fault:  # Keras raises nearly every kind for a bad file
        first_line = (str(fault).strip() or type(fault).__name__).splitlines()[0][:150]
        raise InputError(path, f"cannot be loaded by Keras ({first_line})", "Save it again as .keras") from None


def _check_input(path: Path, model: Any) -> tuple[int, int]:
    shape = tuple(model.inputs[0].shape)
    if len(model.inputs) != 1 or len(shape) != 4 or shape[3] != 3 or None in shape[1:3]:
        raise InputError(path, f"takes {shape}, not one (height, width, 3) picture", "Give an image classifier")
    return int(shape[1]), int(shape[2])


def _of_one_picture(model: Any, height: int, width: int) -> Any:
    """Fix the batch to 1: a Flatten of unknown batch becomes three more operations and two XNNPACK partitions."""
    import keras

    picture = keras.Input(batch_shape=(1, height, width, 3), name="picture")
    return keras.Model(picture, model(picture))
