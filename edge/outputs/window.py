"""A window with the live picture and the answer on it. Needs an OpenCV with windows and a desktop to show them on."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence

import cv2

from edge.capture.source import Source
from edge.errors import CatdogError
from edge.outputs import Finished, Moment, Output
from edge.outputs.overlay import annotate

_TITLE = "catdog"  # and the source's number
_PERIOD_S = 1 / 30  # between two pictures: no screen needs more
_END_KEYS = frozenset({ord("q"), 27})  # 27 is Esc


def toolkit() -> str:
    """Return what this OpenCV draws windows with ("QT5", "GTK3", ...), "" where it has none."""
    return cv2.currentUIFramework()


def make(_options: Namespace) -> Output:
    """Return the output of --show."""
    return Window()


class Window(Output):
    """A window; closing it, or pressing q or Esc in it, ends the run.

    Raises:
        CatdogError: this OpenCV has no windows, or there is no desktop.
    """

    def __init__(self) -> None:
        if not toolkit():
            raise CatdogError(
                "--show",
                "needs an OpenCV with windows, and the installed one has none",
                'pip uninstall opencv-python-headless, then pip install "catdog-edge[window]"',
            )
        # Qt ends the whole process where it finds no display, so look before it does.
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise CatdogError("--show", "finds no desktop to open a window on", "Leave it out, or use --record FILE")
        self._shown: dict[int, float] = {}  # source -> when it was last drawn

    def open(self, sources: Sequence[Source]) -> None:
        """Open a window for each source."""
        for number, source in enumerate(sources):
            cv2.namedWindow(f"{_TITLE} {number}", cv2.WINDOW_NORMAL)
            cv2.setWindowTitle(f"{_TITLE} {number}", f"{_TITLE}: {source.name}")

    def write(self, moment: Moment) -> None:
        """Show a picture; raise `Finished` when the user has closed the window."""
        image, title, now_s = moment.frame.image, f"{_TITLE} {moment.stream}", time.monotonic()
        drawn_s = self._shown.get(moment.stream)
        if not image.size or (drawn_s is not None and now_s - drawn_s < _PERIOD_S):
            return
        if drawn_s is None:
            cv2.resizeWindow(title, image.shape[1], image.shape[0])
        elif cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
            raise Finished
        self._shown[moment.stream] = now_s
        cv2.imshow(title, annotate(image, moment.verdict))
        if cv2.waitKey(1) & 0xFF in _END_KEYS:
            raise Finished

    def close(self) -> None:
        """Close the window."""
        if self._shown:
            cv2.destroyAllWindows()
            self._shown.clear()
