"""Whether a source is connecting, live, stale, lost or over, and what to do about it: a pure state machine.

Events and the time go in, what is known and what is to be done come out. No clock, no process and no chance in here;
the tests' table is the specification.
"""

from typing import NamedTuple

CONNECTING, LIVE, STALE, LOST, ENDED = "connecting", "live", "stale", "lost", "ended"
NOTHING, OPEN, KILL = "nothing", "open", "kill"

_OPENING, _READING, _RESTING, _OVER = "opening", "reading", "resting", "over"
_FEW = 3.0  # periods without a frame, after which a slow camera is stale: one that gives a frame a second is not at 1.5


class Limits(NamedTuple):
    """How long to wait for what, in seconds.

    Attributes:
        open_s: for the first frame after a start; longer than what the source itself waits for, so that its own reason
            comes first, and long enough for a small board to start a process.
        stale_s: for the next frame, until the picture is called stale; three periods of a slower source.
        read_s: for the next frame, until the source is killed and opened anew; longer than the source's own limit.
        pause_s: before the first new try; doubles with each that fails.
        longest_pause_s: what that pause grows to: who plugs a camera in again looks at the screen for so long.
        steady_s: after so long without a fault the pauses begin anew.
        give_up_s: of failing without a break, until the source is given up; None for never.
        insist: try again what has never worked, too.
    """

    open_s: float = 20.0
    stale_s: float = 1.0
    read_s: float = 7.0
    pause_s: float = 0.5
    longest_pause_s: float = 30.0
    steady_s: float = 5.0
    give_up_s: float | None = None
    insist: bool = False


def around(timeout_s: float, give_up_s: float | None = None, insist: bool = False) -> Limits:
    """Return limits around a source's own time-out, which comes first, as it knows more of what is wrong."""
    return Limits(open_s=2 * timeout_s + 10, read_s=timeout_s + 2, give_up_s=give_up_s, insist=insist)


class Health(NamedTuple):
    """What is known of a source."""

    phase: str  # opening, reading, resting before the next try, or over
    since_s: float  # when this phase began; while reading, when the latest frame came
    well_since_s: float  # since when there has been no fault
    bad_since_s: float  # since when nothing but faults came
    due_s: float = 0.0  # when to try again, while resting
    tries: int = 0  # how many in a row have failed
    seen: bool = False  # there has been a frame
    period_s: float = 0.0  # typical time between two frames
    reason: str = ""  # what was wrong last; empty while all is well

    @property
    def over(self) -> bool:
        """Whether there will be no further frame."""
        return self.phase == _OVER


def begin(now_s: float) -> Health:
    """Return what is known when a source is about to be opened for the first time."""
    return Health(_OPENING, now_s, now_s, now_s)


def frame(before: Health, now_s: float, count: int = 1) -> Health:
    """Return what is known after a fresh frame, which was captured at `now_s`, the `count`-th since the one before."""
    reading = before.phase == _READING
    interval_s = (now_s - before.since_s) / max(count, 1)
    period_s = before.period_s + (interval_s - before.period_s) / 8 if reading else before.period_s
    well_since_s = before.well_since_s if reading else now_s
    return before._replace(
        phase=_READING, since_s=now_s, well_since_s=well_since_s, seen=True, period_s=period_s, reason=""
    )


def fault(before: Health, now_s: float, reason: str, again: bool, limits: Limits, chance: float) -> Health:
    """Return what is known after a fault: a rest before the next try, or the end.

    Args:
        before, now_s, reason: what was known, when it happened, and what is wrong.
        again: whether this kind of source is worth another try.
        limits: how long to wait for what.
        chance: 0..1, by which the pause is shorter or longer, so that forty boards do not call one server in step.
    """
    reading = before.phase == _READING
    bad_since_s = now_s if reading else before.bad_since_s
    steady = reading and now_s - before.well_since_s >= limits.steady_s
    tries = 1 if steady else before.tries + 1
    hopeless = not before.seen and not limits.insist and limits.give_up_s is None
    tired = limits.give_up_s is not None and now_s - bad_since_s >= limits.give_up_s
    if not again or hopeless or tired:
        return before._replace(phase=_OVER, since_s=now_s, reason=reason)
    doublings = min(tries - 1, 30)  # 2 ** 10,000 is no float
    pause_s = min(limits.pause_s * 2**doublings, limits.longest_pause_s) * (0.75 + 0.5 * chance)
    if limits.give_up_s is not None:
        pause_s = min(pause_s, bad_since_s + limits.give_up_s - now_s)
    return before._replace(
        phase=_RESTING, since_s=now_s, bad_since_s=bad_since_s, due_s=now_s + pause_s, tries=tries, reason=reason
    )


def end(before: Health, now_s: float) -> Health:
    """Return what is known when a source has come to its end."""
    return before._replace(phase=_OVER, since_s=now_s, reason="")


def tick(before: Health, now_s: float, limits: Limits) -> tuple[Health, str]:
    """Return what is known as time passes, and what is to be done: NOTHING, OPEN or KILL; after KILL tell a `fault`."""
    if before.phase == _RESTING and now_s >= before.due_s:
        return before._replace(phase=_OPENING, since_s=now_s), OPEN
    if now_s >= due(before, limits) and before.phase in (_OPENING, _READING):
        return before, KILL
    return before, NOTHING


def due(health: Health, limits: Limits) -> float:
    """Return when `tick` has something to do at the latest, in seconds of the clock; infinity for never."""
    if health.phase == _RESTING:
        return health.due_s
    if health.phase == _OVER:
        return float("inf")
    if health.phase == _OPENING:
        return health.since_s + limits.open_s
    return health.since_s + max(limits.read_s, 2 * patience_s(health, limits))


def stale_at(health: Health, limits: Limits) -> float:
    """Return when a source that is read becomes stale; infinity where it is not read."""
    return health.since_s + patience_s(health, limits) if health.phase == _READING else float("inf")


def state(health: Health, now_s: float, limits: Limits) -> str:
    """Return what to call it: CONNECTING (no frame yet), LIVE, STALE (no fresh one), LOST (opened anew) or ENDED."""
    if health.phase == _OVER:
        return ENDED
    if health.phase == _READING:
        return LIVE if now_s < stale_at(health, limits) else STALE
    return LOST if health.seen or health.tries else CONNECTING


def patience_s(health: Health, limits: Limits) -> float:
    """Return the age at which a live source's frame is none of now."""
    return max(limits.stale_s, _FEW * health.period_s)
