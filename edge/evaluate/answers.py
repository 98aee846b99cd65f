"""A model's answers to labelled photos, one after the other as a board has them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from edge.classifier import Classifier
from edge.errors import CatdogError, InputError
from edge.judged import Row
from edge.metrics import Floats
from edge.photo import read_photo


class Answers(NamedTuple):
    """What the model said of the photos that could be read, float64 (rows, labels); the others as one-line errors."""

    rows: tuple[Row, ...]
    probabilities: Floats
    skipped: tuple[CatdogError, ...]


def ask(classifier: Classifier, rows: Sequence[Row], progress: Callable[[int, int], None]) -> Answers:
    """Show every photo to the model; `progress` is told how many of how many are done.

    Raises:
        InputError: not one photo can be read.
    """
    kept, said, skipped = [], [], []
    for number, row in enumerate(rows, 1):
        try:
            said.append(classifier.predict(read_photo(row.path)))
            kept.append(row)
        except CatdogError as fault:
            skipped.append(fault)
        progress(number, len(rows))
    check_read(rows, skipped)
    return Answers(tuple(kept), np.array(said, np.float64), tuple(skipped))


def check_read(rows: Sequence[Row], skipped: Sequence[CatdogError]) -> None:
    """Raise InputError where every photo was skipped."""
    if len(skipped) == len(rows):
        raise InputError("photos", f"none of {len(rows)} could be read; the first: {skipped[0]}", "Give sound photos")
