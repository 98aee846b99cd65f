"""Proof that nothing was lost: the same photos through Keras and through every variant, by the device's own code."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convert.load import Parent
from edge.classifier import Classifier, decide
from edge.errors import CatdogError, InputError
from edge.fit import fit
from edge.labelled import Labelled
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
    photos: Sequence[Labelled],
    report: Callable[[CatdogError], None],
) -> list[Measured]:
    """Run every photo through Keras and through `edge.Classifier` on each variant.

    Args:
        parent: the Keras model.
        variants: name -> sealed .tflite file.
        photos: labelled with the model's labels.
        report: called with each photo that cannot be read.

    Returns:
        Keras first, then the variants.
    """
    classifiers = {name: Classifier(path) for name, path in variants.items()}
    fitted, truth = [], []
    answers: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in classifiers}
    for photo in photos:
        try:
            image = read_photo(photo.path)
        except CatdogError as fault:
            report(fault)
            continue
        fitted.append(fit(image, parent.fit))
        truth.append(parent.labels.index(photo.label))
        for name, classifier in classifiers.items():
            answers[name].append(classifier.predict(image))
    if not fitted:
        raise InputError("photos", "none could be read, so nothing can be proved", "Give readable labelled photos")
    contract = next(iter(classifiers.values())).contract
    reference = predict_keras(parent, np.stack(fitted))
    rows = {"keras": reference, **{name: np.stack(values) for name, values in answers.items()}}
    chosen = {name: np.array([decide(contract, row) for row in values]) for name, values in rows.items()}
    right = {name: values == np.array(truth) for name, values in chosen.items()}
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
        )
        for name, values in rows.items()
    ]


def predict_keras(parent: Parent, fitted: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return Keras' probabilities float32 (photos, labels) of uint8 (photos, height, width, 3), one at a time."""
    import tensorflow as tf

    forward = tf.function(lambda picture: parent.model(picture, training=False))
    rows = [np.asarray(forward(tf.constant(picture[None].astype(np.float32))))[0] for picture in fitted]
    return np.stack(rows).astype(np.float32)
