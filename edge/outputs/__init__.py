"""Where answers go: one file per output, each with open, write and close, and the table of their options.

To add one, copy the shortest: `jsonl.py` for what is seen, `webhook.py` for what happens; give it a `make`, and the
table a row. Whatever could block (a disk, a network, a program) is wrapped by `aside.py`, off the way of the frames;
`together.py` keeps the fault of one from ending the others.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

import numpy as np

from edge.capture.source import Frame, Source, ignore
from edge.classifier import Answer
from edge.errors import CatdogError
from edge.fit import Image
from edge.live.picture import GOOD
from edge.live.steady import UNSURE, Verdict
from edge.live.tuning import Tuning
from edge.live.visits import Event

# The state of a moment. A source may know others, such as "stale" and "lost": anything but LIVE says that the frame
# is none of now.
LIVE, ASLEEP, ENDED = "live", "asleep", "ended"
FRESH = (LIVE, ASLEEP)  # states in which picture and verdict are of now
NO_PICTURE: Image = np.empty((0, 0, 3), np.uint8)


class Moment(NamedTuple):
    """What is known at one moment, and how the run is doing.

    Attributes:
        frame: the newest one; number 0 and no picture before the first. The picture is good during `write` only: what
            keeps it for longer copies it.
        answer: what the frame shows that was classified last; this one where the state is LIVE.
        age_ms: from the capture of the frame that was classified last to now.
        rate: frames a second of late.
        dropped: frames of the source that were not looked at, so far.
        verdict: what is there, as steady as can be said.
        events: what has happened by this moment.
        picture: what is to be said of the picture itself, a word of `edge.live.picture`.
        state: LIVE with a fresh answer; ASLEEP where nothing moves, so that the last verdict stays and its age grows;
            ENDED after the last frame; or why there is no fresh frame.
        time_s: when `frame` was captured, in seconds since 1970.
        stream: which of the run's sources this is of: 0, 1, 2 ... as they were given.
    """

    frame: Frame
    answer: Answer
    age_ms: float
    rate: float
    dropped: int
    verdict: Verdict
    events: tuple[Event, ...] = ()
    picture: str = GOOD
    state: str = LIVE
    time_s: float = 0.0
    stream: int = 0

    @property
    def fresh(self) -> bool:
        """True where picture and verdict are of now."""
        return self.state in FRESH

    def showing(self, image: Image) -> "Moment":
        """Return the same moment with another picture."""
        return self._replace(frame=self.frame._replace(image=image))

    def time_of(self, frame: Frame) -> float:
        """Return when an earlier frame was captured, in seconds since 1970; the same for all who ask."""
        return self.time_s - (self.frame.captured_at - frame.captured_at)


def nothing_yet(source: str, stream: int = 0, state: str = "connecting") -> Moment:
    """Return the moment of a source that has given no frame."""
    frame = Frame(NO_PICTURE, 0, time.monotonic(), source)
    answer, nobody = Answer(UNSURE, 0.0, {}, 0.0), Verdict(UNSURE, 0.0, {})
    return Moment(frame, answer, 0.0, 0.0, 0, nobody, state=state, time_s=time.time(), stream=stream)


class Finished(Exception):  # noqa: N818 - no error: the user has closed the window
    """Raised by an output's `write` when the user has asked there to end the run."""


class EndedError(CatdogError):
    """An output's last word: it can go on no longer. Any other CatdogError concerns one moment only."""


