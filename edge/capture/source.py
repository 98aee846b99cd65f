"""What every source of frames is. To add one, copy a short one (`pattern.py`), change three methods, add a row to the
table in `edge/capture/__init__.py`.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np

from edge.errors import CatdogError
from edge.fit import Image

DEFAULT_RATE = 15.0  # frames a second, where a source does not state its own


class Frame(NamedTuple):
    """One picture of a source.

    Attributes:
        image: uint8 (height, width, 3), BGR, as OpenCV gives it.
        number: 1, 2, 3 ... as the source delivered them; a gap shows frames that were dropped.
        captured_at: seconds of the monotonic clock when the frame was delivered.
        source: what people call its source; never holds credentials.
        position_s: seconds from the start of a recorded source; None for a live one.
    """

    image: Image
    number: int
    captured_at: float
    source: str
    position_s: float | None = None


def opencv_can_name(path: Path) -> bool:
    """False for a path that is not UTF-8: OpenCV 4.14 and 5.0 end the process with a segmentation fault on those."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


class Settings(NamedTuple):
    """How the user wants a source to be read. What does not apply to a kind of source is of no effect.

    Attributes:
        size: width, height to ask a camera for; None for its own choice.
        fps: frames a second to ask a camera for; None for its own choice.
        rotate: degrees clockwise: 0, 90, 180 or 270.
        mirror: left and right change places, after the rotation.
        region: left, top, width, height of the part to look at, as shares 0..1 of the picture as it is turned.
        loop: begin a recording again at its end, for ever.
        real_time: give a recording's frames at the pace at which it was recorded.
        timeout_s: for the first picture of a stream twice this, for each further one this.
    """

    size: tuple[int, int] | None = None
    fps: float | None = None
    rotate: int = 0
    mirror: bool = False
    region: tuple[float, float, float, float] | None = None
    loop: bool = False
    real_time: bool = False
    timeout_s: float = 5.0


PLAIN = Settings()
_KNOWN_OPEN = ("name", "live", "rate", "again", "lasting")  # attributes of a source that count once it is open


def anywhere(height: int, width: int) -> Image:
    """Return new memory for a picture: the default of `Source.room`."""
    return np.empty((height, width, 3), np.uint8)


def ignore(_message: str) -> None:
    """Say nothing: the default of `Source.say`."""


class Source(Protocol):
    """Something that gives frames: opened once, read until it ends, closed.

    Attributes:
        name: what people call it; never holds credentials.
        live: it gives frames at its own pace, so that only the newest is worth looking at. Known once open.
        rate: frames a second that it means to give. Known once open.
        dropped: frames that were there and not given out: overtaken by newer ones, or unreadable.
        say: called with a line for the user when something happens that is no error.
        room: called with height and width for memory to put a picture into, so that a live loop allocates nothing. A
            source need not use it.
        settings: the user's wishes; set before it is opened.
        again: after a fault, it is worth opening anew.
        lasting: "module:Class" and word of what it turned out to be, by which it is found again; None for what it is.
    """

    name: str
    live: bool = False
    rate: float = DEFAULT_RATE
    dropped: int = 0
    say: Callable[[str], None] = staticmethod(ignore)
    room: Callable[[int, int], Image] = staticmethod(anywhere)
    settings: Settings = PLAIN
    again: bool = False
    lasting: tuple[str, str] | None = None

    def open(self) -> None:
        """Get ready to read.

        Raises:
            CatdogError: there is nothing to read from; the source is closed again.
        """
        return

    def read(self) -> Frame | None:
        """Return the next frame, waiting for it; None at the end.

        Raises:
            CatdogError: there will be no further frame, though this is not the end.
        """

    def close(self) -> None:
        """Let go of everything; may be called twice, and before `open`."""
        return

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.read, None)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def made(maker: str, word: str) -> Source:
    """Return the source that "module:Class" makes of a word."""
    module, _, name = maker.partition(":")
    source: Source = getattr(import_module(module), name)(word)
    return source


def resemble(outer: Source, inner: Source) -> None:
    """Have a source say of itself what is known of the one in it."""
    for name in _KNOWN_OPEN:
        setattr(outer, name, getattr(inner, name))


def pump(source: Source, tell: Callable[..., None], put: Callable[[Frame], bool]) -> None:
    """Read a source to its end, for whoever reads it elsewhere.

    Args:
        source: not open yet.
        tell: called with what happens: opened=..., say=LINE, fault=[thing, wrong, remedy] or end=True.
        put: called with each frame; returns whether to go on.
    """
    source.say = lambda line: tell(say=line)
    try:
        with source:
            tell(opened={name: getattr(source, name) for name in _KNOWN_OPEN})
            while (frame := source.read()) is not None and put(frame):
                pass
        tell(end=True)
    except CatdogError as fault:
        tell(fault=[fault.thing, fault.wrong, fault.remedy])
