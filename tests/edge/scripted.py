"""A camera that does what a script says: frames, hangs, deaths. Read in a process of its own, as a real one is."""

import ctypes
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edge.capture.feed import Feed
from edge.capture.health import Limits
from edge.capture.process import InProcess
from edge.capture.several import Several
from edge.capture.source import Frame, Settings, Source
from edge.errors import SourceError

# Short, but not so short that a loaded machine's pauses look like a stall.
QUICK = Limits(open_s=30.0, stale_s=0.2, read_s=0.6, pause_s=0.02, longest_pause_s=0.1, steady_s=0.2)


class Scripted(Source):
    """Each opening acts the next of some lives, and the last one for ever.

    Args:
        text: JSON: "lives", lists of steps, and "count", a file that counts the openings, as a killed process forgets.
            Steps: a number of frames, [width, height] of those that follow, or a word of `_ACTS`.
    """

    live = again = True
    rate = 100.0

    def __init__(self, text: str) -> None:
        script = json.loads(text)
        self.name, self._lives, self._count = "script", script["lives"], Path(script["count"])
        self.live = script.get("live", True)
        self._pace_s = script.get("pace_s", 0.005)

    def open(self) -> None:
        life = int(self._count.read_text() or "0") if self._count.exists() else 0
        self._count.write_text(str(life + 1))
        self._frames = self._act(self._lives[min(life, len(self._lives) - 1)])
        if self._lives[min(life, len(self._lives) - 1)][:1] == ["refuse"]:
            raise SourceError(self.name, "refuses", "Wait")

    def read(self) -> Frame | None:
        return next(self._frames, None)

    def _act(self, steps: Sequence[object]) -> Iterator[Frame]:
        number, size = 0, (64, 48)
        for step in steps:
            if isinstance(step, list):
                size = step[0], step[1]
            elif isinstance(step, int):
                for _ in range(step):
                    time.sleep(self._pace_s)
                    number += 1
                    image = self.room(size[1], size[0])
                    image[:] = number % 251
                    yield Frame(image, number, time.monotonic(), self.name, None if self.live else number / 100)
            else:
                act(str(step), self.name)


def act(word: str, name: str) -> None:
    if word == "hang":  # in native code, deaf to all but SIGKILL
        while True:
            ctypes.CDLL(None).pause()
    elif word == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "crash":
        raise RuntimeError("a bug")
    elif word == "fault":
        raise SourceError(name, "ended", "Check it")


def scripted(folder: Path, *lives: list[object], limits: Limits = QUICK, **script: object) -> Feed:
    """Return a feed, not begun, that acts these lives in a process of its own."""
    word = json.dumps({"lives": lives, "count": str(folder / f"count-{time.monotonic_ns()}"), **script})
    reader = InProcess("tests.edge.scripted:Scripted", word, "script", Settings())
    return Feed(reader, bool(script.get("live", True)), again=True, limits=limits)


def follow(feeds: Sequence[Feed], seconds: float = 60.0) -> Iterator[tuple[int, Frame | None, str]]:
    """Yield what comes of the feeds, with the state of each: a frame, or None for a change; ends with them."""
    several, until_s = Several(feeds), time.monotonic() + seconds
    try:
        while (turn := several.next(lambda wait: wait())) is not None:
            assert time.monotonic() < until_s, "nothing of the sort in time"
            yield turn.stream, turn.frame, feeds[turn.stream].state
    finally:
        several.close()


def level(frame: Frame) -> int:
    """Return the grey level of a frame, having held that it is one picture and not parts of two."""
    low, high = int(np.min(frame.image)), int(np.max(frame.image))
    assert low == high, "torn"
    return low
