"""What a run left on the disk, read back: NAME.keras with its classes and its fit rule from NAME.json."""

from pathlib import Path
from typing import Any, NamedTuple

from edge.errors import InputError, first_line
from edge.fit import FitRule
from edge.quiet import quiet
from edge.record import identify


class Trained(NamedTuple):
    """A trained network and what its record says of it."""

    path: Path  # its .keras file
    model: Any  # float32 (batch, height, width, 3), 0..255 -> one row of outputs per picture
    labels: tuple[str, ...]  # one per output; their numbers, from 0, where there is no record
    fit: FitRule  # how a photo becomes its input
    record: dict[str, Any]  # all that the trainer wrote beside it; empty where there is none


def load_trained(path: Path) -> Trained:
    """Load a Keras image classifier and the record beside it.

    Args:
        path: a .keras file with one (batch, height, width, 3) input and one (batch, classes) output. A single output
            is the probability of the second of two classes, as a sigmoid gives it.

    Raises:
        InputError: the file is missing, damaged, no classifier of this form, or its record is another model's.
    """
    _, record = identify(path)
    model = _read_keras(path)
    fit = _fit_rule(path, model, record)
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2 or model.outputs[0].shape[1] is None:
        shapes = ", ".join(str(tuple(output.shape)) for output in model.outputs)
        raise InputError(path, f"gives {shapes}, not one row of classes", "Give an image classifier")
    count = max(2, model.outputs[0].shape[1])
    labels = tuple(record.get("labels", map(str, range(count))))
    if len(labels) != count:
        raise InputError(path, f"has {count} classes, its record names {len(labels)}", "Train it again")
    return Trained(path, model, labels, fit, record)


def _read_keras(path: Path) -> Any:
    with quiet(2):
        import keras
    try:
        # Safe mode stays on: a .keras file from elsewhere must not run code of its own.
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as fault:  # Keras raises nearly every kind for a bad file
        wrong = f"cannot be loaded by Keras ({first_line(fault)})"
        raise InputError(path, wrong, "Save it again as .keras") from None


def _fit_rule(path: Path, model: Any, record: dict[str, Any]) -> FitRule:
    shape = tuple(model.inputs[0].shape)
    if len(model.inputs) != 1 or len(shape) != 4 or shape[3] != 3:
        raise InputError(path, f"takes {shape}, not (height, width, 3) pictures", "Give an image classifier")
    if "fit" not in record and None in shape[1:3]:
        raise InputError(path, "takes pictures of any size, and has no record that names one", "Train it again")
    try:
        rule = FitRule(**record.get("fit", {"height": shape[1], "width": shape[2]}))
        rule.check()
    except (TypeError, ValueError) as fault:
        raise InputError(path, f"has a record without a fit rule ({fault})", "Train it again") from None
    if any(side not in (None, stated) for side, stated in zip(shape[1:3], rule[:2], strict=True)):
        raise InputError(path, f"takes {shape[1:3]} pixels, its record says {rule[:2]}", "Train it again")
    return rule


def load_same_classes(paths: list[Path], labels: tuple[str, ...]) -> list[Trained]:
    """Load networks to learn from or to go on from, which must know the same classes."""
    models = [load_trained(path) for path in paths]
    for model in models:
        if model.labels != labels:
            wrong = f"knows {', '.join(model.labels)}, the photos show {', '.join(labels)}"
            raise InputError(model.path, wrong, "Train it on the same classes")
    return models
