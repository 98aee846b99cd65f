"""A network camera or stream: anything that FFmpeg opens by http(s) or rtsp(s)."""

import re
import time

import cv2

from edge.capture.quiet import hush
from edge.capture.source import DEFAULT_RATE, Frame, Source
from edge.errors import SourceError, printable
from edge.fit import Image

SCHEMES = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
OPEN_TIMEOUT_S = 10.0  # FFmpeg's own default is 30; a stream over weak Wi-Fi needs a few until its first key frame
READ_TIMEOUT_S = 5.0


def redact(url: str) -> str:
    """Return an address as it may be shown: without user, password, query and `name=value` parts of its path.

    Errs on the safe side: everything up to the last "@" goes, as a password may hold any other character.
    """
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    rest = rest.rpartition("@")[2]
    rest = re.sub(r"[?#].*", "?...", rest, flags=re.DOTALL)
    return printable(scheme + separator + re.sub(r"[^/]*=[^/]*", "...", rest))


class Network(Source):
    """A stream at an address. One that states its length is a recording: every frame of it counts.

    Args:
        text: its URL, with user and password where the camera asks for them.
        open_timeout_s: how long to wait for the first picture.
        read_timeout_s: how long to wait for each further one.
    """

    def __init__(
        self, text: str, open_timeout_s: float = OPEN_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self.name = redact(text)
        scheme = text.partition("://")[0].lower()
        if scheme not in SCHEMES:
            known = ", ".join(f"{name}://" for name in SCHEMES)
            raise SourceError(self.name, "has an unknown scheme", f"Use one of {known}")
        if not text.isprintable():  # control characters would reach the server; surrogates crash OpenCV
            raise SourceError(self.name, "holds characters that no address may hold", "Write them as %XX")
        self._url = scheme + text[len(scheme) :]
        self._timeouts_s = open_timeout_s, read_timeout_s
        self._stream: cv2.VideoCapture | None = None
        self._length = 0
        self._number = 0

    def open(self) -> None:
        """Connect and wait for the first picture."""
        hush()
        open_ms, read_ms = (round(seconds * 1000) for seconds in self._timeouts_s)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, open_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, read_ms]
        started = time.monotonic()
        self._stream = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, limits)
        if not (self._stream.isOpened() and self._stream.grab()):
            self.close()
            raise self._fault(time.monotonic() - started)
        self._length = int(self._stream.get(cv2.CAP_PROP_FRAME_COUNT))
        self.live = self._length <= 0
        rate = self._stream.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 240 else DEFAULT_RATE
        self._number = 0

    def _fault(self, waited_s: float) -> SourceError:
        """Say why the stream did not open, asking its server once more in a plain way."""
        from edge.capture.diagnose import diagnose

        silent = waited_s >= min(self._timeouts_s)
        return SourceError(self.name, *diagnose(self._url, min(self._timeouts_s[0], 3.0), silent))

    def read(self) -> Frame | None:
        """Return the next frame; None at the end of a recording. A live stream has no end but a fault."""
        if self._stream is None:
            return None
        started = time.monotonic()
        # The first picture has been grabbed by `open`.
        grabbed = self._number == 0 or self._stream.grab()
        decoded, image = self._stream.retrieve() if grabbed else (False, None)
        if not decoded:
            if not self.live:
                return None
            raise self._loss(time.monotonic() - started)
        self._number += 1
        position_s = None if self.live else max(0.0, self._stream.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        picture: Image = image  # type: ignore[assignment]  # uint8, BGR: what CONVERT_RGB, the default, means
        return Frame(picture, self._number, time.monotonic(), self.name, position_s)

    def _loss(self, waited_s: float) -> SourceError:
        """Say how the stream was lost."""
        if self._number == 1 and waited_s < self._timeouts_s[1]:
            return SourceError(self.name, "is a single picture, not a stream", "Give the address of the stream")
        wrong = f"sent nothing for {waited_s:.0f} s" if waited_s >= self._timeouts_s[1] * 0.9 else "ended"
        return SourceError(self.name, f"{wrong} after {self._number} frames", "Check the camera and the network")

    def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.release()
            self._stream = None
