"""Scripted cameras in processes of their own, as real ones are; and what reads them."""

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
from edge.capture.source import Frame, Settings
from edge.errors import SourceError
from edge.testing import ScriptedCamera

# Short, but not so short that a loaded machine's pauses look like a stall.
QUICK = Limits(open_s=30.0, stale_s=0.2, read_s=0.6, pause_s=0.02, longest_pause_s=0.1, steady_s=0.2)


class Elsewhere(ScriptedCamera):
    """A camera that may harm its process.

    Args:
        text: JSON: "steps", and "count", a file that counts the openings, as a killed process forgets. Further words:
            "die", "stop", "crash" and "fault".
    """

    def __init__(self, text: str) -> None:
        script = json.loads(text)
        self._count = Path(script.pop("count"))
        super().__init__(*script.pop("steps"), **script)

    def open(self) -> None:
        self.opened = int(self._count.read_text() or "0") if self._count.exists() else 0
        self._count.write_text(str(self.opened + 1))
        super().open()

    def act(self, word: str) -> None:
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
            raise SourceError(self.name, "ended", "Check it")


def scripted(folder: Path, *steps: object, limits: Limits = QUICK, live: bool = True, pace_s: float = 0.005) -> Feed:
    """Return a feed, not begun, of a camera that follows a script in a process of its own."""
    count = str(folder / f"count-{time.monotonic_ns()}")
    word = json.dumps({"steps": steps, "count": count, "live": live, "pace_s": pace_s, "rate": 100.0})
    reader = InProcess("tests.edge.scripted:Elsewhere", word, "script", Settings())
    return Feed(reader, live, again=True, limits=limits)


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
