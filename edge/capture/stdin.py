"""Motion JPEG on standard input: `ffmpeg ... -f mjpeg - | catdog run -`."""

import stat
import sys
from os import fstat
from typing import BinaryIO

from edge.capture.mjpeg import Stream
from edge.errors import SourceError


class Stdin(Stream):
    """The pictures on standard input: of a pipe the newest, of a file all."""

    def __init__(self, _text: str = "-") -> None:
        super().__init__("standard input", _stdin, live=not _is_file())


def _is_file() -> bool:
    try:
        return sys.stdin is not None and stat.S_ISREG(fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        remedy = "Pipe motion JPEG into it: ffmpeg ... -f mjpeg - | catdog run -"
        raise SourceError("standard input", "has no pictures to read", remedy)
    return sys.stdin.buffer
