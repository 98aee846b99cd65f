"""Motion JPEG on standard input: `ffmpeg ... -f mjpeg - | catdog run -`."""

import sys
from typing import BinaryIO

from edge.board import is_file
from edge.capture.mjpeg import Stream
from edge.errors import SourceError


class Stdin(Stream):
    """The pictures on standard input: of a pipe the newest, of a file all."""

    def __init__(self, _text: str = "-") -> None:
        super().__init__("standard input", _stdin, live=not is_file(sys.stdin))


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        remedy = "Pipe motion JPEG into it: ffmpeg ... -f mjpeg - | catdog run -"
        raise SourceError("standard input", "has no pictures to read", remedy)
    return sys.stdin.buffer
