"""A camera that does what a script says: frames, faults, hangs."""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Never

import numpy as np

from edge.capture.source import Frame, Source
from edge.errors import SourceError
from edge.fit import Image

Step = Image | int | str | Sequence[int] | Exception
REFUSE, HANG = "refuse", "hang"


class ScriptedCamera(Source):
    """A camera that follows a script.

    Args:
        steps: one after the other:
            a picture uint8 (height, width, 3), BGR: one frame of it;
            a number n: n frames of one grey level each, their number modulo 251, by which they can be told apart;
            (width, height): the size of such frames from here on; at first 64 x 48;
            an exception: `read` raises it; such as SourceError("camera", "is gone", "Plug it in");
            "refuse": `open` raises a SourceError;
            "hang": `read` never returns, and its thread stays behind.
            With each of the last three a life ends: what follows is what happens when it is opened again, and the last
            life is lived again however often it is opened.
        live: a camera, which is opened again after a fault; else a recording, which is over by it, and whose frames
            are looked at one by one, however fast, by the times in the recording.
        rate: frames a second, by the camera's word.
        pace_s: how long it really waits before each frame.
        name: what frames call it.

    Attributes:
        opened, closed: how often it was.
    """

    again = True

    def __init__(
        self, *steps: Step, live: bool = False, rate: float = 10.0, pace_s: float = 0.0, name: str = "script"
    ) -> None:
        self.live, self.rate, self.name = live, rate, name
        self.opened = self.closed = 0
        self._pace_s, self._lives = pace_s, _lives(steps)
        self._frames: Iterator[Frame] = iter(())

    def open(self) -> None:
        """Begin the next life."""
        life = self._lives[min(self.opened, len(self._lives) - 1)]
        self.opened += 1
        if isinstance(life[0], str) and life[0] == REFUSE:
            raise SourceError(self.name, "refuses", "Wait")
        self._frames = self._live(life)

    def read(self) -> Frame | None:
        """Return the next frame of this life; None at its end."""
        return next(self._frames, None)

    def close(self) -> None:
        """Count it."""
        self.closed += 1

    def act(self, word: str) -> None:
        """Do what a word of the script says. A subclass may know more of them.

        Raises:
            ValueError: it is none.
        """
        if word != HANG:
            raise ValueError(f"{word!r} is no step of a script")
        hang()

    def _live(self, life: Sequence[Step]) -> Iterator[Frame]:
        number, size = 0, (64, 48)
        for step in life:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, str):
                self.act(step)
            elif isinstance(step, int):
                for _ in range(step):
                    number += 1
                    yield self._frame(number, np.full((size[1], size[0], 3), number % 251, np.uint8))
            elif isinstance(step, np.ndarray):
                number += 1
                yield self._frame(number, step)
            else:
                size = step[0], step[1]

    def _frame(self, number: int, picture: Image) -> Frame:
        time.sleep(self._pace_s)
        image = self.room(picture.shape[0], picture.shape[1])
        np.copyto(image, picture)
        position_s = None if self.live else (number - 1) / self.rate
        return Frame(image, number, time.monotonic(), self.name, position_s)


def hang() -> Never:
    """Never return."""
    while True:
        threading.Event().wait()


def _lives(steps: Sequence[Step]) -> list[list[Step]]:
    """Return the steps of each life: it ends with a word or an exception."""
    lives: list[list[Step]] = [[]]
    for step in steps:
        lives[-1].append(step)
        if isinstance(step, str | Exception):
            lives.append([])
    return [life for life in lives if life] or [[0]]
