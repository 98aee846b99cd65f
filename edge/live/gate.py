"""Which frames to look at: a cap on the rate, and sleep while nothing moves. Both save power, and both are accounted.

What moves is told against the picture that was last classified, not against the frame before: so what creeps in slowly
wakes it, too.
"""

from typing import NamedTuple

import numpy as np

from edge.live.picture import Thumbnail

LOOK, SKIP, SLEEP = "look", "skip", "sleep"

_CELL = 4  # thumbnails are compared by the means of 4 x 4 points: a quarter of the noise, and a cat still fills a cell
# A cell moves when it differs by more than `_LEAST` of 255, and by more than `_NOISES` times the median cell, which
# in a still scene is noise (7 medians are 4.7 standard deviations: once in two minutes at 15 frames a second). Where
# more than half the picture moves, the median is no noise: beyond `_MOST` anything is motion.
_LEAST, _NOISES, _MOST = 6.0, 7.0, 40.0
_AWAKE_S = 2.0  # stay awake so long after a motion: the verdict needs a second to settle


class Gate(NamedTuple):
    """What may be left out."""

    max_fps: float | None = None  # at most so many frames a second are looked at; None for all
    when_moving: bool = False  # look only while something moves
    at_least_s: float | None = None  # ... but so often, where somebody waits for a sign of life; None for never


OPEN = Gate()  # which leaves nothing out


class Rest(NamedTuple):
    """What is remembered from frame to frame."""

    now_s: float  # time of the latest frame
    due_s: float  # not before then is the next one looked at
    awake_until_s: float  # until then no motion is needed
    seen: Thumbnail | None = None  # of the last frame that was looked at
    looked_s: float = 0.0  # time of that frame
    slept_s: float = 0.0  # how much time was slept away
    total_s: float = 0.0  # ... of so much

    @property
    def share(self) -> float:
        """Return the share of the time that was slept away, 0..1."""
        return self.slept_s / self.total_s if self.total_s else 0.0


def is_due(gate: Gate, before: Rest | None, now_s: float) -> bool:
    """True when the cap on the rate lets a frame through; time that jumps back starts afresh."""
    return gate.max_fps is None or before is None or now_s >= before.due_s or now_s < before.now_s


def ask(gate: Gate, before: Rest | None, small: Thumbnail | None, now_s: float) -> tuple[Rest, str]:
    """Return what is remembered after one more frame, and what to do with it: LOOK, SKIP (by the cap) or SLEEP.

    `before` is None at the start; a thumbnail is needed only with `when_moving`, where the frame `is_due`.
    """
    if before is None or now_s < before.now_s:
        slept_s, total_s = (before.slept_s, before.total_s) if before else (0.0, 0.0)
        before = Rest(now_s, now_s, now_s + _AWAKE_S, None, now_s, slept_s, total_s)
    passed_s = now_s - before.now_s
    after = before._replace(now_s=now_s, total_s=before.total_s + passed_s)
    if not is_due(gate, before, now_s):
        return after._replace(slept_s=before.slept_s + passed_s), SKIP
    if gate.max_fps is not None:
        # From when it was due, so that 30 frames a second capped to 20 become 20 and not 15; at most one in advance.
        period_s = 1 / gate.max_fps
        after = after._replace(due_s=max(before.due_s, now_s - period_s) + period_s)
    if gate.when_moving and small is not None:
        overdue = gate.at_least_s is not None and now_s - before.looked_s >= gate.at_least_s
        if moves(before.seen, small):
            after = after._replace(awake_until_s=now_s + _AWAKE_S)
        elif now_s >= before.awake_until_s and not overdue:
            return after._replace(slept_s=before.slept_s + passed_s), SLEEP
        after = after._replace(seen=small)
    return after._replace(looked_s=now_s), LOOK


def moves(seen: Thumbnail | None, small: Thumbnail) -> bool:
    """True where one thumbnail shows another scene than the other, beyond noise."""
    if seen is None or seen.shape != small.shape:
        return True
    rows, columns = (max(1, side // _CELL) for side in small.shape)
    high, wide = small.shape[0] // rows, small.shape[1] // columns
    difference = small[: rows * high, : columns * wide].astype(np.int16) - seen[: rows * high, : columns * wide]
    cells = np.abs(difference.reshape(rows, high, columns, wide).mean(axis=(1, 3)))
    return bool(cells.max() > min(max(_LEAST, _NOISES * float(np.median(cells))), _MOST))
