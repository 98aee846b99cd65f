"""How good a classifier is: accuracy, precision, recall, F1, confusion, calibration, each with its uncertainty.

Pure numpy on arrays of class numbers and probabilities; the same figures on a workstation and on a board.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.statistics import wilson

BINS = 15  # of a reliability diagram, as in Guo et al. 2017
_ROUNDS = 1000  # of drawing what is mere chance

Classes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Share(NamedTuple):
    """So many of so many, e.g. of photos that got their label."""

    hits: int
    n: int

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON-ready data: with the share, 0..1, and Wilson's 95 % interval of it, low to high.

        These three are None where there was nothing to count.
        """
        share = self.hits / self.n if self.n else None
        low, high = wilson(self.hits, self.n) if self.n else (None, None)
        return {"hits": self.hits, "n": self.n, "share": share, "low": low, "high": high}


class ClassFigures(NamedTuple):
    """How well one class is told from the others."""

    photos: int  # how many show the class
    answers: int  # how often the class was the answer
    precision: Share  # share of these answers that are right
    recall: Share  # share of these photos that got the answer
    f1: float | None  # harmonic mean of the two, 0..1; None where neither a photo nor an answer has the class
    f1_interval: tuple[float, float]  # 95 % interval of f1

    def document(self) -> dict[str, Any]:
        low, high = (None, None) if self.f1 is None else self.f1_interval
        return {
            "photos": self.photos,
            "answers": self.answers,
            "precision": self.precision.document(),
            "recall": self.recall.document(),
            "f1": {"value": self.f1, "low": low, "high": high},
        }


class Bin(NamedTuple):
    """Answers of a confidence in (low, high]: how many, how many were right, and the sum of their confidences."""

    low: float
    high: float
    answers: int
    right: int
    sum: float

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON-ready data: mean confidence and share that is right, None where none answered."""
        confidence, accuracy = (total / self.answers if self.answers else None for total in (self.sum, self.right))
        counted = {"low": self.low, "high": self.high, "answers": self.answers}
        return {**counted, "confidence": confidence, "accuracy": accuracy}


def confusion(truth: Classes, answers: Classes, classes: int) -> npt.NDArray[np.int64]:
    """Return int64 (classes, classes): how many photos of class [row] got the answer [column].

    `truth` and `answers` are int64 (photos,), class numbers 0..classes-1.
    """
    counts = np.bincount(truth * classes + answers, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def per_class(matrix: npt.NDArray[np.int64]) -> list[ClassFigures]:
    """Return the figures of each class from a confusion matrix (rows truth, columns answers).

    The interval of F1 comes from that of J = TP / (TP + FP + FN), the share of hits among all photos that have or got
    the class, because F1 = 2 J / (1 + J) grows with J.
    """
    rows = []
    for hits, photos, answers in zip(
        matrix.diagonal().tolist(), matrix.sum(1).tolist(), matrix.sum(0).tolist(), strict=True
    ):
        touched = photos + answers - hits
        low, high = (2 * end / (1 + end) for end in wilson(hits, touched))
        f1 = 2 * hits / (photos + answers) if touched else None
        rows.append(ClassFigures(photos, answers, Share(hits, answers), Share(hits, photos), f1, (low, high)))
    return rows


def macro_f1(figures: Sequence[ClassFigures]) -> float | None:
    """Return the mean F1 of the classes that have photos, 0..1; None where none has."""
    known = [row.f1 for row in figures if row.photos and row.f1 is not None]
    return sum(known) / len(known) if known else None


def reliability(confidence: Floats, right: npt.NDArray[np.bool_], bins: int = BINS) -> list[Bin]:
    """Sort answers into `bins` equal bins of confidence, each open below and closed above (Guo et al. 2017).

    Args:
        confidence: float64 (answers,), 0..1: the probability of the likeliest class.
        right: bool (answers,): whether that class is the true one.
        bins: how many.
    """
    at = _bin_of(confidence, bins)
    counts, hits = np.bincount(at, minlength=bins), np.bincount(at, right, bins)
    sums = np.bincount(at, confidence, bins)
    return [Bin(i / bins, (i + 1) / bins, int(counts[i]), int(hits[i]), float(sums[i])) for i in range(bins)]


def _bin_of(confidence: Floats, bins: int) -> npt.NDArray[np.int64]:
    """Return the number of each answer's bin; a confidence of 0 goes to the first one."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def expected_calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return ECE, 0..1: the mean distance of confidence and accuracy over the answers, bin by bin; None of nothing."""
    answers = sum(b.answers for b in bins)
    return sum(abs(b.sum - b.right) for b in bins) / answers if answers else None


class Chance(NamedTuple):
    """The ECE that a perfectly calibrated model of the same confidences shows by chance: mean, and 95 % quantile."""

    mean: float
    high: float


def chance_error(confidence: Floats, seed: int) -> Chance | None:
    """Return the ECE that is mere chance: answers drawn right with exactly their stated confidence, many times.

    ECE is never 0 on finite data; one below `high` is no evidence of wrong calibration (consistency resampling,
    Bröcker and Smith 2007).

    Args:
        confidence: float64 (answers,), 0..1.
        seed: of the drawing.

    Returns:
        None where there is no answer.
    """
    if not len(confidence):
        return None
    rng, at = np.random.default_rng(seed), _bin_of(confidence, BINS)
    sums = np.bincount(at, confidence, BINS)
    errors = np.empty(_ROUNDS)
    for i in range(_ROUNDS):
        hits = np.bincount(at, rng.random(len(confidence)) < confidence, BINS)
        errors[i] = np.abs(sums - hits).sum() / len(confidence)
    return Chance(float(errors.mean()), float(np.quantile(errors, 0.95)))


class FallbackFigures(NamedTuple):
    """What the fallback class ("none of the others") does for a model and against it.

    Attributes:
        among_others: of the photos of the other classes, those where the true one is the likeliest of the others:
            how well the model tells them apart, fallback and thresholds aside.
        kept: share of the fallback's photos that get the fallback.
        lost: share of the other photos that get the fallback.
    """

    among_others: Share
    kept: Share
    lost: Share

    def document(self) -> dict[str, Any]:
        return {name: share.document() for name, share in self._asdict().items()}


def fallback_figures(truth: Classes, answers: Classes, probabilities: Floats, fallback: int) -> FallbackFigures:
    """Return the figures of the class `fallback`, of class numbers int64 (photos,) and floats (photos, classes)."""
    others = truth != fallback
    masked = probabilities.copy()
    masked[:, fallback] = -np.inf
    apart = masked.argmax(1) == truth
    given = answers == fallback
    return FallbackFigures(
        Share(int(apart.sum()), int(others.sum())),  # no photo of the fallback is `apart`
        Share(int(given[~others].sum()), int((~others).sum())),
        Share(int(given[others].sum()), int(others.sum())),
    )