class Output(Protocol):
    """Something that shows or keeps answers. What would prevent that is found out when it is made.

    Attributes:
        say: called with a line for the user when something happens that does not end the run.
        gone: it can go on no longer, and has been closed.
    """

    say: Callable[[str], None] = staticmethod(ignore)
    gone: bool = False

    def meet(self, tuning: Tuning) -> None:  # noqa: ARG002 - for those who want it
        """Hear which model answers, and by which knobs. Comes before `open`."""
        return

    def open(self, sources: Sequence[Source]) -> None:  # noqa: ARG002 - for those who want it
        """Get ready for the moments of the run's sources. They tell their rate once they are open."""
        return

    def write(self, moment: Moment) -> None:
        """Show or keep one moment.

        Raises:
            CatdogError: it cannot be kept; the next one may.
            EndedError: nor can any further one.
            Finished: the user wants to end here.
        """

    def flush(self) -> None:
        """Do what is better done for several moments at once, or from time to time. Only `Aside` calls it.

        Raises:
            CatdogError, EndedError: what was written since the last time cannot be kept.
        """
        return

    def room(self) -> AbstractContextManager[None]:
        """Draw nothing while the block runs: lines for the user are printed on stderr."""
        return nullcontext()

    def finish(self) -> None:
        """Hear that nothing more comes, without waiting for anything; `close` follows."""
        return

    def interrupt(self) -> None:
        """End what keeps `write` or `close` waiting in another thread, for too long now."""
        return

    def close(self) -> None:
        """Finish; may be called twice, and before `open`."""
        return

    def lost(self) -> str:
        """Return, after `close`, what could not be shown or kept, as a line; empty where all was."""
        return ""


def names(text: str) -> tuple[str, ...]:
    """Parse names with commas between them."""
    return tuple(filter(None, text.lower().replace(" ", "").split(",")))


def above_zero(text: str) -> float:
    """Parse a number above 0, for argparse."""
    number = float(text)
    if not 0 < number < float("inf"):
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text} is not a number above 0")
    return number


class Kind(NamedTuple):
    """A row of the table of options.

    Attributes:
        option: its name on the command line.
        metavar: what stands for its value in the help; "" for a switch.
        purpose: a line of help.
        module: file below edge/outputs/, or a module of another room by its whole name, imported when the option is
            given, whose `make(options)` returns the output, or None where there is nothing for one to do; "" for an
            option that belongs to another's output.
        parse: what makes the value of a word; a ValueError refuses it.
        default: the value where the option is not given.
        bare: the value where it is given without one; None where that is a mistake.
    """

    option: str
    metavar: str
    purpose: str
    module: str
    parse: Callable[[str], object] = str
    default: object = None
    bare: str | None = None


KINDS = (
    Kind("--record", "FILE", "keep a video with the answers drawn in: .mp4 ...", "recording"),
    Kind("--snapshots", "FOLDER", "keep the best picture of each visit", "snapshots"),
    Kind("--snapshots-mb", "N", "room for snapshots in megabytes; the oldest go first (200)", "", above_zero, 200.0),
    Kind("--events", "FILE", "keep a log of arrivals, departures and visits, a JSON object a line", "events"),
    Kind("--on-event", "COMMAND", "run a program when something happens; {event} {label} ... are filled in", "command"),
    Kind("--webhook", "URL", "post what happens as JSON to an address", "webhook"),
    Kind("--web", "HOST:PORT", "serve a live page, an API (127.0.0.1:8000)", "edge.web.output", bare="127.0.0.1:8000"),
    Kind("--web-name", "NAME,...", "names by which viewers reach --web, such as that of an https proxy", "", names),
    Kind("--mqtt", "URL", "tell a broker, as Home Assistant wants it: mqtt://HOST or mqtts://HOST:PORT/NAME", "mqtt"),
    Kind("--mqtt-login", "FILE", "file with USER:PASSWORD for the broker; or $CATDOG_MQTT_LOGIN", ""),
    Kind("--mqtt-ca", "FILE", "certificate of the broker's own authority, for mqtts://", ""),
    Kind("--gpio", "CLASS=PIN,...", "switch a pin on while somebody of a class is there: cat=17,dog=27", "gpio"),
    Kind("--keep", "FOLDER", "keep photos for the next training: in the terminal by keys 1, 2 ...", "keep"),
    Kind("--keep-mb", "N", "room for kept photos in megabytes; the oldest go first (500)", "", above_zero, 500.0),
    Kind("--keep-unsure", "", "keep, for catdog review, frames that the model hesitates over", "unsure"),
    Kind("--show", "", "open a window with the picture; q ends", "window"),
)
