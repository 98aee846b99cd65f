"""A Raspberry Pi's ribbon-cable camera: by picamera2 where the system has it, else by the pipe of rpicam-vid."""

import shutil
import subprocess
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, BinaryIO

from edge.capture.mjpeg import Stream
from edge.capture.source import Frame, Settings, Source
from edge.errors import SourceError

PROGRAMS = ("rpicam-vid", "libcamera-vid")  # its name since, and before, Raspberry Pi OS 12
_SIZE, _RATE = (1280, 720), 30.0
_REMEDY = "sudo apt install python3-picamera2, or rpicam-apps; rpicam-hello --list-cameras shows what is there"


def _picamera2() -> ModuleType | None:
    try:
        return import_module("picamera2")
    except ImportError:  # not there, or it does not find its own system libraries
        return None


class Csi(Source):
    """A CSI camera: "csi" for the first one, "csi:1" for the second."""

    live = again = True
    rate = _RATE

    def __init__(
        self,
        text: str,
        library: Callable[[], ModuleType | None] = _picamera2,
        which: Callable[[str], str | None] = shutil.which,
    ) -> None:
        number = text.partition(":")[2] or "0"
        if not (number.isascii() and number.isdigit()):
            raise SourceError(text, "is no camera's number", "Write csi, csi:0 or csi:1")
        self.name, self._number = f"csi:{number}", int(number)
        self._library, self._which = library, which
        self._way: Library | Pipe | None = None

    def open(self) -> None:
        self.rate = self.settings.fps or _RATE
        module = self._library()
        if module is not None:
            self._way = Library(module, self.name, self._number, self.settings)
            return
        program = next((path for name in PROGRAMS if (path := self._which(name))), None)
        if program is None:
            raise SourceError(self.name, "needs picamera2 or rpicam-vid, and neither is installed", _REMEDY)
        self._way = Pipe(program, self.name, self._number, self.settings)

    def read(self) -> Frame | None:
        return None if self._way is None else self._way.read()

    def close(self) -> None:
        if self._way is not None:
            self._way.close()
            self._way = None


class Library:
    """Pictures by picamera2."""

    def __init__(self, module: Any, name: str, number: int, settings: Settings) -> None:
        self._name, self._count = name, 0
        try:
            self._camera = module.Picamera2(number)
            # "RGB888" is what libcamera calls blue, green, red in memory.
            main = {"size": settings.size or _SIZE, "format": "RGB888"}
            rate = {"FrameRate": settings.fps or _RATE}
            self._camera.configure(self._camera.create_video_configuration(main=main, controls=rate))
            self._camera.start()
        except (RuntimeError, IndexError) as fault:  # all that picamera2 raises where there is no camera, or a busy one
            raise SourceError(name, f"cannot be used ({fault})", _REMEDY) from None

    def read(self) -> Frame | None:
        image = self._camera.capture_array("main")
        self._count += 1
        return Frame(image, self._count, time.monotonic(), self._name)

    def close(self) -> None:
        self._camera.close()


class Pipe:
    """Pictures of rpicam-vid, as motion JPEG."""

    def __init__(self, program: str, name: str, number: int, settings: Settings) -> None:
        self._name = name
        self._process = subprocess.Popen(
            command(program, number, settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self._stream = Stream(name, self._output)
        self._stream.open()

    def _output(self) -> BinaryIO:
        assert self._process.stdout is not None
        return self._process.stdout  # type: ignore[return-value]  # a raw stream: only its descriptor is used

    def read(self) -> Frame | None:
        """Return the next frame; its end is a fault, as it was told to go on for ever."""
        try:
            frame = self._stream.read()
        except SourceError:
            frame = None
        if frame is None:
            raise SourceError(self._name, "ended: no camera, or another program uses it", _REMEDY)
        return frame

    def close(self) -> None:
        self._stream.close()
        with self._process:  # which closes its pipe, and waits for its end
            self._process.kill()


def command(program: str, number: int, settings: Settings) -> list[str]:
    """Return the command line that makes rpicam-vid write motion JPEG to its standard output, for ever."""
    width, height = settings.size or _SIZE
    words = ["--timeout", "0", "--nopreview", "--codec", "mjpeg", "--flush", "--camera", str(number)]
    words += ["--width", str(width), "--height", str(height), "--framerate", f"{settings.fps or _RATE:g}"]
    return [program, *words, "--output", "-"]
