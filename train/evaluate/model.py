"""A .keras file with its record, or a sealed .tflite file: to the evaluation they are the same thing."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.classifier import Classifier
from edge.contract import Contract
from edge.errors import InputError, ModelError
from edge.fit import Image
from edge.record import file_digest, refuse_stale
from train.record import load_trained

_BATCH = 32  # pictures that Keras takes at once

Probabilities = npt.NDArray[np.float64]


class Model(NamedTuple):
    """A model to measure."""

    path: Path  # its file
    contract: Contract  # labels, fit rule, thresholds and fallback; of a .keras file as its record states them
    renames: dict[str, str]  # class folder name -> label, as it was trained with; empty for .tflite files
    bytes: int  # size of the file
    digest: str  # SHA-256 of the file, in hex
    predict: Callable[[Image], Probabilities]  # uint8 (n, height, width, 3) as `fit` gives them -> float64 (n, labels)


def load(path: Path, threads: int = 1, fallback: str | None = None) -> Model:
    """Load a model by its suffix; TensorFlow is imported for .keras alone.

    Args:
        path: a .keras file with its record beside it, or a sealed .tflite file.
        threads: of one inference, for .tflite files.
        fallback: the label that means "none of the others", where the file itself does not say.

    Raises:
        ModelError, InputError: the file cannot be trusted, is no such model or a stale one, or has no such label.
    """
    if path.suffix not in (".keras", ".tflite"):
        raise ModelError(path, "is neither a .keras nor a .tflite file", "Give a model made by python -m train")
    digest = file_digest(path)
    if path.suffix == ".keras":
        contract, renames, predict = _keras(path)
    else:
        classifier = Classifier(path, threads)
        contract, renames, predict = classifier.contract, {}, partial(_one_by_one, classifier)
        refuse_stale(path, contract.name, contract.origins)
    if fallback is not None:
        contract = contract._replace(fallback=fallback)
        if fallback not in contract.labels:
            raise InputError(f"--fallback {fallback}", f"is none of {', '.join(contract.labels)}", "Name one of them")
    return Model(path, contract, renames, path.stat().st_size, digest, partial(_checked, path, predict))


def _checked(path: Path, predict: Callable[[Image], Probabilities], pictures: Image) -> Probabilities:
    """Return what a network says, which is refused by name where that is no probabilities."""
    rows = predict(pictures)
    # An int8 softmax rounds each class to 1/256, so a row's sum is only nearly 1.
    slack = 0.01 + rows.shape[1] / 512
    if not (np.isfinite(rows).all() and rows.min() >= -slack and np.abs(rows.sum(1) - 1).max() < slack):
        raise ModelError(path, "gives no probabilities (they do not sum to 1)", "End the network in a softmax")
    return rows


def _one_by_one(classifier: Classifier, pictures: Image) -> Probabilities:
    return np.array([classifier.predict_fitted(picture) for picture in pictures], np.float64)


def _keras(path: Path) -> tuple[Contract, dict[str, str], Callable[[Image], Probabilities]]:
    trained = load_trained(path)
    record = trained.record
    if "labels" not in record:
        raise ModelError(path, f"has no record {path.stem}.json that names its classes", "Train the model again")
    contract = Contract(
        path.stem,
        "keras",
        trained.labels,
        trained.fit,
        thresholds=record.get("thresholds", {}),
        fallback=record.get("fallback"),
    )
    try:
        contract.check()
        renames = dict(record.get("renames", {}))
    except (ValueError, TypeError, AttributeError) as fault:
        raise ModelError(path, f"has a record that makes no sense ({fault})", "Train the model again") from None
    return contract, renames, _in_batches(trained.model)


def _in_batches(model: Any) -> Callable[[Image], Probabilities]:
    import tensorflow as tf

    forward = tf.function(lambda pictures: model(pictures, training=False), reduce_retracing=True)

    def predict(pictures: Image) -> Probabilities:
        batches = (pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH))
        rows = np.concatenate([np.asarray(forward(tf.constant(batch, tf.float32)), np.float64) for batch in batches])
        # A single output is the probability of the second class.
        return np.hstack([1 - rows, rows]) if rows.shape[1] == 1 else rows

    return predict
