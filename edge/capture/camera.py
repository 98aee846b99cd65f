"""A camera of this machine, by number or path."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge.capture.devices import DEV, Device, Verdict, list_devices, probe
from edge.capture.quiet import hush
from edge.capture.source import DEFAULT_RATE, Frame, Source
from edge.errors import SourceError
from edge.fit import Image

_REMEDY = "Plug one in, or run catdog run demo"


class Camera(Source):
    """The pictures of a camera.

    Args:
        text: its number, or the path of its device (a link such as those in /dev/v4l/by-id is followed).
        capture: what opens it, called as cv2.VideoCapture is.
        ask: what tells whether a device can be used.
        devices: what lists those that are there, for the error that says so.
    """

    live = True

    def __init__(
        self,
        text: str,
        capture: Callable[..., cv2.VideoCapture] = cv2.VideoCapture,
        ask: Callable[[Path], Verdict] = probe,
        devices: Callable[[], list[Device]] = list_devices,
    ) -> None:
        self.name = f"camera {text}" if text.isdigit() else text
        self._text, self._capture, self._ask, self._devices = text, capture, ask, devices
        self._camera: cv2.VideoCapture | None = None
        self._number = 0
        self._first: Image | None = None

    def open(self) -> None:
        """Open the camera and prove that it delivers."""
        hush()
        linux = sys.platform == "linux"
        node = DEV / f"video{int(self._text)}" if self._text.isdigit() else Path(self._text)
        if linux:
            self._check(node)
        where = str(node.resolve()) if linux else int(self._text)
        self._camera = self._capture(where, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
        self._number, self._first = 0, self._grab() if self._camera.isOpened() else None
        if self._first is None:
            self.close()
            raise SourceError(self.name, "opens but delivers no picture", "Unplug it, plug it in again, or try another")
        rate = self._camera.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 240 else DEFAULT_RATE

    def _check(self, node: Path) -> None:
        """Raise the error that says most, before OpenCV fails without a reason."""
        if not node.exists():
            cameras = [device for device in self._devices() if device.camera]
            found = ", ".join(f"{device.path} ({device.name})" for device in cameras)
            remedy = "Choose one of these (catdog cameras)" if found else _REMEDY
            raise SourceError(self.name, f"there is none. Found: {found or 'no camera at all'}", remedy)
        verdict = self._ask(node)
        if verdict.problem is not None:
            raise SourceError(self.name, verdict.problem, verdict.remedy)

    def _grab(self) -> Image | None:
        assert self._camera is not None
        delivered, image = self._camera.read()
        picture: Image = image  # type: ignore[assignment]  # uint8, BGR: what CONVERT_RGB, the default, means
        return picture if delivered else None

    def read(self) -> Frame | None:
        """Return the next frame."""
        if self._camera is None:
            return None
        image, self._first = self._first if self._first is not None else self._grab(), None
        if image is None:
            wrong = f"stopped delivering after {self._number} frames"
            raise SourceError(self.name, wrong, "Check its cable, then start again")
        self._number += 1
        return Frame(image, self._number, time.monotonic(), self.name)

    def close(self) -> None:
        """Switch the camera off."""
        self._first = None
        if self._camera is not None:
            self._camera.release()
            self._camera = None
