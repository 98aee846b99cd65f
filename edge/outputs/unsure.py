"""Frames that the model hesitated over, kept for a person to name: few, and no two alike.

What a model is sure of teaches it little. So is what is nearly the frame kept before: the same sofa all day.
"""

from argparse import Namespace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edge.fit import Image
from edge.keep import Keep
from edge.live.picture import GOOD, thumbnail
from edge.live.steady import UNSURE
from edge.live.visits import clock
from edge.outputs import LIVE, Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.keep import shared

_MARGIN = 0.4  # between the two likeliest labels: 70 % against 30 %
_AT_ONCE = 8.0  # frames that may be kept in a row
_EACH_S = 60.0  # after which there is one more
_APART_S = 1.0  # between two
_REMEMBERED = 32  # frames of a source that a new one must differ from
_CELLS = 8  # a picture is compared by the light of 8 x 8 parts of it ...
_DIFFERENCE = 12.0  # ... of 255: of two pictures of one thing, less in every part

Signature = npt.NDArray[np.float32]


def make(options: Namespace) -> Output:
    """Return the output of --keep-unsure."""
    return Unsure(shared(options))


def hesitates(moment: Moment) -> bool:
    """True where a fresh frame's own answer is a close one, or contradicts the verdict that was steady until now."""
    if moment.state != LIVE or moment.picture != GOOD or len(moment.answer.probabilities) < 2:
        return False
    second, first = sorted(moment.answer.probabilities.values())[-2:]
    return first - second < _MARGIN or moment.verdict.label not in (UNSURE, moment.answer.label)


def signature(image: Image) -> Signature:
    """Return what two pictures of one thing have in common: float32 (8, 8), light of its parts against its mean."""
    cells = cv2.resize(thumbnail(image).astype(np.float32), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(cells - cells.mean(), np.float32)


class Past(NamedTuple):
    """What was kept of a source at `last_s`, and how many frames may be kept by the count of `at_s`."""

    at_s: float
    allowance: float = _AT_ONCE
    last_s: float = -_APART_S
    signatures: tuple[Signature, ...] = ()


def choose(before: Past | None, now_s: float, image: Image) -> tuple[Past, bool]:
    """Return what is remembered after one more frame that the model hesitates over, and whether to keep it."""
    if before is None or now_s < before.at_s:  # a video that begins anew
        before = Past(now_s, last_s=now_s - _APART_S, signatures=before.signatures if before else ())
    allowance = min(before.allowance + (now_s - before.at_s) / _EACH_S, _AT_ONCE)
    past = before._replace(at_s=now_s, allowance=allowance)
    if allowance < 1 or now_s - before.last_s < _APART_S:
        return past, False
    new = signature(image)
    if any(float(np.abs(new - old).max()) < _DIFFERENCE for old in before.signatures):
        return past, False
    return Past(now_s, allowance - 1, now_s, (*before.signatures, new)[-_REMEMBERED:]), True


class Unsure(Aside):
    """Chooses frames on the way, at no cost for those that the model is sure of, and writes them aside."""

    def __init__(self, keep: Keep) -> None:
        super().__init__(_Writer(keep), "--keep-unsure", Wish.ALL, pictures=True, most=2)
        self._past: dict[int, Past] = {}

    def write(self, moment: Moment) -> None:
        if not hesitates(moment):
            return
        before = self._past.get(moment.stream)
        self._past[moment.stream], worth = choose(before, clock(moment.frame), moment.frame.image)
        if worth:
            super().write(moment)


class _Writer(Output):
    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    def write(self, moment: Moment) -> None:
        guesses = moment.answer.probabilities
        self._keep.keep_unsure(moment.frame.image, max(guesses, key=lambda label: guesses[label]), moment.time_s)
