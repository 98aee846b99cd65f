"""Proof that nothing was lost: the same photos through Keras and through every variant, by the device's own code."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convert.load import Parent
from edge.classifier import Classifier, decide
from edge.contract import Contract
from edge.errors import CatdogError, InputError
from edge.fit import fit
from edge.judged import Part, Row
from edge.metrics import Classes, Share, fallback_figures
from edge.photo import read_photo
from edge.statistics import mcnemar, wilson


class Measured(NamedTuple):
    """What one variant did on the photos.

    Attributes:
        variant: "keras", or the variant's name.
        bytes: size of the file.
        photos: how many were measured.
        right: how many got their label.
        agreeing: how many got the answer that Keras gave.
        largest, mean: difference of a probability from Keras', 0..1.
        lost, won: photos that only Keras got right, and that only the variant did.
        mistakes: every wrong answer: file, label, answer, probability.
        sets: DATA folder by folder: accuracy and, where the model has a fallback, what that does, as JSON-ready data.
    """

    variant: str
    bytes: int
    photos: int
    right: int
    agreeing: int
    largest: float
    mean: float
    lost: int
    won: int
    mistakes: list[dict[str, Any]]
    sets: list[dict[str, Any]]

    @property
    def accuracy(self) -> float:
        """Share of photos that got their label, 0..1."""
        return self.right / self.photos

    @property
    def agreement(self) -> float:
        """Share of photos that got the answer that Keras gave, 0..1."""
        return self.agreeing / self.photos

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON-ready data, with interval and p-value."""
        low, high = wilson(self.right, self.photos)
        return {
            **self._asdict(),
            "accuracy": self.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "agreement": self.agreement,
            "mcnemar_p": mcnemar(self.lost, self.won),
        }


def measure(
    parent: Parent,
    variants: dict[str, Path],
    parts: Sequence[Part],
    report: Callable[[CatdogError], None],
) -> list[Measured]:
    """Run every photo through Keras and through `edge.Classifier` on each variant.

    Args:
        parent: the Keras model.
        variants: name -> sealed .tflite file.
        parts: photos labelled with the model's labels, by DATA folder.
        report: called with each photo that cannot be read.

    Returns:
        Keras first, then the variants.
    """
    classifiers = {name: Classifier(path) for name, path in variants.items()}
    fitted, labels, read = [], [], []
    answers: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in classifiers}
    for photo in (row for part in parts for row in part.rows):
        try:
            image = read_photo(photo.path)
        except CatdogError as fault:
            report(fault)
            continue
        fitted.append(fit(image, parent.fit))
        labels.append(parent.labels.index(photo.label))
        read.append(photo)
        for name, classifier in classifiers.items():
            answers[name].append(classifier.predict(image))
    if not fitted:
        raise InputError("photos", "none could be read, so nothing can be proved", "Give readable labelled photos")
    contract = next(iter(classifiers.values())).contract
    reference = predict_keras(parent, np.stack(fitted))
    rows = {"keras": reference, **{name: np.stack(values) for name, values in answers.items()}}
    chosen = {name: np.array([decide(contract, row) for row in values]) for name, values in rows.items()}
    truth = np.array(labels)
    right = {name: values == truth for name, values in chosen.items()}
    sizes = {name: path.stat().st_size for name, path in {"keras": parent.path, **variants}.items()}
    return [
        Measured(
            name,
            sizes[name],
            len(truth),
            int(right[name].sum()),
            int((chosen[name] == chosen["keras"]).sum()),
            float(np.abs(values - reference).max()),
            float(np.abs(values - reference).mean()),
            int((right["keras"] & ~right[name]).sum()),
            int((right[name] & ~right["keras"]).sum()),
            _mistakes(read, contract, right[name], chosen[name], values),
            _sets(parts, np.array([str(photo.folder) for photo in read]), contract, truth, chosen[name], values),
        )
        for name, values in rows.items()
    ]


def _mistakes(
    photos: Sequence[Row], contract: Contract, right: npt.NDArray[np.bool_], chosen: Classes, values: Any
) -> list[dict[str, Any]]:
    return [
        {
            "file": photos[i].name,
            "label": photos[i].label,
            "answer": contract.labels[chosen[i]],
            "probability": round(float(values[i, chosen[i]]), 4),
        }
        for i in np.flatnonzero(~right).tolist()
    ]


def _sets(
    parts: Sequence[Part], folders: Any, contract: Contract, truth: Classes, chosen: Classes, values: Any
) -> list[dict[str, Any]]:
    """Return the figures of each DATA folder."""
    rows = []
    for part in parts:
        here = folders == str(part.folder)
        right = int((chosen[here] == truth[here]).sum())
        row = {
            "folder": part.folder.resolve().name,
            "split": part.split,
            "accuracy": Share(right, int(here.sum())).document(),
        }
        if contract.fallback is not None and len(contract.labels) > 2:
            number = contract.labels.index(contract.fallback)
            row["fallback"] = fallback_figures(truth[here], chosen[here], values[here], number).document()
        rows.append(row)
    return rows


def predict_keras(parent: Parent, fitted: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return Keras' probabilities float32 (photos, labels) of uint8 (photos, height, width, 3), one at a time."""
    import tensorflow as tf

    forward = tf.function(lambda picture: parent.model(picture, training=False))
    rows = [np.asarray(forward(tf.constant(picture[None].astype(np.float32))))[0] for picture in fitted]
    return np.stack(rows).astype(np.float32)
