"""A source as a run sees it: read elsewhere, watched, and opened again when it is lost. Nothing here ever waits.

Whether the source lives in a process (`process.py`) or in a thread (`thread.py`), the newest frame wins where it is
live, and every frame counts where it is recorded. What to do when it fails is `health.py`'s to say.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge.capture import health
from edge.capture.health import KILL, OPEN, Limits
from edge.capture.source import DEFAULT_RATE, Frame, ignore
from edge.errors import SourceError

if TYPE_CHECKING:
    from edge.capture.process import InProcess
    from edge.capture.thread import InThread

    Reader = InProcess | InThread

LIMITS = Limits()


class Feed:
    """A watched source.

    Args:
        reader: reads it; not begun.
        live, again: what the source is until it is open.
        limits: how long to wait for what.

    Attributes:
        live, rate: as the source says, once it is open.
        say: called with a line for the user.
        reason: why there is no fresh frame, as one line; empty where there is.
        fault: what ended it; None while it goes on, and where it came to its end.
        reconnects: how often it was opened again.
    """

    def __init__(self, reader: "Reader", live: bool = True, again: bool = True, limits: Limits = LIMITS) -> None:
        self.name, self.live, self.rate = reader.name, live, DEFAULT_RATE
        self.say: Callable[[str], None] = ignore
        self.fault: SourceError | None = None
        self.reconnects = 0
        self._reader, self._limits = reader, limits
        self._health = health.begin(time.monotonic())
        self._begun = self._opened = False
        self._again = again  # a fault is worth another try
        self._final: dict[str, Any] | None = None
        self._base = self._number = self._stale = 0

    # -- what a run asks ---------------------------------------------------------------------------------------------

    @property
    def descriptors(self) -> list[int]:
        """What becomes readable when there is something to do."""
        return self._reader.descriptors

    @property
    def state(self) -> str:
        """CONNECTING, LIVE, STALE, LOST or ENDED, of edge.capture.health."""
        return health.state(self._health, time.monotonic(), self._limits)

    @property
    def reason(self) -> str:
        return self._health.reason

    @property
    def over(self) -> bool:
        """Whether there will be no further frame."""
        return self._health.over

    @property
    def dropped(self) -> int:
        """Frames that were overtaken, or that the source itself dropped."""
        return self._reader.dropped + self._stale

    @property
    def due_s(self) -> float:
        """When to call `advance` at the latest."""
        due_s, stale_at_s = health.due(self._health, self._limits), health.stale_at(self._health, self._limits)
        return min(due_s, stale_at_s) if stale_at_s > time.monotonic() else due_s

    def advance(self) -> None:
        """Hear what happened, and do what is due: open, kill, give up."""
        now_s = time.monotonic()
        if not self._begun:
            self._begun, self._health = True, health.begin(now_s)
            self._reader.begin()
        if self._final is None:
            self._listen()
        if self._final is not None:  # frames that came before it come first
            return
        self._health, decision = health.tick(self._health, now_s, self._limits)
        if decision == OPEN:
            self.reconnects += 1
            self._opened, self._base = False, self._number
            self._reader.begin()
        elif decision == KILL:
            waited = f"sent nothing for {now_s - self._health.since_s:.1f} s"
            self._reader.kill()
            self._fail([self.name, waited, "Check the camera, its cable and the network"])

    def take(self) -> Frame | None:
        """Return the next frame; None where there is none now. Its picture is good until the next call."""
        while self._opened and (frame := self._reader.take()) is not None:
            frame = frame._replace(number=self._base + frame.number)
            count, self._number = frame.number - self._number, frame.number
            if self.live and time.monotonic() - frame.captured_at > health.patience_s(self._health, self._limits):
                self._stale += 1  # it waited while this program was stopped, or the machine asleep
                continue
            at_s = frame.captured_at if self.live else time.monotonic()
            self._health = health.frame(self._health, at_s, count)
            return frame
        final, self._final = self._final, None
        if final is not None and "fault" in final:
            self._fail(final["fault"])
        elif final is not None:
            self._health = health.end(self._health, time.monotonic())
        return None

    def close(self) -> None:
        """End it; may be called twice."""
        self._reader.close()

    # -- what happened -----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        for message in self._reader.messages():
            if "opened" in message and self._number and self.live and not message["opened"]["live"]:
                # A stream that was live is a recording by now, as HLS is at its end: it would be seen twice.
                self._reader.kill()
                self._final = {"end": True}
                return
            if "opened" in message:
                self._accept(message["opened"])
            elif "say" in message:
                self.say(message["say"])
            else:
                self._final = message
                return

    def _accept(self, opened: dict[str, Any]) -> None:
        if not self._number:  # it keeps the name by which it was first seen
            self.name = self._reader.name = opened["name"]
        self._opened, self._again = True, opened["again"] and opened["live"]
        self.live, self.rate = opened["live"], opened["rate"]
        if opened.get("lasting"):
            self._reader.stay_with(*opened["lasting"])

    def _fail(self, fault: list[str]) -> None:
        from random import random  # which the first answer does not need

        now_s = time.monotonic()
        self._health = health.fault(self._health, now_s, fault[1], self._again, self._limits, random())
        if self._health.over:
            self.fault = SourceError(*fault)
            self._reader.kill()
