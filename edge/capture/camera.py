"""A camera of this machine, by number, path or name."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge.capture.devices import DEV, Device, Verdict, lasting_path, list_devices, probe
from edge.capture.quiet import hush
from edge.capture.source import Frame
from edge.capture.video import Captured
from edge.errors import SourceError, printable

NAMED = "camera:"
_REMEDY = "Plug one in, or run catdog run demo"


class Camera(Captured):
    """The pictures of a camera.

    `text` is its number, the path of its device (a link such as those in /dev/v4l/by-id is followed), or "camera:" and
    a part of its name.
    """

    live = again = True

    def __init__(
        self,
        text: str,
        capture: Callable[..., cv2.VideoCapture] = cv2.VideoCapture,
        ask: Callable[[Path], Verdict] = probe,
        devices: Callable[[], list[Device]] = list_devices,
    ) -> None:
        super().__init__(f"camera {text}" if text.isdigit() else printable(text))
        self._path: Path | None = None  # where it is found again when it comes back under another number
        self._text, self._capture, self._ask, self._devices = text, capture, ask, devices

    def open(self) -> None:
        hush()
        linux = sys.platform == "linux"
        node = self._node()
        if linux:
            self._check(node)
        where = str(node.resolve()) if linux else int(self._text)
        camera = self._capture(where, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
        self._set(camera)
        if not self._begin(camera):
            raise SourceError(self.name, "opens but delivers no picture", "Unplug it, plug it in again, or try another")
        self.rate = self._live_rate()
        self._remember(node)

    def _node(self) -> Path:
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

    def _set(self, camera: cv2.VideoCapture) -> None:
        """Ask for what the user wants; a camera takes what comes nearest of what it can do."""
        size, fps = self.settings.size, self.settings.fps
        if size or fps:  # raw pictures of this size or rate may be more than USB carries
            camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if size:
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        if fps:
            camera.set(cv2.CAP_PROP_FPS, fps)

    def _remember(self, node: Path) -> None:
        """Say where the user's wish was not met, and note the path that stays the same under another number."""
        found = tuple(round(self._stated(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
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

    def read(self) -> Frame | None:
        if self._video is None:
            return None
        image = self._next()
        if image is None:
            wrong = f"stopped delivering after {self._number} frames"
            raise SourceError(self.name, wrong, "Check its cable, then start again")
        return Frame(image, self._number, time.monotonic(), self.name)
