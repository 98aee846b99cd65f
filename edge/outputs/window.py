"""A window with the live picture and the answer on it. Needs an OpenCV with windows and a desktop to show them on."""

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Sequence

import cv2
import numpy as np

from edge.capture.source import Source
from edge.errors import CatdogError
from edge.fit import Image
from edge.outputs import Finished, Moment, Output
from edge.outputs.overlay import annotate, veil
from edge.outputs.view import verdict

_TITLE = "catdog"  # and the source's number
_PERIOD_S = 1 / 30  # between two pictures: no screen needs more
_NOTHING: Image = np.zeros((360, 480, 3), np.uint8)  # before the first picture
_PATIENCE_S = 30.0  # for a desktop to answer
_REMEDY = "Leave it out, or use --record FILE"
_END_KEYS = frozenset({ord("q"), 27})  # 27 is Esc


def opens() -> bool:
    """True where a window can be opened. Asked of another process: Qt ends the whole of one that cannot."""
    words = [sys.executable, "-c", "import cv2; cv2.namedWindow('catdog')"]
    nowhere = subprocess.DEVNULL
    try:
        return not subprocess.run(words, stdin=nowhere, stdout=nowhere, stderr=nowhere, timeout=_PATIENCE_S).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def make(_options: Namespace) -> Output:
    """Return the output of --show."""
    return Window()


class Window(Output):
    """A window; closing it, or pressing q or Esc in it, ends the run.

    Raises:
        CatdogError: this OpenCV has no windows, or there is no desktop.
    """

    def __init__(self) -> None:
        if not cv2.currentUIFramework():  # "QT5", "GTK3", ...
            remedy = 'pip uninstall opencv-python-headless, then pip install "catdog-edge[window]"'
            raise CatdogError("--show", "needs an OpenCV with windows, and the installed one has none", remedy)
        # Qt ends the whole process where it finds no display, so look before it does.
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise CatdogError("--show", "finds no desktop to open a window on", _REMEDY)
        if not opens():
            raise CatdogError("--show", "finds a desktop that takes no window", f"Log in there first. {_REMEDY}")
        self._opened = False
        self._due_s: dict[int, float] = {}  # by source: when to draw again
        self._drawn: dict[int, Image] = {}  # ... and what was drawn last of a fresh picture

    def open(self, sources: Sequence[Source]) -> None:
        self._opened = True
        for number, source in enumerate(sources):
            cv2.namedWindow(f"{_TITLE} {number}", cv2.WINDOW_NORMAL)
            cv2.setWindowTitle(f"{_TITLE} {number}", f"{_TITLE}: {source.name}")

    def write(self, moment: Moment) -> None:
        title, now_s = f"{_TITLE} {moment.stream}", time.monotonic()
        if now_s < self._due_s.get(moment.stream, 0.0):
            return
        self._due_s[moment.stream] = now_s + _PERIOD_S
        if moment.stream in self._drawn and cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
            raise Finished
        cv2.imshow(title, self._draw(moment, title))
        if cv2.waitKey(1) & 0xFF in _END_KEYS:
            raise Finished

    def _draw(self, moment: Moment, title: str) -> Image:
        """Return what to show: the picture with its verdict, or the last one behind a veil, with why it is no newer."""
        if moment.fresh:
            image = moment.frame.image
            if moment.stream not in self._drawn:
                cv2.resizeWindow(title, image.shape[1], image.shape[0])
            self._drawn[moment.stream] = annotate(image, moment.verdict, moment.state)
            return self._drawn[moment.stream]
        return veil(self._drawn.get(moment.stream, _NOTHING), verdict(moment))

    def close(self) -> None:
        if self._opened:
            cv2.destroyAllWindows()
            self._opened = False
