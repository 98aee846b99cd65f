"""A network camera or stream: RTSP, MJPEG over HTTP, HLS or what else FFmpeg opens by an address."""

import re
import time

import cv2

from edge.capture.quiet import hush
from edge.capture.source import Frame
from edge.capture.video import Captured
from edge.errors import SourceError, printable

# With their ports; 0 where an address must name its own.
SCHEMES = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
SCHEMES |= dict.fromkeys(("tcp", "udp", "rtp", "srt"), 0)
_OPENING = 2.0  # times the time-out: a stream over weak Wi-Fi needs a few seconds until its first key frame
_AHEAD_S = 15.0  # more than a segment of HLS: what is further ahead of its time has jumped


def redact(url: str) -> str:
    """Return an address as it may be shown: without user, password, query and `name=value` parts of its path.

    Errs on the safe side: everything up to the last "@" goes, as a password may hold any other character.
    """
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    rest = rest.rpartition("@")[2]
    rest = re.sub(r"[?#].*", "?...", rest, flags=re.DOTALL)
    return printable(scheme + separator + re.sub(r"[^/]*=[^/]*", "...", rest))


class Network(Captured):
    """A stream at an address, with user and password where the camera asks for them.

    One that states its length is a recording: every frame of it counts.
    """

    again = True

    def __init__(self, text: str) -> None:
        super().__init__(redact(text))
        scheme = text.partition("://")[0].lower()
        if scheme not in SCHEMES:
            known = ", ".join(f"{name}://" for name in SCHEMES)
            raise SourceError(self.name, "has an unknown scheme", f"Use one of {known}")
        if not text.isprintable():  # control characters would reach the server; surrogates crash OpenCV
            raise SourceError(self.name, "holds characters that no address may hold", "Write them as %XX")
        self._url = scheme + text[len(scheme) :]
        self._segments = ".m3u8" in text.lower()
        self._began_s = 0.0

    def open(self) -> None:
        hush()
        read_s = self.settings.timeout_s
        open_ms, read_ms = round(_OPENING * read_s * 1000), round(read_s * 1000)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, open_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, read_ms]
        started = time.monotonic()
        if not self._begin(cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, limits)):
            raise self._fault(time.monotonic() - started)
        self.live, self.rate = self._stated(cv2.CAP_PROP_FRAME_COUNT) < 1, self._live_rate()
        self._began_s = time.monotonic() - self._position_s()

    def _fault(self, waited_s: float) -> SourceError:
        """Say why the stream did not open, asking its server once more in a plain way."""
        from edge.capture.diagnose import diagnose

        timeout_s = self.settings.timeout_s
        return SourceError(self.name, *diagnose(self._url, min(timeout_s, 3.0), waited_s >= timeout_s))

    def read(self) -> Frame | None:
        """Return the next frame; None at the end of a recording. A live stream has no end but a fault."""
        started = time.monotonic()
        image = self._next()
        if image is None:
            if self._video is None or not self.live:
                return None
            raise self._loss(time.monotonic() - started)
        if self.live and self._segments:
            self._wait()
        return Frame(image, self._number, time.monotonic(), self.name, None if self.live else self._position_s())

    def _wait(self) -> None:
        """Wait until a picture is due: HLS comes in segments of some seconds, as fast as the network carries them."""
        due_s, now_s = self._began_s + self._position_s(), time.monotonic()
        if not now_s - _AHEAD_S < due_s < now_s + _AHEAD_S:
            self._began_s += now_s - due_s
        elif due_s > now_s:
            time.sleep(due_s - now_s)

    def _loss(self, waited_s: float) -> SourceError:
        timeout_s = self.settings.timeout_s
        if self._number == 1 and waited_s < timeout_s:
            return SourceError(self.name, "is a single picture, not a stream", "Give the address of the stream")
        wrong = f"sent nothing for {waited_s:.0f} s" if waited_s >= timeout_s * 0.9 else "ended"
        return SourceError(self.name, f"{wrong} after {self._number} frames", "Check the camera and the network")
