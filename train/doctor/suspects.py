"""Which photos do not look like their class: by a classifier that has not seen them, and by their neighbours.

Both work on features. A photo is never judged by itself, nor by a near-duplicate of itself: the folds of the
cross-validation keep groups together (the leak that Barz and Denzler 2020, "Do we train on test data?", measured),
and neighbours of its own group do not count. Photos of the test split are judged by the training photos alone.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from train.doctor.features import Vectors

FOLDS = 8
_RIDGE = 3.0  # strength of the regularisation, in mean variances of a feature; strong, so that no photo pulls alone
_NEAR, _MANY = 10, 100  # neighbours that say how strange a photo is, and of which class it is
_TEMPERATURE = 0.05  # of the neighbours' votes: a cosine nearer by 0.05 counts 2.7 times as much
_BLOCK = 1024

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


class Judgement(NamedTuple):
    """What was found about each of n photos."""

    margin: Numbers  # (n,) how much better the given class fits than the best other one, about -1..1; below 0 is wrong
    agreement: Numbers  # (n,) the share of its neighbours' votes for the given class, 0..1
    strangeness: Numbers  # (n,) how far from all others it lies, in robust standard deviations of its class
    answer: Integers  # (n,) the class that fits best
    accuracy: float  # share of training photos whose class fits best; tells whether the features are any good


def judge(
    vectors: Vectors,
    classes: Integers,
    groups: Integers,
    training: npt.NDArray[np.bool_],
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Judgement:
    """Judge every photo by those of the training split that are not of its group.

    Args:
        vectors: float32 (n, d).
        classes: int64 (n,), the class each photo is said to show; every class has a training photo.
        groups: int64 (n,), equal for near-duplicates.
        training: bool (n,), the photos that may be learned from.
        progress: called with (photos judged, n).
    """
    unit = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)).astype(np.float32, copy=False)
    scores = _out_of_fold(unit, classes, groups, training)
    given = scores[np.arange(len(scores)), classes]
    others = scores.copy()
    others[np.arange(len(scores)), classes] = -np.inf
    margin = (given - others.max(1)) / 2
    agreement, nearness = _neighbours(unit, classes, groups, training, progress)
    return Judgement(
        margin,
        agreement,
        _strangeness(nearness, classes, training),
        scores.argmax(1),
        float(np.mean(margin[training] > 0)),
    )


def _out_of_fold(vectors: Vectors, classes: Integers, groups: Integers, training: npt.NDArray[np.bool_]) -> Numbers:
    """Return (n, classes): scores near 1 for the class that fits and -1 for others, of photos not learned from."""
    # By group, at random but the same in every run.
    folds = np.random.default_rng(0).integers(0, FOLDS, int(groups.max()) + 1)[groups]
    scores = np.zeros((len(vectors), classes.max() + 1))
    rest = ~training
    for fold in range(FOLDS):
        held = training & (folds == fold)
        if held.any() and (training & ~held).any():
            scores[held] = _fit(vectors, classes, training & ~held, vectors[held])
    if rest.any():
        scores[rest] = _fit(vectors, classes, training, vectors[rest])
    return scores


def _fit(vectors: Vectors, classes: Integers, use: npt.NDArray[np.bool_], unseen: Vectors) -> Numbers:
    """Return the scores of `unseen` by ridge regression on targets of 1 and -1, each class weighing the same."""
    known, labels = vectors[use].astype(np.float64), classes[use]
    counts = np.bincount(labels, minlength=classes.max() + 1)
    weights = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels][:, None]
    targets = np.where(labels[:, None] == np.arange(len(counts)), 1.0, -1.0)
    mean, target_mean = (known * weights).mean(0), (targets * weights).mean(0)
    centred = known - mean
    gram = centred.T @ (centred * weights)
    gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) / len(gram) + 1e-9
    return (unseen - mean) @ np.linalg.solve(gram, centred.T @ ((targets - target_mean) * weights)) + target_mean


def _neighbours(
    unit: Vectors,
    classes: Integers,
    groups: Integers,
    training: npt.NDArray[np.bool_],
    progress: Callable[[int, int], None],
) -> tuple[Numbers, Numbers]:
    """Return, for each photo, the share of votes for its class and its mean cosine to its nearest neighbours."""
    centred = unit - unit[training].mean(0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    agreement, nearness = np.ones(len(unit)), np.zeros(len(unit))
    many = min(_MANY, int(training.sum()))
    for start in range(0, len(unit), _BLOCK):
        part = slice(start, start + _BLOCK)
        own = groups[part, None] == groups[training]
        near = np.where(own, -2, unit[part] @ unit[training].T)
        nearness[part] = -np.partition(-near, min(_NEAR, many) - 1)[:, : min(_NEAR, many)].mean(1)
        votes = np.where(own, -2, centred[part] @ centred[training].T)
        best = np.argpartition(-votes, many - 1)[:, :many]
        weights = np.exp((np.take_along_axis(votes, best, 1) - 1) / _TEMPERATURE)
        same = classes[training][best] == classes[part, None]
        agreement[part] = (weights * same).sum(1) / np.maximum(weights.sum(1), 1e-300)
        progress(min(start + _BLOCK, len(unit)), len(unit))
    return agreement, nearness


def _strangeness(nearness: Numbers, classes: Integers, training: npt.NDArray[np.bool_]) -> Numbers:
    """Return how far below the median of its class each photo's nearness lies, in robust standard deviations.

    By class, because photos of "anything else" lie far apart by nature.
    """
    strange = np.zeros(len(nearness))
    for label in np.unique(classes):
        usual = nearness[training & (classes == label)]
        middle = np.median(usual)
        spread = 1.4826 * np.median(np.abs(usual - middle))  # the standard deviation, were it normal
        strange[classes == label] = (middle - nearness[classes == label]) / max(spread, 1e-3)
    return strange
