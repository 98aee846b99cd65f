"""Where answers go: one file per output, each with open, write and close, and the table of their options.

To add one, copy the shortest: `jsonl.py`, or `events.py` for what happens rather than what is seen; give it a `make`,
and the table a row. What could block (a disk, a network, a program) goes through `aside.py`, off the way of the frames.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from edge.capture.source import Frame, Source, ignore
from edge.classifier import Answer
from edge.live.picture import GOOD
from edge.live.steady import Verdict
from edge.live.visits import Event

# The state of a moment. A source may know others, such as "stale" and "lost": anything but LIVE says that the frame
# is none of now.
LIVE, ASLEEP, ENDED = "live", "asleep", "ended"


class Moment(NamedTuple):
    """What is known at one moment, and how the run is doing.

    Attributes:
        frame: the newest one. Its picture is good during `write` only: what keeps it for longer copies it.
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

    def time_of(self, frame: Frame) -> float:
        """Return when an earlier frame was captured, in seconds since 1970; the same for all who ask."""
        return self.time_s - (self.frame.captured_at - frame.captured_at)


class Finished(Exception):  # noqa: N818 - no error: the user has closed the window
    """Raised by an output's `write` when the user has asked there to end the run."""


class Output(Protocol):
    """Something that shows or keeps answers. What would prevent that is found out when it is made.

    Attributes:
        say: called with a line for the user when something happens that does not end the run.
    """

    say: Callable[[str], None] = staticmethod(ignore)

    def open(self, source: Source) -> None:  # noqa: ARG002 - for those who want it
        """Get ready for the moments of `source`, which is open."""
        return

    def write(self, moment: Moment) -> None:
        """Show or keep one moment.

        Raises:
            CatdogError: it cannot be kept, and no further one can be.
            Finished: the user wants to end here.
        """

    def aside(self) -> None:
        """Make room: a line for the user is about to be printed on stderr. Most outputs do not mind."""
        return

    def rest(self) -> None:
        """Do what is due from time to time although nothing happens. Only called by `Aside`."""
        return

    def close(self) -> None:
        """Finish; may be called twice, and before `open`."""
        return

    def lost(self) -> str:
        """Return, after `close`, what could not be shown or kept, as part of a line; empty where all was."""
        return ""


class Kind(NamedTuple):
    """A row of the table of options.

    Attributes:
        option: its name on the command line.
        metavar: what stands for its value in the help; "" for a switch.
        purpose: a line of help.
        module: file below edge/outputs/, imported when the option is given, whose `make(options)` returns the output;
            "" for an option that belongs to another's output.
        parse: what makes the value of a word; a ValueError refuses it.
        default: the value where the option is not given.
    """

    option: str
    metavar: str
    purpose: str
    module: str
    parse: Callable[[str], object] = str
    default: object = None


KINDS = (
    Kind("--record", "FILE", "keep a video with the answers drawn in: .mp4 ...", "recording"),
    Kind("--show", "", "open a window with the picture; q ends", "window"),
)
