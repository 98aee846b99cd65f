"""A video file: every frame, as fast as it can be decoded."""

import stat
import time
from pathlib import Path

import cv2

from edge.capture.network import redact
from edge.capture.quiet import hush
from edge.capture.source import DEFAULT_RATE, Frame, opencv_can_name
from edge.capture.video import Captured
from edge.errors import SourceError, printable

# FFmpeg draws files with these names as text art (the "tty" demuxer's list), which is nobody's video.
_TEXT = frozenset({".ans", ".art", ".asc", ".diz", ".ice", ".nfo", ".txt", ".vt"})
_REMEDY = "Give a video such as clip.mp4, a folder of photos, a camera or a URL (catdog run --help)"


class File(Captured):
    """The frames of a video file; `text` is its path."""

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))
        self.path = Path(text)

    def open(self) -> None:
        self._check()
        hush()
        # Absolute: "holiday:1.mp4" would be taken for a protocol.
        if not self._begin(cv2.VideoCapture(str(self.path.absolute()), cv2.CAP_FFMPEG)):
            raise SourceError(self.path, "is no video that can be decoded, or a damaged one", _REMEDY)
        rate = self._stated(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate <= 1000 else DEFAULT_RATE

    def _check(self) -> None:
        try:
            regular = stat.S_ISREG(self.path.stat().st_mode)
            if regular:  # opening a pipe would wait for its writer
                with self.path.open("rb") as file:
                    empty = not file.read(1)
        except FileNotFoundError:
            raise SourceError(redact(self.name), "there is no such file, camera or address", _REMEDY) from None
        except OSError as fault:
            raise SourceError(self.path, f"cannot be read ({fault.strerror})", "Check its permissions") from None
        if not regular:
            raise SourceError(self.path, "is neither a file nor a folder", _REMEDY)
        if empty:
            raise SourceError(self.path, "is empty", "Copy it again")
        if self.path.suffix.lower() in _TEXT:
            raise SourceError(self.path, "is text, not a video", _REMEDY)
        if not opencv_can_name(self.path.absolute()):
            raise SourceError(self.path, "has a name that OpenCV cannot open", "Rename it")

    def read(self) -> Frame | None:
        image = self._next()
        if image is None:
            return None
        return Frame(image, self._number, time.monotonic(), self.name, self._position_s())
