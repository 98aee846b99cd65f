"""A window with the live picture and the answer on it. Needs an OpenCV with windows and a desktop to show them on."""

import os
import sys
from argparse import Namespace

import cv2

from edge.capture.source import Source
from edge.errors import CatdogError
from edge.outputs import Finished, Moment, Output
from edge.outputs.overlay import annotate

_TITLE = "catdog"
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
        self._shown = False

    def open(self, source: Source) -> None:
        """Open the window."""
        cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL)
        cv2.setWindowTitle(_TITLE, f"{_TITLE}: {source.name}")

    def write(self, moment: Moment) -> None:
        """Show a picture; raise `Finished` when the user has closed the window."""
        image = moment.frame.image
        if not self._shown:
            cv2.resizeWindow(_TITLE, image.shape[1], image.shape[0])
        elif cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1:
            raise Finished
        self._shown = True
        cv2.imshow(_TITLE, annotate(image, moment.verdict))
        if cv2.waitKey(1) & 0xFF in _END_KEYS:
            raise Finished

    def close(self) -> None:
        """Close the window."""
        if self._shown:
            cv2.destroyAllWindows()
            self._shown = False
