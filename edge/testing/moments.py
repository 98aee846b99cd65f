"""Made-up moments, for tests of outputs; and a source that they could be of."""

import time
from typing import Any

import numpy as np

from edge.capture.source import Frame, Source
from edge.classifier import Answer
from edge.fit import Image
from edge.live.steady import raw
from edge.live.visits import Event, Visit
from edge.outputs import Moment

GREY: Image = np.full((120, 160, 3), 90, np.uint8)


def moment(
    label: str = "red",
    number: int = 1,
    image: Image = GREY,
    captured_at: float | None = None,
    position_s: float | None = None,
    labels: tuple[str, ...] = ("red", "green", "blue"),
    **beside: Any,
) -> Moment:
    """Return a moment in which a label is seen with a probability of 0.75.

    Args:
        label: one of `labels`.
        number: of the frame.
        image: uint8 (height, width, 3), BGR.
        captured_at: seconds of the monotonic clock; now where it is not given.
        position_s: in the recording, where it is one.
        labels: the model's, two or more; the others share what is left.
        beside: further fields of the `Moment`, such as state="lost" or stream=1.
    """
    share = {name: 0.75 if name == label else 0.25 / (len(labels) - 1) for name in labels}
    captured_at = time.monotonic() if captured_at is None else captured_at
    frame = Frame(image, number, captured_at, "script", position_s)
    answer = Answer(label, 0.75, share, 1.25)
    time_s = time.time() - (time.monotonic() - captured_at)
    fields: dict[str, Any] = {"verdict": raw(answer), "time_s": time_s, **beside}
    return Moment(frame, answer, age_ms=3.5, rate=14.9, dropped=2, **fields)


def visit(label: str = "red", frame: Frame | None = None) -> Visit:
    """Return a visit of 12.5 s that was last seen 4 s ago; `frame` is its best."""
    now_s = time.monotonic()
    return Visit(label, now_s - 16.5, now_s - 4.0, frame, 0.98)


def event(kind: str = "visit", label: str = "red", frame: Frame | None = None, **beside: Any) -> Moment:
    """Return a moment in which one thing happens, "arrived", "left" or "visit"; `beside` as for `moment`."""
    return moment(events=(Event(kind, visit(label, frame)),), **beside)


class Still(Source):
    """A source that is open, at a given rate: what an output's `open` is given."""

    def __init__(self, rate: float = 15.0, live: bool = True, name: str = "still") -> None:
        self.rate, self.live, self.name = rate, live, name
