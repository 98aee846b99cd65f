"""Proof that nothing was lost: the same photos through Keras and through every variant, by the device's own code."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convert.load import Parent
from edge.classifier import Classifier
from edge.contract import Contract
from edge.errors import CatdogError, InputError
from edge.evaluate.figures import decide_all, scores
from edge.fit import fit
from edge.judged import Part, Row
from edge.metrics import Classes
from edge.photo import read_photo
from edge.quiet import quiet
from edge.record import file_digest
from edge.statistics import mcnemar, wilson


class Sample(NamedTuple):
    """The photos that every variant is measured on, and what Keras says of them."""

    parts: Sequence[Part]  # the photos by DATA folder, those included that could not be read
    rows: Sequence[Row]  # the ones that were read
    fitted: npt.NDArray[np.uint8]  # uint8 (photos, height, width, 3): what goes into the network
    truth: Classes  # int64 (photos,): the number of each one's label
    reference: npt.NDArray[Any]  # float32 (photos, labels): Keras' probabilities


class Flip(NamedTuple):
    """A photo that a variant answers otherwise than Keras: its path, its label, both answers and how sure they are."""

    path: Path
    file: str
    label: str
    keras: str
    keras_probability: float
    answer: str
    probability: float

    def document(self) -> dict[str, Any]:
        """Return it as JSON-ready data, by the file's name alone."""
        document = self._asdict()
        del document["path"]
        return document


class Measured(NamedTuple):
    """What one variant did on the photos."""

    variant: str  # "keras", or the variant's name
    bytes: int  # size of the file
    photos: int  # how many were measured
    right: int  # how many got their label
    agreeing: int  # how many got the answer that Keras gave
    largest: float  # difference of a probability from Keras', 0..1
    mean: float  # ... of all of them
    lost: int  # photos that only Keras got right
    won: int  # ... and that only the variant did
    mistakes: list[dict[str, Any]]  # every wrong answer: file, label, answer, probability
    sets: list[dict[str, Any]]  # of each DATA folder: accuracy and what the fallback does, if any, JSON-ready
    flips: list[Flip]  # the photos that did not get Keras' answer
    float_layers: tuple[str, ...]  # what was kept in float, in a variant that is int8 otherwise
    sha256: str  # of the file, in hex, so that a certificate belongs to one file

    @property
    def accuracy(self) -> float:
        """Share of photos that got their label, 0..1."""
        return self.right / self.photos

    @property
    def agreement(self) -> float:
        """Share of photos that got the answer that Keras gave, 0..1."""
        return self.agreeing / self.photos

    def document(self) -> dict[str, Any]:
        low, high = wilson(self.right, self.photos)
        agreement_low, agreement_high = wilson(self.agreeing, self.photos)
        return {
            **self._asdict(),
            "accuracy": self.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "agreement": self.agreement,
            "agreement_low": agreement_low,
            "agreement_high": agreement_high,
            "mcnemar_p": mcnemar(self.lost, self.won),
            "flips": [flip.document() for flip in self.flips],
            "float_layers": list(self.float_layers),
        }


def sample(parent: Parent, parts: Sequence[Part], report: Callable[[CatdogError], None]) -> Sample:
    """Read the photos, and ask Keras about each of them; `report` is called with each that cannot be read.

    Raises:
        InputError: none can be read.
    """
    fitted, rows = [], []
    for row in (row for part in parts for row in part.rows):
        try:
            fitted.append(fit(read_photo(row.path), parent.fit))
            rows.append(row)
        except CatdogError as fault:
            report(fault)
    if not fitted:
        raise InputError("photos", "none could be read, so nothing can be proved", "Give readable labelled photos")
    truth = np.array([parent.labels.index(row.label) for row in rows])
    stacked = np.stack(fitted)
    return Sample(parts, rows, stacked, truth, predict_keras(parent, stacked))


def measure(photos: Sample, path: Path) -> Measured:
    """Run every photo through `edge.Classifier` on a sealed .tflite file, and compare with Keras."""
    classifier = Classifier(path)
    values = np.stack([classifier.predict_fitted(picture) for picture in photos.fitted])
    return compare(photos, classifier.contract, path, values)


def compare(photos: Sample, contract: Contract, path: Path, values: npt.NDArray[Any]) -> Measured:
    """Return the figures of a variant, the file `path`, that gave `values`, float32 (photos, labels)."""
    chosen, keras = decide_all(contract, values), decide_all(contract, photos.reference)
    right, keras_right = chosen == photos.truth, keras == photos.truth
    difference = np.abs(values - photos.reference)
    return Measured(
        contract.variant,
        path.stat().st_size,
        len(values),
        int(right.sum()),
        int((chosen == keras).sum()),
        float(difference.max()),
        float(difference.mean()),
        int((keras_right & ~right).sum()),
        int((right & ~keras_right).sum()),
        _mistakes(photos.rows, contract, right, chosen, values),
        _sets(photos, contract, chosen, values),
        _flips(photos, contract, keras, chosen, values),
        tuple(contract.origins.get("float_layers", ())),
        file_digest(path),
    )


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


def _flips(photos: Sample, contract: Contract, keras: Classes, chosen: Classes, values: Any) -> list[Flip]:
    return [
        Flip(
            photos.rows[i].path,
            photos.rows[i].name,
            photos.rows[i].label,
            contract.labels[keras[i]],
            round(float(photos.reference[i, keras[i]]), 4),
            contract.labels[chosen[i]],
            round(float(values[i, chosen[i]]), 4),
        )
        for i in np.flatnonzero(chosen != keras).tolist()
    ]


def _sets(photos: Sample, contract: Contract, chosen: Classes, values: Any) -> list[dict[str, Any]]:
    folders = np.array([str(row.folder) for row in photos.rows])
    rows = []
    for part in photos.parts:
        here = folders == str(part.folder)
        found = scores(contract, photos.truth[here], chosen[here], values[here])
        figures = {name: value for name, value in found.items() if value}
        rows.append({"folder": part.folder.resolve().name, "split": part.split, **figures})
    return rows


def predict_keras(parent: Parent, fitted: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return Keras' probabilities float32 (photos, labels) of uint8 (photos, height, width, 3), one at a time."""
    import tensorflow as tf

    forward = tf.function(lambda picture: parent.model(picture, training=False))
    with quiet(2):  # TensorFlow reports optimisations that it tried in vain
        rows = [np.asarray(forward(tf.constant(picture[None].astype(np.float32))))[0] for picture in fitted]
    return np.stack(rows).astype(np.float32)
