"""Motion JPEG as bytes: whole pictures cut out of a stream, whatever stands between them."""

import os
import select
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

import cv2
import numpy as np

from edge.capture.source import Frame, Source
from edge.errors import SourceError

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_CHUNK_BYTES = 1 << 18
_MOST_BYTES = 32_000_000  # of one picture: more is no JPEG


class Cutter:
    """Cuts pictures out of a stream of bytes.

    Looks for a JPEG's first and last marker. Within a picture's data 0xff is always followed by 0 or a restart marker,
    so that its last marker is found by looking for it; a thumbnail in its header has one, too, and is left out by
    walking over the header's segments (ISO/IEC 10918-1, B.1.1).
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._looked = 0  # so much of it has been looked at in vain
        self.torn = 0  # pictures whose end never came

    def feed(self, more: bytes) -> Iterator[bytes]:
        """Take more bytes; yield each picture that they complete."""
        self._bytes += more
        while (picture := self._next()) is not None:
            if picture:
                yield picture
        if len(self._bytes) > _MOST_BYTES:
            del self._bytes[:-2]
            self._looked = 0

    def _next(self) -> bytes | None:
        """Return the next picture; nothing in place of a torn one, None where there is none yet."""
        start = self._bytes.find(_START)
        if start < 0:
            del self._bytes[:-2]  # it may end in the middle of a marker
            return None
        if start:
            del self._bytes[:start]
            self._looked = 0
        begin = max(self._looked, _end_of_header(self._bytes))
        end, next_start = self._bytes.find(_END, begin), self._bytes.find(_START, begin)
        if next_start >= 0 and (end < 0 or next_start < end):  # half a picture, and then another one
            del self._bytes[:next_start]
            self._looked, self.torn = 0, self.torn + 1
            return b""
        if end < 0:
            self._looked = max(begin, len(self._bytes) - 2)
            return None
        picture = bytes(self._bytes[: end + 2])
        del self._bytes[: end + 2]
        self._looked = 0
        return picture


def _end_of_header(picture: bytearray) -> int:
    """Return where the data of a JPEG begin, as far as the header is there."""
    at = 2
    while at + 4 <= len(picture) and picture[at] == 0xFF and 0xC0 <= picture[at + 1] < 0xFF:
        marker, size = picture[at + 1], int.from_bytes(picture[at + 2 : at + 4], "big")
        if marker == 0xD9:
            return at
        at += 2 + size
        if marker == 0xDA:  # start of scan: the data follow
            return at
    return at


class Stream(Source):
    """Pictures from the bytes of what `stream` opens. Half a picture is left out and counted."""

    def __init__(self, name: str, stream: Callable[[], BinaryIO], live: bool = True) -> None:
        self.name, self.live = name, live
        self._make = stream
        self._stream: BinaryIO | None = None
        self._number = 0
        self._waiting: list[bytes] = []

    def open(self) -> None:
        self._stream = self._make()
        self._cutter, self._number, self._waiting = Cutter(), 0, []

    def read(self) -> Frame | None:
        """Return the next picture; None at the end.

        Raises:
            SourceError: there was not one picture in it.
        """
        while True:
            for _ in range(len(self._waiting)):
                image = cv2.imdecode(np.frombuffer(self._waiting.pop(0), np.uint8), cv2.IMREAD_COLOR)
                if image is not None:
                    self._number += 1
                    picture = image.astype(np.uint8, copy=False)
                    return Frame(picture, self._number, time.monotonic(), self.name)
                self.dropped += 1
            if not (more := self._more()):
                break
            torn = self._cutter.torn
            self._waiting += self._cutter.feed(more)
            self.dropped += self._cutter.torn - torn
            if self.live and len(self._waiting) > 1:  # only the newest is worth decoding
                self.dropped += len(self._waiting) - 1
                del self._waiting[:-1]
        if not self._number:
            raise SourceError(self.name, "holds no JPEG pictures", "Send motion JPEG: ffmpeg ... -f mjpeg -")
        return None

    def _more(self) -> bytes:
        """Return what is there, waiting for it; nothing at the end, or when the source was closed."""
        while (stream := self._stream) is not None:
            try:
                # Closing must be heard while nothing comes.
                if stream.fileno() < 0 or select.select([stream], [], [], 0.2)[0]:
                    return os.read(stream.fileno(), _CHUNK_BYTES)
            except (OSError, ValueError):
                break
        return b""

    def close(self) -> None:
        """Read no further. The stream itself is its owner's."""
        self._stream = None
