"""A .keras file and its record become a network with a known contract."""

from pathlib import Path
from typing import Any, NamedTuple

from convert.adapt import adapt
from edge.errors import InputError, first_line
from edge.fit import FitRule
from edge.quiet import quiet
from edge.record import identify


class Parent(NamedTuple):
    """The model to convert."""

    path: Path  # its .keras file
    model: Any  # float32 (1, height, width, 3) RGB 0..255 -> probabilities (1, labels)
    labels: tuple[str, ...]  # one per output
    fit: FitRule  # how a photo becomes its input
    digest: str  # SHA-256 of the .keras file, in hex
    record: dict[str, Any]  # what the trainer wrote beside it; empty where there is none


def load(path: Path, labels: tuple[str, ...] = (), pixel_range: str | None = None) -> Parent:
    """Load a Keras image classifier, and bring it into the one form that the converter knows.

    Args:
        path: a .keras file with one (batch, height, width, 3) input and one output.
        labels: the names of its outputs in their order, where no record beside it gives them. A network with a
            single output tells two: first the one that means 0, then the one that means 1.
        pixel_range: what its input takes, a key of `PIXEL_RANGES`, where nothing in it shows that.

    Raises:
        InputError: the file is missing, damaged, no classifier of this form, or its record is another model's.
    """
    digest, record = identify(path)
    model = _read_keras(path)
    height, width = _check_shapes(path, model)
    for layer in model._flatten_layers():
        layer.dtype_policy = "float32"  # TensorFlow's converter refuses networks of mixed precision
    labels = labels or tuple(record.get("labels", ()))
    if not labels:
        raise InputError(path, "has no record that names its classes", "Name them: --labels cat,dog,neither")
    if len(set(labels)) < len(labels):
        raise InputError(f"--labels {','.join(labels)}", "names one label twice", "Give every output its own name")
    fit = FitRule(**record["fit"]) if "fit" in record else FitRule(height, width)
    return Parent(path, adapt(path, model, (height, width), len(labels), pixel_range), labels, fit, digest, record)


def _read_keras(path: Path) -> Any:
    with quiet(2):
        import keras
    keras.utils.clear_session()  # names count from the start, so that equal models give equal files
    try:
        # Safe mode stays on: a .keras file from elsewhere must not run code of its own.
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as fault:  # Keras raises nearly every kind for a bad file
        own = "Could not locate" in str(fault) or "lambda" in str(fault).lower()
        remedy = "Rebuild it from Keras' own layers" if own else "Save it again as .keras"
        raise InputError(path, f"cannot be loaded by Keras ({first_line(fault)})", remedy) from None


def _check_shapes(path: Path, model: Any) -> tuple[int, int]:
    """Return height and width of the one picture that the network takes."""
    taken, given = (_shapes(getattr(model, name, None)) for name in ("inputs", "outputs"))
    if taken is None or given is None:
        raise InputError(path, "states no input shape", "Call model.build((None, height, width, 3)), and save it again")
    remedy = "Give an image classifier"
    if len(taken) != 1 or len(taken[0]) != 4 or taken[0][3] not in (1, 3):
        raise InputError(path, f"takes {_named(taken)}, not one (height, width, 3) picture", remedy)
    _, height, width, channels = taken[0]
    if channels == 1:
        raise InputError(path, f"takes grey pictures, {_named(taken)}", "Train it on colour: (height, width, 3)")
    if height is None or width is None:
        raise InputError(path, f"takes pictures of any size, {_named(taken)}", "Fix height and width in its Input")
    if len(given) != 1 or len(given[0]) != 2 or given[0][1] is None:
        raise InputError(path, f"gives {_named(given)}, not one row of answers", remedy)
    return int(height), int(width)


def _shapes(tensors: Any) -> list[tuple[int | None, ...]] | None:
    return [tuple(tensor.shape) for tensor in tensors] if tensors else None


def _named(shapes: list[tuple[int | None, ...]]) -> str:
    return " and ".join(str(shape[1:]) for shape in shapes)
