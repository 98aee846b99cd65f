"""Where answers go: one file per output, each with open, write and close. To add one, copy the shortest: `jsonl.py`."""

from typing import NamedTuple, Protocol

from edge.capture.source import Frame, Source
from edge.classifier import Answer


class Moment(NamedTuple):
    """One frame with its answer, and how the run is doing.

    Attributes:
        frame: what was seen.
        answer: what it shows.
        age_ms: from the frame's capture to its answer.
        rate: frames a second of late.
        dropped: frames of the source that were not looked at, so far.
    """

    frame: Frame
    answer: Answer
    age_ms: float
    rate: float
    dropped: int


class Finished(Exception):  # noqa: N818 - no error: the user has closed the window
    """Raised by an output's `write` when the user has asked there to end the run."""


class Output(Protocol):
    """Something that shows or keeps answers. What would prevent that is found out when it is made."""

    def open(self, source: Source) -> None:
        """Get ready for the moments of `source`, which is open."""

    def write(self, moment: Moment) -> None:
        """Show or keep one moment.

        Raises:
            CatdogError: it cannot be kept, and no further one can be.
            Finished: the user wants to end here.
        """

    def aside(self) -> None:
        """Make room: a line for the user is about to be printed on stderr. Most outputs do not mind."""
        return

    def close(self) -> None:
        """Finish; may be called twice, and before `open`."""
