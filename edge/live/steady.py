"""Answers made steady: probabilities smoothed over time, then a verdict that changes only for good reasons.

The model's own rule, `edge.classifier.decide`, stays the only judge: it is asked about the smoothed probabilities. What
is added is patience. The share of recent time in which it gave each label is smoothed alike, and a label becomes the
verdict when its share passes `enter`, and stops being it below `leave`; below `doubt`, where its own probability has
become small beside another's. So a contract's thresholds and fallback mean here what they mean for one frame, an answer
that flickers between two labels keeps the one that stood before, and after a cut nobody reads "cat 16 %".

Both averages are exponential in seconds, not in frames: they are the same at 2 and at 30 frames a second.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.classifier import Answer, decide
from edge.contract import Contract

UNSURE = "unsure"  # the verdict while no label is steady

Shares = npt.NDArray[np.float32]


class Patience(NamedTuple):
    """How slowly a verdict changes.

    Attributes:
        half_life_s: after so long, what was seen weighs half. With the shares below, a clear change is the verdict
            after 3 half-lives, and one odd frame at 2 a second is none yet.
        gap_s: after so long without an answer the past is forgotten: the next frame stands for itself.
        enter: least share of recent time at which a label becomes the verdict.
        leave: share below which it is no longer. Less than 1 - enter, so that one label takes over from the next.
        doubt: ... and below which it is no longer, where it is `outshone`. Well below enter: what is torn between
            staying and going must not flicker.
        outshone: so many times likelier must another label be. More than 2: one odd frame at 2 a second is none yet.
    """

    half_life_s: float = 0.3
    gap_s: float = 2.0
    enter: float = 0.75
    leave: float = 0.2
    doubt: float = 0.5
    outshone: float = 3.0


PATIENCE = Patience()


class Verdict(NamedTuple):
    """What is there, as steady as can be said.

    Attributes:
        label: one of the model's, or UNSURE.
        probability: of the label, smoothed; of the likeliest one while unsure.
        probabilities: of every label, smoothed, in the model's order.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]


class Steady(NamedTuple):
    """What is remembered from frame to frame."""

    at_s: float  # time of the latest answer
    probabilities: Shares  # float32 (labels,), smoothed
    shares: Shares  # float32 (labels,): share of recent time in which `decide` gave each label; they sum to 1
    chosen: int | None  # index of the verdict's label; None while unsure


def steady(
    before: Steady | None, probabilities: Shares, now_s: float, contract: Contract, patience: Patience = PATIENCE
) -> Steady:
    """Return what is remembered after one more answer.

    Args:
        before: what was remembered; None at the start. Time that jumps back (a video begins anew) starts afresh, too.
        probabilities, now_s: of one frame, float32 (labels,), and its time.
        contract: says which label probabilities mean.
    """
    if before is None or not 0 <= now_s - before.at_s <= patience.gap_s:
        chosen = decide(contract, probabilities)
        return Steady(now_s, probabilities, _only(chosen, len(probabilities)), chosen)
    kept = np.float32(0.5 ** ((now_s - before.at_s) / patience.half_life_s))
    smooth = probabilities + kept * (before.probabilities - probabilities)
    decided = _only(decide(contract, smooth), len(smooth))
    shares = decided + kept * (before.shares - decided)
    return Steady(now_s, smooth, shares, choose(before.chosen, smooth, shares, patience))


def choose(chosen: int | None, probabilities: Shares, shares: Shares, patience: Patience = PATIENCE) -> int | None:
    """Return the verdict's label, an index or None, after `chosen`, by smoothed probabilities and shares of time."""
    steadiest = int(shares.argmax())
    if shares[steadiest] >= patience.enter:
        return steadiest
    if chosen is None:
        return None
    outshone = probabilities[chosen] * patience.outshone < probabilities.max()
    return chosen if shares[chosen] >= (patience.doubt if outshone else patience.leave) else None


def verdict(now: Steady, labels: tuple[str, ...]) -> Verdict:
    """Return what is remembered as people are told it."""
    values = now.probabilities.tolist()
    probabilities = dict(zip(labels, values, strict=True))
    if now.chosen is None:
        return Verdict(UNSURE, max(values), probabilities)
    return Verdict(labels[now.chosen], values[now.chosen], probabilities)


def raw(answer: Answer) -> Verdict:
    """Return the answer to one frame as a verdict: the unsmoothed truth."""
    return Verdict(answer.label, answer.probability, answer.probabilities)


def _only(index: int, count: int) -> Shares:
    shares = np.zeros(count, np.float32)
    shares[index] = 1.0
    return shares
