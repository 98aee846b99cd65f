"""Several sources at once, each with a state of its own, served in turn; one of them is just a shorter list."""

import math
import select
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge.capture.feed import Feed
from edge.capture.health import CONNECTING, LIVE
from edge.capture.source import Frame

_TELL_S = 1.0  # between two words about a source that is not live: its age grows
_LONGEST_S = 60.0
_NAP_S = 0.005


class Turn(NamedTuple):
    """Which source comes next, 0, 1 ..., with a fresh frame; None: its state has changed, or is worth telling again."""

    stream: int
    frame: Frame | None


class Several:
    """The sources of a run."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.feeds = feeds
        self._told = [(CONNECTING, time.monotonic())] * len(feeds)  # the last state told of each, and when
        self._next = 0

    def next(self, wait: Callable[[Callable[[], object]], object]) -> Turn | None:
        """Return what comes next, waiting for it; None when all sources are over.

        The source after the one that was served last comes first: a fast one does not starve a slow one.

        Args:
            wait: called with what blocks; it may raise, and nothing is lost by that.
        """
        while True:
            for feed in self.feeds:
                feed.advance()
            turn = self._frame() or self._change()
            if turn is not None:
                return turn
            if all(feed.over for feed in self.feeds):
                return None
            wait(self._wait)

    def _frame(self) -> Turn | None:
        for stream in self._order():
            frame = self.feeds[stream].take()
            if frame is not None:
                self._next = (stream + 1) % len(self.feeds)
                self._told[stream] = LIVE, time.monotonic()
                return Turn(stream, frame)
        return None

    def _change(self) -> Turn | None:
        now_s = time.monotonic()
        for stream in self._order():
            state, (told, at_s) = self.feeds[stream].state, self._told[stream]
            if state != told or (state != LIVE and not self.feeds[stream].over and now_s - at_s >= _TELL_S):
                self._told[stream] = state, now_s
                return Turn(stream, None)
        return None

    def _order(self) -> list[int]:
        count = len(self.feeds)
        return [(self._next + step) % count for step in range(count)]

    def _wait(self) -> None:
        telling = zip(self._told, self.feeds, strict=True)
        due_s = [at_s + _TELL_S for (state, at_s), feed in telling if state != LIVE and not feed.over]
        due_s += [feed.due_s for feed in self.feeds]
        seconds = min(max(min(due_s) - time.monotonic(), 0.0), _LONGEST_S)
        if not hasattr(select, "poll"):  # Windows, which can wait for sockets only
            time.sleep(min(seconds, _NAP_S))
            return
        poll = select.poll()
        for feed in self.feeds:
            for descriptor in feed.descriptors:
                poll.register(descriptor, select.POLLIN)
        poll.poll(math.ceil(seconds * 1000))

    def close(self) -> None:
        """End them all; may be called twice."""
        for feed in self.feeds:
            feed.close()
