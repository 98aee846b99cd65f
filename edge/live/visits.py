"""Who comes and goes: arrivals, departures and visits, from the verdicts of a stream.

One verdict, so one visitor at a time. A label becomes a visitor when it has been the verdict for a while, and has left
when it has not been for a longer one: a short flicker is no visit, and a cat behind a chair is no second cat.
"""

from typing import NamedTuple

from edge.capture.source import Frame

ARRIVED, LEFT, VISIT = "arrived", "left", "visit"


def clock(frame: Frame) -> float:
    """Return a frame's time in seconds: where it stands in its recording, else when it was captured.

    A second of a recording counts as one however fast it is read.
    """
    return frame.captured_at if frame.position_s is None else frame.position_s


class Manners(NamedTuple):
    """What counts as a visit, in seconds."""

    arrive_s: float = 1.0  # a label is a visitor when it has been the verdict for so long without a break
    leave_s: float = 3.0  # it has left when it has not been for so long


MANNERS = Manners()
_MISSED = 2.5  # looks: more than one in a row without somebody, before it has left


def unhurried(max_fps: float | None) -> Manners:
    """Return manners for somebody who looks at `max_fps` frames a second: at 0.2, three seconds are no absence."""
    return MANNERS if max_fps is None else MANNERS._replace(leave_s=max(MANNERS.leave_s, _MISSED / max_fps))


class Visit(NamedTuple):
    """Somebody who is there, or has just been noticed."""

    label: str
    began_s: float  # when it was first the verdict
    seen_s: float  # ... and last
    best: Frame | None = None  # a copy of the frame in which its probability was highest; None before a fresh one
    probability: float = 0.0  # of the label in that frame


class Presence(NamedTuple):
    """Somebody who has arrived, and somebody who has not been there for long enough."""

    visitor: Visit | None = None
    candidate: Visit | None = None


class Event(NamedTuple):
    """Something that happened; a visit is told when it is over.

    Attributes:
        kind: ARRIVED, LEFT or VISIT.
        visit: of whom, since when, and its best frame so far.
    """

    kind: str
    visit: Visit

    @property
    def duration_s(self) -> float:
        """Return from the first to the last moment at which it was seen."""
        return self.visit.seen_s - self.visit.began_s


def follow(
    before: Presence,
    label: str | None,
    now_s: float,
    frame: Frame | None = None,
    probability: float = 0.0,
    manners: Manners = MANNERS,
) -> tuple[Presence, tuple[Event, ...]]:
    """Return who is there after one more moment, and what has happened by it.

    Args:
        before: who was there.
        label: the verdict; None when it is nobody's: unsure, the fallback, or no picture to go by.
        now_s: the moment's time. One that jumps back (a video begins anew) ends a visit.
        frame: the moment's picture where it is a fresh one. It is copied when it is the best so far.
        probability: of the label, in that one frame.
        manners: what counts as a visit.
    """
    visitor: Visit | None = before.visitor
    events: tuple[Event, ...] = ()
    if visitor is not None and not 0 <= now_s - visitor.seen_s < manners.leave_s:
        visitor, events = None, _over(visitor)
    if label is None:
        return Presence(visitor), events
    if visitor is not None and visitor.label == label:
        return Presence(_seen(visitor, now_s, frame, probability)), events
    candidate = before.candidate
    if candidate is None or candidate.label != label or not 0 <= now_s - candidate.seen_s < manners.leave_s:
        candidate = Visit(label, now_s, now_s)
    candidate = _seen(candidate, now_s, frame, probability)
    if now_s - candidate.began_s < manners.arrive_s:
        return Presence(visitor, candidate), events
    return Presence(candidate), (*events, *_over(visitor), Event(ARRIVED, candidate))


def finish(before: Presence) -> tuple[Event, ...]:
    """Return the visit that the end of a stream cuts short; nobody is said to have left."""
    return () if before.visitor is None else (Event(VISIT, before.visitor),)


def _over(visitor: Visit | None) -> tuple[Event, ...]:
    return () if visitor is None else (Event(LEFT, visitor), Event(VISIT, visitor))


def _seen(visit: Visit, now_s: float, frame: Frame | None, probability: float) -> Visit:
    if frame is None or (visit.best is not None and probability <= visit.probability):
        return visit._replace(seen_s=now_s)
    # A copy: the source may use the picture's memory for the next one.
    best = frame._replace(image=frame.image.copy())
    return visit._replace(seen_s=now_s, best=best, probability=probability)
