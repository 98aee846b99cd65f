"""Off the way of the frames: an output in a thread of its own, behind a short queue.

What writes to a disk, a network, a program or a terminal can hang, so a camera does not wait for it: a full queue drops
what comes, and counts it. A recorded source can wait, and so loses nothing. A fault is said, counted, and the run goes
on.
"""

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import Enum

from edge.capture.source import Source
from edge.errors import CatdogError
from edge.live.visits import VISIT
from edge.outputs import NO_PICTURE, EndedError, Moment, Output
from edge.outputs.worker import Worker

_IDLE_S = 15.0  # between two flushes while nothing happens
_PATIENCE_S = 5.0  # at the end, for what is still to be done
_GRACE_S = 1.0  # ... and once it has been interrupted
_SILENCE_S = 60.0  # after a fault was said: a camera that runs for a year must not fill a log with one fault


class Wish(Enum):
    """What an output wants, and what people call one of it in the plural."""

    EVENTS = "events"
    VISITS = "visits"  # those alone of the events
    ALL = "answers"
    NEWEST = "views"  # of each source; what comes too fast is not worth a word


class Aside(Output):
    """Another output, written to, flushed and closed in a thread of its own.

    Args:
        output, name: the other, and what people call it.
        wish: which moments it wants. With EVENTS and VISITS each has one event.
        pictures: whether it wants pictures: copies of its own, of the moment or, with EVENTS and VISITS, of the event.
        most: how many moments may wait.
        period_s: least time between two batches of moments.
        patience_s: how long to wait for it at the end.
    """

    def __init__(
        self,
        output: Output,
        name: str,
        wish: Wish = Wish.EVENTS,
        pictures: bool = False,
        most: int = 16,
        period_s: float = 0.0,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._output, self._name, self._wish, self._pictures = output, name, wish, pictures
        self._is_wide = wish in (Wish.ALL, Wish.NEWEST)  # it wants moments in which nothing happens, too
        self._patience_s, self._deadline_s = patience_s, 0.0
        self._worker: Worker[Moment] = Worker(name, self._work, self._end, most, period_s, _IDLE_S)
        self._sources: Sequence[Source] = ()
        self._asked = self._kept = 0
        self._failing, self._said_s, self._last = False, 0.0, ""

    def open(self, sources: Sequence[Source]) -> None:
        """Get the other ready; the thread begins with the first moment that is wanted."""
        self._sources = sources
        self._output.say = self.say
        self._output.open(sources)

    def write(self, moment: Moment) -> None:
        """Hand on a moment that is wanted; drop it where the queue of a live source is full."""
        if self._wish is Wish.VISITS and moment.events:
            moment = moment._replace(events=tuple(event for event in moment.events if event.kind == VISIT))
        if self.gone or not (moment.events or self._is_wide):
            return
        self._asked += 1 if self._is_wide else len(moment.events)
        key = moment.stream if self._wish is Wish.NEWEST and not moment.events else None
        wait = self._wish is not Wish.NEWEST and not self._sources[moment.stream].live
        if not self._worker.put(self._own(moment), key, wait) and not self.gone:
            self._fail(f"{self._name}: is too slow, so that some {self._wish.value} are dropped")

    def _own(self, moment: Moment) -> Moment:
        """Return a moment that can be kept: its picture is another's memory, and large."""
        moment = moment.showing(moment.frame.image.copy() if self._pictures and self._is_wide else NO_PICTURE)
        if not moment.events or (self._pictures and not self._is_wide):  # those of events are copies
            return moment
        bare = tuple(event._replace(visit=event.visit._replace(best=None)) for event in moment.events)
        return moment._replace(events=bare)

    def room(self) -> AbstractContextManager[None]:
        return self._output.room()

    def finish(self) -> None:
        self._deadline_s = time.monotonic() + self._patience_s
        self._worker.finish()

    def close(self) -> None:
        """Wait for what is still to be done, but not for long."""
        if not self._deadline_s:
            self.finish()
        if not self._worker.started:
            self._end()
        elif not self._worker.join(self._deadline_s - time.monotonic()):
            self._output.interrupt()
            self._worker.join(_GRACE_S)

    def lost(self) -> str:
        """Return what ended it, else how much was not kept."""
        missing = self._asked - self._kept
        if not self._last and missing and self._wish is not Wish.NEWEST:
            return f"{self._name}: {missing} of {self._asked} {self._wish.value} lost"
        return self._last

    # -- in the thread -----------------------------------------------------------------------------------------------

    def _work(self, moments: list[Moment]) -> None:
        done = 0
        for moment in moments:
            if self._is_wide:
                done += self._try(self._output.write, moment)
                continue
            for event in moment.events:  # one by one: a fault of one does not take the others along
                done += self._try(self._output.write, moment._replace(events=(event,)))
        if self._try(self._output.flush):
            self._kept += done
            if done:
                self._recover()

    def _end(self) -> None:
        if self.gone:
            return
        self.gone = True
        try:
            self._output.close()
        except CatdogError as fault:
            self._last = self._last or str(fault)

    def _try(self, work: Callable[..., None], *arguments: object) -> bool:
        if self.gone:
            return False
        try:
            work(*arguments)
        except EndedError as fault:  # said by who has all outputs together
            self._last = str(fault)
            self._end()
        except CatdogError as fault:
            self._fail(str(fault))
        except Exception:  # a bug: it must neither end the other outputs nor be hidden
            self._last = f"{self._name}: ended by a bug, please report it\n{traceback.format_exc().rstrip()}"
            self.gone = True
        else:
            return True
        return False

    def _fail(self, wrong: str) -> None:
        """Say what is wrong, unless it has been wrong all the time or a minute ago."""
        now_s = time.monotonic()
        if not self._failing and (not self._said_s or now_s - self._said_s > _SILENCE_S):
            self._failing, self._said_s = True, now_s
            self.say(wrong)

    def _recover(self) -> None:
        if self._failing:
            self._failing = False
            self.say(f"{self._name}: works again; {self._asked - self._kept} of {self._asked} {self._wish.value} lost")
