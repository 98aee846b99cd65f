"""A camera of this machine, by number, path or name."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge.capture.devices import DEV, Device, Verdict, lasting_path, list_devices, probe
from edge.capture.quiet import hush
from edge.capture.source import DEFAULT_RATE, Frame, Source
from edge.capture.video import Pictures
from edge.errors import SourceError, printable
from edge.fit import Image

NAMED = "camera:"
_REMEDY = "Plug one in, or run catdog run demo"


class Camera(Source):
    """The pictures of a camera.

    Args:
        text: its number, the path of its device (a link such as those in /dev/v4l/by-id is followed), or "camera:"
            and a part of its name.
        capture: what opens it, called as cv2.VideoCapture is.
        ask: what tells whether a device can be used.
        devices: what lists those that are there, for the error that says so.
    """

    live = again = True

    def __init__(
        self,
        text: str,
        capture: Callable[..., cv2.VideoCapture] = cv2.VideoCapture,
        ask: Callable[[Path], Verdict] = probe,
        devices: Callable[[], list[Device]] = list_devices,
    ) -> None:
        self.name = f"camera {text}" if text.isdigit() else printable(text)
        self._path: Path | None = None  # where it is found again when it comes back under another number
        self._text, self._capture, self._ask, self._devices = text, capture, ask, devices
        self._camera: cv2.VideoCapture | None = None
        self._number = 0
        self._first: Image | None = None

    def open(self) -> None:
        """Open the camera and prove that it delivers."""
        hush()
        linux = sys.platform == "linux"
        node = self._node()
        if linux:
            self._check(node)
        where = str(node.resolve()) if linux else int(self._text)
        self._camera = self._capture(where, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
        self._pictures = Pictures(self._camera)
        self._set()
        self._number, self._first = 0, self._grab() if self._camera.isOpened() else None
        if self._first is None:
            self.close()
            raise SourceError(self.name, "opens but delivers no picture", "Unplug it, plug it in again, or try another")
        rate = self._camera.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 240 else DEFAULT_RATE
        self._remember(node)

    def _node(self) -> Path:
        """Return where the camera is now."""
        if self._path is not None and self._path.exists():
            return self._path
        if self._text.isdigit():
            return DEV / f"video{int(self._text)}"
        if not self._text.startswith(NAMED):
            return Path(self._text)
        wanted, cameras = self._text[len(NAMED) :].casefold(), [one for one in self._devices() if one.camera]
        for device in cameras:
            if wanted in device.name.casefold():
                return device.path
        raise self._nowhere(cameras)

    def _set(self) -> None:
        """Ask for what the user wants; a camera takes what comes nearest of what it can do."""
        assert self._camera is not None
        size, fps = self.settings.size, self.settings.fps
        if size or fps:  # raw pictures of this size or rate may be more than USB carries
            self._camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if size:
            self._camera.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            self._camera.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        if fps:
            self._camera.set(cv2.CAP_PROP_FPS, fps)

    def _remember(self, node: Path) -> None:
        """Say where the user's wish was not met, and note the path that stays the same under another number."""
        assert self._camera is not None
        found = tuple(round(self._camera.get(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if self.settings.size and found != self.settings.size and self._path is None:
            self.say(f"{self.name}: gives {found[0]}x{found[1]}, not --size (catdog cameras lists what it can do)")
        self._path = self._path or lasting_path(node)
        self.lasting = "edge.capture.camera:Camera", str(self._path)

    def _check(self, node: Path) -> None:
        """Raise the error that says most, before OpenCV fails without a reason."""
        if not node.exists():
            raise self._nowhere([device for device in self._devices() if device.camera])
        verdict = self._ask(node)
        if verdict.problem is not None:
            raise SourceError(self.name, verdict.problem, verdict.remedy)

    def _nowhere(self, cameras: list[Device]) -> SourceError:
        found = ", ".join(f"{device.path} ({device.name})" for device in cameras)
        remedy = "Choose one of these (catdog cameras)" if found else _REMEDY
        return SourceError(self.name, f"there is none. Found: {found or 'no camera at all'}", remedy)

    def _grab(self) -> Image | None:
        assert self._camera is not None
        return self._pictures.retrieve(self.room) if self._camera.grab() else None

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
