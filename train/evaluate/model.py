"""A .keras file with its record, or a sealed .tflite file: to the evaluation they are the same thing."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.classifier import Classifier
from edge.contract import Contract, read_model
from edge.errors import InputError, ModelError
from edge.fit import FitRule, Image
from edge.quiet import quiet

_BATCH = 32  # pictures that Keras takes at once

Probabilities = npt.NDArray[np.float64]


class Model(NamedTuple):
    """A model to measure.

    Attributes:
        path: its file.
        contract: labels, fit rule, thresholds and fallback; of a .keras file as its record states them.
        renames: class folder name -> label, as it was trained with; empty for .tflite files.
        bytes: size of the file.
        digest: SHA-256 of the file, in hex.
        predict: uint8 (n, height, width, 3) as `fit` gives them -> float64 (n, labels).
    """

    path: Path
    contract: Contract
    renames: dict[str, str]
    bytes: int
    digest: str
    predict: Callable[[Image], Probabilities]

    def document(self) -> dict[str, Any]:
        """Return what the model is as JSON-ready data."""
        contract = {**self.contract._asdict(), "fit": self.contract.fit._asdict()}
        del contract["origins"]
        return {"file": str(self.path), "bytes": self.bytes, "sha256": self.digest, **contract}


def load(path: Path, threads: int = 1, fallback: str | None = None) -> Model:
    """Load a model by its suffix; TensorFlow is imported for .keras alone.

    Args:
        path: a .keras file with its record beside it, or a sealed .tflite file.
        threads: of one inference, for .tflite files.
        fallback: the label that means "none of the others", where the file itself does not say.

    Raises:
        ModelError, InputError: the file cannot be trusted, is no such model, or has no such label.
    """
    if path.suffix not in (".keras", ".tflite"):
        raise ModelError(path, "is neither a .keras nor a .tflite file", "Give a model made by python -m train")
    content = read_model(path)
    digest = hashlib.sha256(content).hexdigest()
    if path.suffix == ".keras":
        contract, renames, predict = _keras(path, digest)
    else:
        classifier = Classifier(path, threads)
        contract, renames, predict = classifier.contract, {}, _one_by_one(classifier)
    if fallback is not None:
        contract = contract._replace(fallback=fallback)
        if fallback not in contract.labels:
            raise InputError(f"--fallback {fallback}", f"is none of {', '.join(contract.labels)}", "Name one of them")
    return Model(path, contract, renames, len(content), digest, _checked(path, predict))


def _one_by_one(classifier: Classifier) -> Callable[[Image], Probabilities]:
    def predict(pictures: Image) -> Probabilities:
        return np.array([classifier.predict_fitted(picture) for picture in pictures], np.float64)

    return predict


def _checked(path: Path, predict: Callable[[Image], Probabilities]) -> Callable[[Image], Probabilities]:
    """Wrap `predict` so that a network that does not give probabilities is refused by name."""

    def checked(pictures: Image) -> Probabilities:
        rows = predict(pictures)
        # An int8 softmax rounds each class to 1/256, so a row's sum is only nearly 1.
        if not (np.isfinite(rows).all() and rows.min() >= -1e-3 and np.abs(rows.sum(1) - 1).max() < 0.05):
            raise ModelError(path, "gives no probabilities (they do not sum to 1)", "End the network in a softmax")
        return rows

    return checked


def _keras(path: Path, digest: str) -> tuple[Contract, dict[str, str], Callable[[Image], Probabilities]]:
    contract, renames = _read_record(path, digest)
    model = _load_keras(path)
    rule, shapes = contract.fit, ([tuple(t.shape) for t in model.inputs], [tuple(t.shape) for t in model.outputs])
    takes = len(shapes[0]) == 1 and _fits(shapes[0][0][1:], (rule.height, rule.width, 3))
    if not takes or [shape[1:] for shape in shapes[1]] != [(len(contract.labels),)]:
        raise ModelError(path, f"makes {shapes[1]} of {shapes[0]}, unlike its record says", "Train it again")
    return contract, renames, _in_batches(model)


def _fits(shape: tuple[int | None, ...], wanted: tuple[int, ...]) -> bool:
    """True when a tensor of `shape`, where None stands for any size, takes `wanted`."""
    return len(shape) == len(wanted) and all(size in (None, want) for size, want in zip(shape, wanted, strict=True))


def _read_record(path: Path, digest: str) -> tuple[Contract, dict[str, str]]:
    """Return what NAME.json beside NAME.keras says of labels and input."""
    place = path.with_suffix(".json")
    try:
        record = json.loads(place.read_bytes())
        stated = record["keras_sha256"]
        contract = Contract(
            path.stem,
            "keras",
            tuple(record["labels"]),
            FitRule(**record["fit"]),
            thresholds=record.get("thresholds", {}),
            fallback=record.get("fallback"),
        )
        contract.check()
        renames = dict(record.get("renames", {}))
    except OSError as fault:
        raise ModelError(
            place, f"cannot be read ({fault.strerror}), and names the classes of {path.name}", "Train the model again"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(place, "is no record of a model", "Train the model again") from None
    if stated != digest:
        raise ModelError(place, f"is the record of another file than {path.name}", "Train the model again")
    return contract, renames


def _load_keras(path: Path) -> Any:
    with quiet(2):
        import keras
    try:
        # Safe mode stays on: a .keras file from elsewhere must not run code of its own.
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as fault:  # Keras raises nearly every kind for a bad file
        first_line = (str(fault).strip() or type(fault).__name__).splitlines()[0][:150]
        raise ModelError(path, f"cannot be loaded by Keras ({first_line})", "Train or save it again") from None


def _in_batches(model: Any) -> Callable[[Image], Probabilities]:
    import tensorflow as tf

    forward = tf.function(lambda pictures: model(pictures, training=False), reduce_retracing=True)

    def predict(pictures: Image) -> Probabilities:
        batches = (pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH))
        rows = [np.asarray(forward(tf.constant(batch, tf.float32))) for batch in batches]
        return np.concatenate(rows).astype(np.float64)

    return predict
